// The chat in the browser, on its own page and inside other sites: no framework, no build step, nothing from elsewhere.
//
//   <script src="https://chat.example/chat/causeway-chat.js" data-channel="shop" async></script>
//
// Everything that people wrote is put into the document as text, never as markup.
(() => {
"use strict";

// ---- Words ---------------------------------------------------------------------------------------------------------------------------

const TEXTS = {
  en: {
    title: "Chat", open: "Open chat", close: "Close chat window", welcome: "How can we help?", hint: "Write a message to begin.",
    message: "Message", placeholder: "Write a message", send: "Send", attach: "Attach files", remove: "Remove {name}",
    messages: "Conversation", you: "You", agent: "Agent", typing: "{name} is typing", unread: "{count} unread",
    sending: "Sending", waiting: "Not sent yet. Trying again.", sent: "Sent", seen: "Seen", failed: "Not sent.", again: "Send again",
    offline: "No connection. What you write is kept and sent when it is back.",
    busy: "The service does not answer. What you write is kept and sent when it does.",
    refused: "The chat cannot be used on this site. Its address is not among the origins in the chat's settings.",
    tooLong: "{count} characters too many.", left: "{count} characters left",
    tooManyFiles: "At most {count} files in one message. The others were left out.",
    tooLarge: "{name} is larger than {size} and was left out.", wrongType: "{name} is of a kind that is not taken and was left out.",
    lost: "The file could not be sent.", fetchFailed: "The file could not be fetched. Try again.", uploading: "Sending {name}", download: "Download {name}, {size}", drop: "Drop files to attach them",
    choices: "Choices", chosen: "chosen", newTab: "opens in a new tab",
    end: "End chat", endTitle: "End this conversation?", endText: "The agent is told, and no more can be written in it.", endYes: "End chat", endNo: "Go on",
    endFailed: "The conversation could not be ended. Try again.",
    endedByContact: "You ended the conversation.", endedByAgent: "The agent ended the conversation.", over: "This conversation has ended.",
    forgotten: "The earlier conversation is no longer kept.", begin: "New conversation", today: "Today", yesterday: "Yesterday",
  },
  de: {
    title: "Chat", open: "Chat öffnen", close: "Chatfenster schließen", welcome: "Wie können wir helfen?", hint: "Schreiben Sie eine Nachricht, um zu beginnen.",
    message: "Nachricht", placeholder: "Nachricht schreiben", send: "Senden", attach: "Dateien anhängen", remove: "{name} entfernen",
    messages: "Unterhaltung", you: "Sie", agent: "Berater", typing: "{name} schreibt", unread: "{count} ungelesen",
    sending: "Wird gesendet", waiting: "Noch nicht gesendet. Wird wiederholt.", sent: "Gesendet", seen: "Gesehen", failed: "Nicht gesendet.", again: "Erneut senden",
    offline: "Keine Verbindung. Was Sie schreiben, bleibt erhalten und wird danach gesendet.",
    busy: "Der Dienst antwortet nicht. Was Sie schreiben, bleibt erhalten und wird danach gesendet.",
    refused: "Der Chat kann auf dieser Seite nicht benutzt werden. Ihre Adresse fehlt unter den erlaubten Adressen in den Einstellungen.",
    tooLong: "{count} Zeichen zu viel.", left: "Noch {count} Zeichen",
    tooManyFiles: "Höchstens {count} Dateien in einer Nachricht. Die übrigen wurden weggelassen.",
    tooLarge: "{name} ist größer als {size} und wurde weggelassen.", wrongType: "{name} ist von einer Art, die nicht angenommen wird, und wurde weggelassen.",
    lost: "Die Datei konnte nicht gesendet werden.", fetchFailed: "Die Datei konnte nicht geholt werden. Versuchen Sie es erneut.", uploading: "{name} wird gesendet", download: "{name} herunterladen, {size}", drop: "Dateien hier ablegen",
    choices: "Auswahl", chosen: "gewählt", newTab: "öffnet in neuem Tab",
    end: "Beenden", endTitle: "Unterhaltung beenden?", endText: "Der Berater erfährt davon, und es kann nichts mehr geschrieben werden.", endYes: "Beenden", endNo: "Fortsetzen",
    endFailed: "Die Unterhaltung konnte nicht beendet werden. Versuchen Sie es erneut.",
    endedByContact: "Sie haben die Unterhaltung beendet.", endedByAgent: "Der Berater hat die Unterhaltung beendet.", over: "Diese Unterhaltung ist beendet.",
    forgotten: "Die frühere Unterhaltung ist nicht mehr gespeichert.", begin: "Neue Unterhaltung", today: "Heute", yesterday: "Gestern",
  },
};
const RIGHT_TO_LEFT = ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku", "ps", "sd", "ug", "ur", "yi"];

const ICONS = {
  chat: ["M21 11.5a8.4 8.4 0 0 1-8.5 8.4 8.7 8.7 0 0 1-3.8-.9L3 21l1.9-5.6a8.2 8.2 0 0 1-.9-3.9 8.4 8.4 0 0 1 8.5-8.4A8.4 8.4 0 0 1 21 11.5z"],
  close: ["M6 6l12 12", "M18 6L6 18"], down: ["M5 9l7 7 7-7"],
  send: ["M4 12l16-8-6 16-3-7z", "M11 13l9-9"],
  attach: ["M20.5 11.5l-8.6 8.6a5.5 5.5 0 0 1-7.8-7.8l8.6-8.6a3.7 3.7 0 0 1 5.2 5.2l-8.6 8.6a1.8 1.8 0 0 1-2.6-2.6l8-7.9"],
  file: ["M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8z", "M14 3v5h5"],
  clock: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 7v5l3 2"], check: ["M5 12.5l4.5 4.5L19 7.5"], checks: ["M2 12.5L6.5 17 15 8", "M11.5 16l1 1L21.5 8"],
  alert: ["M12 8.5V13", "M12 16.5v.01", "M10.3 4.2L2.5 17.5a2 2 0 0 0 1.7 3h15.6a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0z"],
};

// ---- Building the document -----------------------------------------------------------------------------------------------------------

/** An element with attributes and children; texts become text nodes. `null` attributes and children are left out. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const line of ICONS[name]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}

/** A URL that may be linked, or null: nothing but http and https. */
function webURL(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch { return null; }
}

/** A text with its web addresses as links. */
function linked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"'`]+/g)) {
    const address = match[0].replace(/[.,;:!?)\]}»”’]+$/, "");
    const url = webURL(address);
    if (!url) continue;
    parts.push(text.slice(end, match.index), make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, address));
    end = match.index + address.length;
  }
  parts.push(text.slice(end));
  return parts;
}

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, "0")).join("");
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// ---- Talking to the server -----------------------------------------------------------------------------------------------------------

/** What the server or the network said instead of an answer. `status` 0: nothing was heard. */
class Failure extends Error {
  constructor(status, kind = "", wait = 0) {
    super(`${status} ${kind}`);
    this.status = status;
    this.kind = kind;
    this.wait = wait;
  }
  /** Whether the same request may succeed later. */
  get isTransient() { return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500; }
}

/** What is remembered in this browser, or, where it keeps nothing, in this window. */
class Memory {
  constructor(prefix) {
    this.prefix = prefix;
    this.own = new Map();
  }
  get(key) {
    try { return JSON.parse(localStorage.getItem(this.prefix + key)); } catch { return this.own.get(key) ?? null; }
  }
  set(key, value) {
    this.own.set(key, value);
    try { localStorage.setItem(this.prefix + key, JSON.stringify(value)); } catch { /* this window remembers */ }
  }
  remove(key) {
    this.own.delete(key);
    try { localStorage.removeItem(this.prefix + key); } catch { /* nothing was kept */ }
  }
  /** The values whose keys begin so. */
  all(start) {
    const keys = [];
    try { for (let i = 0; i < localStorage.length; i++) keys.push(localStorage.key(i)); } catch { return [...this.own].filter(([key]) => key.startsWith(start)).map(([, value]) => value); }
    return keys.filter((key) => key?.startsWith(this.prefix + start)).map((key) => this.get(key.slice(this.prefix.length))).filter(Boolean);
  }
}

class Service {
  constructor(root, memory, facts) {
    this.root = root;
    this.memory = memory;
    this.facts = facts;
    this.beginning = null;
  }
  get session() { return this.memory.get("session"); }

  async call(method, path, { body, type, token, signal, milliseconds = 20000 } = {}) {
    const headers = {};
    if (token) headers.Authorization = "Bearer " + token;
    if (body !== undefined) headers["Content-Type"] = type ?? "application/json";
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), milliseconds);
    const stop = () => limit.abort();
    signal?.addEventListener("abort", stop);
    let answer;
    try {
      answer = await fetch(this.root + path, { method, headers, body: body === undefined || type ? body : JSON.stringify(body), signal: limit.signal, credentials: "omit", cache: "no-store", redirect: "error" });
      if (answer.ok) return path.startsWith("/files/") ? await answer.blob() : answer.status === 204 ? null : await answer.json();
    } catch {
      throw new Failure(0);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
    throw await this.failure(answer);
  }

  async failure(answer) {
    let kind = "";
    try { kind = String((await answer.json()).type ?? "").split(":").pop(); } catch { /* a server in between */ }
    return new Failure(answer.status, kind, Number(answer.headers.get("Retry-After") ?? 0) * 1000);
  }

  configuration() { return this.call("GET", "/config"); }

  /** Begins a conversation or goes on with the one remembered; one call at a time. */
  begin(isNew = false) {
    this.beginning ??= (async () => {
      try {
        const before = this.session;
        const answer = await this.call("POST", "/sessions", { body: { ...this.facts, new: isNew }, token: before?.token });
        const session = { token: answer.token, thread: answer.thread, until: Date.now() + answer.expiresIn * 1000, life: answer.expiresIn * 1000 };
        this.memory.set("session", session);
        return { ...answer, isOther: before !== null && before.thread !== answer.thread };
      } finally { this.beginning = null; }
    })();
    return this.beginning;
  }

  /** A call within the session, renewed in time, and once more when the server finds it too old. */
  async ask(method, path, options = {}) {
    if (!this.session) await this.begin();
    else if (this.session.until - Date.now() < Math.min(60000, this.session.life / 5)) await this.begin();
    try {
      return await this.call(method, path, { ...options, token: this.session.token });
    } catch (failure) {
      if (failure.status !== 401) throw failure;
      const thread = this.session?.thread;
      await this.begin();
      if (this.session.thread !== thread) throw new Failure(410, "gone");
      return await this.call(method, path, { ...options, token: this.session.token });
    }
  }

  /** Sends a file and tells how far it is, from 0 to 1. */
  async upload(file, progress) {
    if (!this.session) await this.begin();
    return new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${this.root}/files?name=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Authorization", "Bearer " + this.session.token);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.timeout = 120000;
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onload = () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { /* told by the status */ }
        if (request.status === 201) done(answer);
        else failed(new Failure(request.status, String(answer.type ?? "").split(":").pop(), Number(request.getResponseHeader("Retry-After") ?? 0) * 1000));
      };
      request.onerror = request.ontimeout = () => failed(new Failure(0));
      request.send(file);
    });
  }

  /** Tells that this window goes away; the browser sends it even then. */
  leave(tab) {
    if (this.session) navigator.sendBeacon(this.root + "/leave", JSON.stringify({ token: this.session.token, tab }));
  }
}

// ---- The conversation ----------------------------------------------------------------------------------------------------------------

/** What was said and what is to be sent, without any display. `view` is told of everything. */
class Conversation {
  constructor(service, memory) {
    this.service = service;
    this.memory = memory;
    this.view = null;
    this.tab = random();
    this.after = 0;
    this.typing = false;
    this.ended = null;
    this.entries = new Map();
    this.outgoing = [];
    this.marks = { delivered: 0, seen: 0 };
    this.reported = { delivered: 0, seen: 0 };
    this.failures = 0;
    this.generation = 0;
    this.isSending = false;
    this.wakers = new Set();
    this.lastTyped = 0;
  }

  /** Goes on with what this browser remembers, if anything. */
  resume() {
    for (const message of this.memory.all("out:")) this.enqueue(message, true);
    if (this.service.session) this.listen();
    else if (this.outgoing.length > 0) this.deliver();
    this.view.update();
  }

  get isBegun() { return this.service.session !== null || this.entries.size > 0 || this.outgoing.length > 0; }

  // Waiting that ends early when the network is back or the window is shown again.
  async rest(milliseconds) {
    await new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      this.wakers.add(() => { clearTimeout(timer); done(); });
    });
  }
  wake() {
    for (const waker of this.wakers) waker();
    this.wakers.clear();
  }

  heard() {
    if (this.failures > 0) { this.failures = 0; this.view.showConnection(null); this.wake(); }
  }
  missed(failure) {
    this.failures += 1;
    this.view.showConnection(failure.status === 403 ? "refused" : failure.status === 0 ? "offline" : "busy");
    return Math.max(failure.wait, Math.min(30000, 500 * 2 ** Math.min(this.failures, 6)) * (0.75 + Math.random() / 2));
  }

  // What comes in

  async listen() {
    const generation = ++this.generation;
    while (generation === this.generation && this.service.session) {
      try {
        const wait = this.failures > 0 ? 0 : 25000;
        const answer = await this.service.ask("GET", `/messages?after=${this.after}&wait=${wait}&typing=${this.typing ? 1 : 0}&tab=${this.tab}`, { milliseconds: 45000 });
        if (generation !== this.generation) return;
        this.heard();
        if (answer === null) continue;
        this.take(answer);
        if (this.ended) { this.reportMarks(); return; }
        // A server that cannot hold a request answers at once.
        if (answer.entries.length === 0) await this.rest(200);
      } catch (failure) {
        if (generation !== this.generation) return;
        if (failure.status === 410 || (failure.status === 401)) return this.forget();
        await this.rest(this.missed(failure));
      }
    }
  }

  take(answer) {
    const before = this.after;
    for (const entry of answer.entries) {
      if (this.entries.has(entry.number)) continue;
      this.entries.set(entry.number, entry);
      this.after = Math.max(this.after, entry.number);
      if (entry.from === "contact") this.settle(entry.id);
      this.view.show(entry, before > 0);
    }
    this.typing = answer.typing;
    if (answer.ended && !this.ended) { this.ended = answer.ended; this.failOutgoing(); }
    this.view.update();
    this.mark();
  }

  /** The server no longer knows the conversation. */
  forget() {
    this.generation += 1;
    this.memory.remove("session");
    if (this.entries.size > 0) { this.ended = "forgotten"; this.failOutgoing(); } else if (this.outgoing.length > 0) this.deliver();
    this.view.update();
  }

  startOver() {
    this.generation += 1;
    this.entries.clear();
    for (const message of this.outgoing) this.memory.remove("out:" + message.id);
    this.outgoing = [];
    this.after = 0;
    this.typing = false;
    this.ended = null;
    this.marks = { delivered: 0, seen: 0 };
    this.reported = { delivered: 0, seen: 0 };
    this.mustBeNew = true;
    this.view.clear();
    this.view.update();
  }

  /** Another window of this browser began a conversation, or ended the old one. */
  follow() {
    const thread = this.service.session?.thread;
    if (!thread || thread === this.thread) return;
    this.generation += 1;
    this.entries.clear();
    this.outgoing = this.outgoing.filter((message) => message.thread === undefined);
    this.after = 0;
    this.ended = null;
    this.mustBeNew = false;
    this.thread = thread;
    this.reported = { delivered: 0, seen: 0 };
    this.marks = { delivered: 0, seen: 0 };
    this.view.clear();
    this.listen();
  }

  // Marks

  mark() {
    const last = Math.max(0, ...[...this.entries.values()].filter((entry) => entry.from === "agent" && !entry.event).map((entry) => entry.number));
    this.marks.delivered = Math.max(this.marks.delivered, last);
    if (this.view.isWatched) this.marks.seen = Math.max(this.marks.seen, last);
    this.view.showUnread([...this.entries.values()].filter((entry) => entry.from === "agent" && !entry.event && entry.number > this.marks.seen).length);
    this.reportMarks();
  }

  async reportMarks() {
    if (this.isReporting || !this.service.session) return;
    this.isReporting = true;
    try {
      while (this.marks.delivered > this.reported.delivered || this.marks.seen > this.reported.seen) {
        const marks = { ...this.marks };
        try {
          await this.service.ask("POST", "/read", { body: marks });
          this.reported = marks;
        } catch (failure) {
          if (!failure.isTransient) return;
          await this.rest(Math.max(failure.wait, 3000));
        }
      }
    } finally { this.isReporting = false; }
  }

  // What goes out

  /** @param content `text`, `choice` {title, value}, `files` (uploaded, each {id, name, type, size}), `blobs` (to be uploaded). */
  say(content) {
    const message = { id: random(), occurred: Date.now(), ...content };
    this.enqueue(message, false);
    this.stopTyping();
    this.deliver();
  }

  enqueue(message, isOld) {
    this.outgoing.push(message);
    this.keep(message);
    this.view.showOutgoing(message, !isOld);
    this.view.update();
  }

  /** Files themselves cannot be kept beyond this window; a message that still has some is not kept either. */
  keep(message) {
    if (message.blobs?.length) return;
    const { id, occurred, text, choice, files, thread } = message;
    this.memory.set("out:" + id, { id, occurred, text, choice, files, thread });
  }

  settle(id) {
    this.memory.remove("out:" + id);
    this.outgoing = this.outgoing.filter((message) => message.id !== id);
  }

  failOutgoing() {
    for (const message of this.outgoing) { this.memory.remove("out:" + message.id); message.state = "failed"; this.view.mark(message); }
    this.outgoing = [];
  }

  retry(message) {
    message.state = "sending";
    this.outgoing.push(message);
    this.keep(message);
    this.view.mark(message);
    this.deliver();
  }

  /** Sends one after the other, each until it is taken or can never be. */
  async deliver() {
    if (this.isSending) return;
    this.isSending = true;
    try {
      while (this.outgoing.length > 0) {
        const message = this.outgoing[0];
        try {
          if (!this.service.session || this.mustBeNew) await this.begin();
          message.thread ??= this.service.session.thread;
          await this.uploadFiles(message);
          const body = { id: message.id, text: message.text, choice: message.choice, files: message.files?.map((file) => file.id) };
          const answer = await this.service.ask("POST", "/messages", { body });
          this.heard();
          this.settle(message.id);
          message.state = "sent";
          message.number = answer.number;
          this.view.mark(message);
        } catch (failure) {
          if (failure.status === 410) { this.memory.remove("session"); this.mustBeNew = true; if (this.entries.size > 0) { this.forget(); return; } continue; }
          if (failure instanceof Failure && failure.isTransient) {
            message.state = "waiting";
            this.view.mark(message);
            await this.rest(this.missed(failure));
            continue;
          }
          this.settle(message.id);
          message.state = "failed";
          message.reason = failure.kind;
          this.view.mark(message);
          if (failure.kind === "ended") { this.ended ??= "over"; this.view.update(); }
          if (failure.status === 403) this.missed(failure);
        }
      }
    } finally { this.isSending = false; }
  }

  async begin() {
    const session = await this.service.begin(this.mustBeNew === true);
    this.mustBeNew = false;
    this.thread = session.thread;
    this.heard();
    this.listen();
  }

  async uploadFiles(message) {
    while (message.blobs?.length) {
      const blob = message.blobs[0];
      const file = await this.service.upload(blob.file, (share) => this.view.showProgress(message, blob, share));
      blob.id = file.id;
      (message.files ??= []).push(file);
      message.blobs.shift();
      this.view.showProgress(message, blob, 1);
    }
    this.keep(message);
  }

  // Typing and ending

  typed() {
    const now = Date.now();
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => this.stopTyping(), 5000);
    if (!this.service.session || this.ended || now - this.lastTyped < 4000) return;
    this.lastTyped = now;
    this.service.ask("POST", "/typing", { body: { on: true } }).catch(() => {});
  }
  stopTyping() {
    clearTimeout(this.typingTimer);
    if (this.lastTyped === 0 || !this.service.session) return;
    this.lastTyped = 0;
    this.service.ask("POST", "/typing", { body: { on: false } }).catch(() => {});
  }

  /** Whether the server took it. */
  async end() {
    if (!this.service.session) { this.startOver(); return true; }
    try {
      await this.service.ask("POST", "/end", {});
      return true;
    } catch (failure) {
      if (failure.status === 410) { this.forget(); return true; }
      return false;
    }
  }
}

// ---- The display ---------------------------------------------------------------------------------------------------------------------

class View {
  /** @param host The element that holds the shadow root. */
  constructor(host, conversation, options) {
    this.conversation = conversation;
    this.options = options;
    this.limits = { text: 4000, files: 10, fileOctets: 10485760, types: [] };
    this.picked = [];
    this.bubbles = new Map();
    this.isOpen = options.isPage;
    this.root = host.attachShadow({ mode: "open" });
    if (options.isPage) host.dataset.page = "";
    const sheet = make("link", { rel: "stylesheet", href: options.style });
    this.body = make("div", { class: "frame", lang: options.language, dir: options.direction });
    this.body.hidden = true;
    // Nothing is shown without its style, unless the style never comes.
    sheet.onload = sheet.onerror = () => { this.body.hidden = false; if (this.isOpen) this.focus(); };
    this.root.append(sheet, this.body);
    this.host = host;
    this.build();
    document.addEventListener("visibilitychange", () => this.watched());
    addEventListener("focus", () => this.watched());
  }

  text(name, values = {}) {
    const words = this.options.words(name);
    return words.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  }

  get isWatched() { return this.isOpen && document.visibilityState === "visible"; }
  watched() {
    this.conversation.wake();
    if (this.isWatched) this.conversation.mark();
  }

  // Building

  build() {
    const { isPage } = this.options;
    this.title = make("h1", { id: "title" }, this.options.title ?? this.text("title"));
    this.status = make("p", { role: "status" });
    this.endButton = make("button", { type: "button", class: "text-button", onclick: () => this.askToEnd() }, this.text("end"));
    const close = isPage ? null : make("button", { type: "button", class: "icon", "aria-label": this.text("close"), title: this.text("close"), onclick: () => this.close() }, icon("down"));
    this.banner = make("div", { class: "banner", role: "status", hidden: true });
    this.list = make("ol", {});
    this.log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": this.text("messages"), tabindex: "0" }, this.list);
    this.typingLine = make("div", { class: "typing" });
    this.chat = make("section", isPage ? { class: "chat", "aria-labelledby": "title" } : { class: "chat window", role: "dialog", "aria-labelledby": "title", id: "window", hidden: true },
      make("header", { class: "head" }, make("div", { class: "titles" }, this.title, this.status), this.endButton, close),
      this.banner, this.log, this.typingLine, this.composer(), this.confirmation());
    this.body.append(this.chat);
    if (!isPage) {
      this.badge = make("span", { class: "badge", hidden: true });
      this.launcherName = make("span", { class: "hidden" }, this.text("open"));
      this.launcher = make("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "window", onclick: () => this.open() },
        icon("chat"), this.launcherName, this.badge);
      this.body.append(this.launcher);
      this.chat.addEventListener("keydown", (event) => { if (event.key === "Escape" && !this.dialog.open) { event.stopPropagation(); this.close(); } });
    }
    this.acceptDrops();
    this.clear();
  }

  composer() {
    this.input = make("textarea", {
      id: "message", rows: "1", dir: "auto", placeholder: this.text("placeholder"), "aria-describedby": "hint", enterkeyhint: "send", autocomplete: "off",
      oninput: () => this.typed(), onkeydown: (event) => this.pressed(event), onpaste: (event) => this.pasted(event),
    });
    this.chooser = make("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", onchange: () => { this.pick(this.chooser.files); this.chooser.value = ""; } });
    this.attachButton = make("button", { type: "button", class: "icon", "aria-label": this.text("attach"), title: this.text("attach"), onclick: () => this.chooser.click() }, icon("attach"));
    this.sendButton = make("button", { type: "submit", class: "icon send flip", "aria-label": this.text("send"), title: this.text("send") }, icon("send"));
    this.hint = make("p", { class: "hint", id: "hint", role: "status", hidden: true });
    this.pickedList = make("ul", { class: "picked", hidden: true });
    this.form = make("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.send(); } },
      this.pickedList,
      make("div", { class: "row" }, this.attachButton,
        make("div", { class: "field" }, make("label", { class: "hidden", for: "message" }, this.text("message")), this.input), this.sendButton),
      this.hint, this.chooser);
    this.over = make("div", { class: "composer over", hidden: true });
    return make("div", {}, this.form, this.over);
  }

  confirmation() {
    this.dialog = make("dialog", { "aria-labelledby": "end-title", "aria-describedby": "end-text" },
      make("h2", { id: "end-title" }, this.text("endTitle")), make("p", { id: "end-text" }, this.text("endText")),
      make("div", {},
        make("button", { type: "button", class: "plain-button", onclick: () => this.dialog.close() }, this.text("endNo")),
        make("button", { type: "button", class: "main-button", onclick: () => this.end() }, this.text("endYes"))));
    return this.dialog;
  }

  acceptDrops() {
    this.dropZone = make("div", { class: "drop", hidden: true }, this.text("drop"));
    this.chat.append(this.dropZone);
    let depth = 0;
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files") && !this.form.hidden;
    this.chat.addEventListener("dragenter", (event) => { if (hasFiles(event)) { event.preventDefault(); depth += 1; this.dropZone.hidden = false; } });
    this.chat.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
    this.chat.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (depth === 0) this.dropZone.hidden = true; });
    this.chat.addEventListener("drop", (event) => {
      depth = 0;
      this.dropZone.hidden = true;
      if (hasFiles(event)) { event.preventDefault(); this.pick(event.dataTransfer.files); }
    });
  }

  configure(configuration) {
    this.limits = { ...this.limits, ...configuration.limits };
    if (this.limits.types.length > 0) this.chooser.accept = this.limits.types.join(",");
    this.attachButton.hidden = this.limits.files === 0;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const colour = () => {
      const { accent, accentDark } = configuration.colours;
      const chosen = dark.matches ? accentDark : accent;
      for (const name of ["--accent", "--on-accent", "--focus"]) this.host.style.removeProperty(name);
      if (!chosen) return;
      this.host.style.setProperty("--accent", chosen);
      this.host.style.setProperty("--focus", chosen);
      this.host.style.setProperty("--on-accent", readable(chosen));
    };
    dark.addEventListener("change", colour);
    colour();
  }

  // Opening and closing of the window on other sites

  open() {
    this.isOpen = true;
    this.chat.hidden = false;
    this.launcher.hidden = true;
    this.launcher.setAttribute("aria-expanded", "true");
    this.conversation.memory.set("open", true);
    this.focus();
    this.scroll(false);
    this.watched();
  }
  close() {
    this.isOpen = false;
    this.chat.hidden = true;
    this.launcher.hidden = false;
    this.launcher.setAttribute("aria-expanded", "false");
    this.conversation.memory.set("open", false);
    this.launcher.focus();
  }
  focus() {
    if (!this.form.hidden) this.input.focus({ preventScroll: true });
    else this.over.querySelector("button")?.focus();
  }

  // State

  clear() {
    this.bubbles.clear();
    this.list.replaceChildren();
    this.lastSide = null;
    this.lastTime = 0;
    this.lastDay = null;
    this.welcome = make("li", { class: "welcome" }, icon("chat"), make("strong", {}, this.text("welcome")), this.text("hint"));
    this.list.append(this.welcome);
  }

  update() {
    const { conversation } = this;
    const isOver = conversation.ended !== null;
    this.endButton.hidden = isOver || conversation.entries.size === 0;
    if (this.form.hidden !== isOver) {
      const hadFocus = this.root.activeElement && this.form.contains(this.root.activeElement);
      this.form.hidden = isOver;
      this.over.hidden = !isOver;
      if (isOver) {
        const begin = make("button", { type: "button", class: "main-button", onclick: () => { conversation.startOver(); this.focus(); } }, this.text("begin"));
        this.over.replaceChildren(make("p", { role: "status" }, this.text(conversation.ended === "forgotten" ? "forgotten" : "over")), begin);
        if (hadFocus) begin.focus();
        if (this.dialog.open) this.dialog.close();
      }
    }
    this.showTyping();
    this.showSeen();
    this.typed(true);
  }

  showTyping() {
    const isTyping = this.conversation.typing && !this.conversation.ended;
    if (isTyping === this.isTypingShown) return;
    this.isTypingShown = isTyping;
    const words = this.text("typing", { name: this.agent ?? this.text("agent") });
    this.status.textContent = isTyping ? words : "";
    this.typingLine.replaceChildren(...(isTyping ? [make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")), make("span", { "aria-hidden": "true" }, words)] : []));
    this.status.className = "hidden";
    clearTimeout(this.typingTimer);
    // The server tells when it ends; when it is not heard, ten seconds are enough.
    if (isTyping) this.typingTimer = setTimeout(() => { this.conversation.typing = false; this.showTyping(); }, 11000);
    if (isTyping) this.agentHasLooked();
  }

  /** An agent who types or answers has seen what was written before. */
  agentHasLooked() {
    this.seenUpTo = Math.max(0, ...this.conversation.entries.keys());
    this.showSeen();
  }
  showSeen() {
    let last = null;
    for (const { message, meta, item } of this.bubbles.values()) {
      if (message.from !== "contact" || message.state !== "sent") continue;
      meta.replaceChildren();
      item.classList.remove("seen");
      last = { message, meta, item };
    }
    if (!last) return;
    const isSeen = (last.message.number ?? Infinity) <= (this.seenUpTo ?? 0);
    const name = isSeen ? "seen" : "sent";
    const mark = make("span", { class: isSeen ? "seen-mark" : null }, icon(isSeen ? "checks" : "check"));
    last.meta.replaceChildren(make("span", {}, this.text(name)), mark);
  }

  showConnection(trouble) {
    this.banner.hidden = trouble === null;
    if (trouble && this.banner.dataset.trouble !== trouble) this.banner.replaceChildren(icon("alert"), make("span", {}, this.text(trouble)));
    if (trouble) this.banner.dataset.trouble = trouble; else { delete this.banner.dataset.trouble; this.banner.replaceChildren(); }
  }

  showUnread(count) {
    if (!this.launcher) return;
    this.badge.hidden = count === 0;
    this.badge.textContent = count > 99 ? "99+" : String(count);
    this.launcherName.textContent = count === 0 ? this.text("open") : `${this.text("open")}, ${this.text("unread", { count })}`;
  }

  // Messages

  get isAtEnd() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120; }
  scroll(smoothly = true) { this.log.scrollTo({ top: this.log.scrollHeight, behavior: smoothly ? "auto" : "instant" }); }

  add(item, isMine, isNew) {
    const follow = this.isAtEnd || isMine;
    this.welcome?.remove();
    this.welcome = null;
    if (isNew) item.classList.add("arriving");
    this.list.append(item);
    if (follow) requestAnimationFrame(() => this.scroll(isNew));
  }

  /** A line with the day, when it is another one. */
  showDay(time) {
    const day = new Date(time).toDateString();
    if (day === this.lastDay) return;
    this.lastDay = day;
    const yesterday = new Date(Date.now() - 86400000).toDateString();
    const words = day === new Date().toDateString() ? this.text("today") : day === yesterday ? this.text("yesterday")
      : new Intl.DateTimeFormat(this.options.language, { weekday: "long", day: "numeric", month: "long" }).format(time);
    this.list.append(make("li", { class: "day" }, words));
    this.lastSide = null;
  }

  /** What stands in the log. */
  show(entry, isNew) {
    if (entry.event === "end") {
      this.add(make("li", { class: "event" }, this.text(entry.from === "contact" ? "endedByContact" : "endedByAgent")), false, isNew);
      return;
    }
    const known = this.bubbles.get(entry.id);
    if (known) {
      Object.assign(known.message, { state: "sent", number: entry.number });
      this.mark(known.message);
      return;
    }
    this.place({ ...entry, state: "sent" }, isNew);
    if (entry.from === "agent") { this.agent = entry.author ?? this.agent; this.agentHasLooked(); }
  }

  /** What this window is about to send. */
  showOutgoing(message, isNew) {
    message.from = "contact";
    message.state ??= "sending";
    this.place(message, isNew);
  }

  place(message, isNew) {
    const isMine = message.from === "contact";
    this.welcome?.remove();
    this.welcome = null;
    this.showDay(message.occurred);
    const isFirst = this.lastSide !== message.from || message.occurred - this.lastTime > 300000;
    this.lastSide = message.from;
    this.lastTime = message.occurred;
    const who = isMine ? this.text("you") : message.author ?? this.text("agent");
    const time = new Intl.DateTimeFormat(this.options.language, { hour: "numeric", minute: "2-digit" }).format(message.occurred);
    const meta = make("div", { class: "meta" });
    const item = make("li", { class: `message${isMine ? " mine" : ""}${isFirst ? " first" : ""}` },
      isMine || !isFirst ? make("span", { class: "hidden" }, `${who}, ${time}: `) : make("span", { class: "author" }, `${who} · ${time}`));
    const text = message.text ?? message.choice?.title;
    if (message.title || text) item.append(make("div", { class: "bubble", dir: "auto", title: time }, message.title ? make("strong", {}, message.title) : null, ...linked(text ?? "")));
    if (message.link) item.append(this.card(message.link));
    this.showFiles(message, item, isMine);
    if (message.choices) item.append(this.choices(message, item));
    item.append(meta);
    this.bubbles.set(message.id, { message, item, meta });
    this.add(item, isMine, isNew);
    this.mark(message);
  }

  mark(message) {
    const shown = this.bubbles.get(message.id);
    if (!shown) return;
    Object.assign(shown.message, { state: message.state, number: message.number ?? shown.message.number });
    const { item, meta } = shown;
    const { state } = message;
    item.classList.toggle("pending", state === "sending" || state === "waiting");
    item.classList.toggle("failed", state === "failed");
    if (message.from !== "contact") return;
    if (state === "sending") meta.replaceChildren(make("span", {}, this.text("sending")), icon("clock"));
    else if (state === "waiting") meta.replaceChildren(make("span", { role: "status" }, this.text("waiting")), icon("clock"));
    else if (state === "failed") {
      const again = this.conversation.ended ? null : make("button", { type: "button", class: "again", onclick: () => this.conversation.retry(message) }, this.text("again"));
      meta.replaceChildren(icon("alert"), make("span", { role: "alert" }, this.reason(message)), again);
    } else this.showSeen();
  }

  reason(message) {
    return message.reason === "wrongFileType" || (message.reason === "tooLong" && message.blobs?.length) ? this.text("lost") : this.text("failed");
  }

  card(link) {
    const url = webURL(link.url);
    const words = [make("strong", { dir: "auto" }, link.title), make("span", {}, url ? new URL(url).host : link.url)];
    return url ? make("a", { class: "card", href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...words, make("span", { class: "hidden" }, `, ${this.text("newTab")}`))
      : make("div", { class: "card" }, ...words);
  }

  choices(message, item) {
    const group = make("div", { class: "choices", role: "group", "aria-label": this.text("choices") });
    for (const choice of message.choices) {
      const words = [make("span", { dir: "auto" }, choice.title), choice.description ? make("small", { dir: "auto" }, choice.description) : null];
      const url = choice.url ? webURL(choice.url) : null;
      if (url) {
        group.append(make("a", { class: "choice", href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...words, make("span", { class: "hidden" }, `, ${this.text("newTab")}`)));
        continue;
      }
      const button = make("button", { type: "button", class: "choice", onclick: () => {
        if (this.conversation.ended) return;
        for (const other of group.querySelectorAll("button")) other.disabled = true;
        button.classList.add("chosen");
        button.append(make("span", { class: "hidden" }, `, ${this.text("chosen")}`));
        this.conversation.say({ choice: { title: choice.title, value: choice.value } });
        this.focus();
      } }, ...words);
      group.append(button);
    }
    return group;
  }

  // Files

  size(octets) {
    const [unit, divisor] = octets >= 1048576 ? ["megabyte", 1048576] : octets >= 1024 ? ["kilobyte", 1024] : ["byte", 1];
    return new Intl.NumberFormat(this.options.language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: octets >= 1048576 ? 1 : 0 }).format(octets / divisor);
  }

  showFiles(message, item, isMine) {
    const box = make("div", { class: "files" });
    for (const blob of message.blobs ?? []) {
      const bar = make("progress", { max: "1", value: "0", "aria-label": this.text("uploading", { name: blob.file.name }) });
      blob.bar = bar;
      box.append(this.chip(blob.file, isMine, bar));
    }
    for (const file of message.files ?? []) box.append(this.stored(file));
    if (box.childElementCount > 0) item.append(box);
  }

  chip(file, isMine, bar) {
    if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
      const image = make("img", { alt: file.name });
      image.src = URL.createObjectURL(file);
      return make("div", {}, make("div", { class: "picture" }, image), bar);
    }
    return make("div", { class: "file" }, icon("file"), make("span", {}, make("bdi", { class: "name" }, file.name), make("span", { class: "size" }, this.size(file.size)), bar));
  }

  showProgress(message, blob, share) {
    if (!blob.bar) return;
    blob.bar.value = share;
    if (share >= 1) blob.bar.remove();
  }

  /** A file that the server has: a picture as such, anything else to be downloaded. */
  stored(file) {
    const words = this.text("download", { name: file.name, size: this.size(file.size) });
    const button = make("button", { type: "button", class: "file", "aria-label": words, onclick: () => this.download(file) },
      icon("file"), make("span", {}, make("bdi", { class: "name" }, file.name), make("span", { class: "size" }, this.size(file.size))));
    if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return button;
    const image = make("img", { alt: file.name });
    const picture = make("button", { type: "button", class: "picture", "aria-label": words, onclick: () => this.download(file) }, image);
    this.fetched(file).then((url) => {
      image.onload = () => { if (this.isAtEnd) this.scroll(false); };
      image.src = url;
    }, () => picture.replaceWith(button));
    return picture;
  }

  fetched(file) {
    file.url ??= this.conversation.service.ask("GET", "/files/" + encodeURIComponent(file.id), { milliseconds: 120000 }).then((blob) => URL.createObjectURL(blob));
    file.url.catch(() => { file.url = null; });
    return file.url;
  }

  async download(file) {
    try {
      make("a", { href: await this.fetched(file), download: file.name }).click();
    } catch { this.tell(this.text("fetchFailed"), true); }
  }

  pick(files) {
    const problems = [];
    for (const file of files) {
      if (this.picked.length >= this.limits.files) { problems.push(this.text("tooManyFiles", { count: this.limits.files })); break; }
      if (file.size > this.limits.fileOctets) problems.push(this.text("tooLarge", { name: file.name, size: this.size(this.limits.fileOctets) }));
      else if (file.size === 0 || (this.limits.types.length > 0 && !this.limits.types.includes(file.type))) problems.push(this.text("wrongType", { name: file.name }));
      else this.picked.push(file);
    }
    this.showPicked();
    if (problems.length > 0) this.tell(problems.join(" "), true);
    this.input.focus();
  }

  showPicked() {
    this.pickedList.hidden = this.picked.length === 0;
    this.pickedList.replaceChildren(...this.picked.map((file, index) => make("li", {}, make("span", {}, make("bdi", {}, file.name)),
      make("button", { type: "button", class: "icon", "aria-label": this.text("remove", { name: file.name }), onclick: () => { this.picked.splice(index, 1); this.showPicked(); this.input.focus(); } }, icon("close")))));
    this.typed(true);
  }

  pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.pick(files);
  }

  // Writing

  tell(words, isBad) {
    this.hint.hidden = words === "";
    this.hint.textContent = words;
    this.hint.classList.toggle("bad", isBad);
  }

  pressed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  typed(isQuiet = false) {
    const length = [...this.input.value].length;
    const rest = this.limits.text - length;
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    this.sendButton.disabled = (this.input.value.trim() === "" && this.picked.length === 0) || rest < 0;
    if (rest < 0) this.tell(this.text("tooLong", { count: -rest }), true);
    else if (rest <= 200) this.tell(this.text("left", { count: rest }), false);
    else if (!isQuiet) this.tell("", false);
    if (isQuiet) return;
    this.conversation.memory.set("draft", this.input.value);
    if (length > 0) this.conversation.typed();
  }

  send() {
    const text = this.input.value.trim();
    if (this.sendButton.disabled || (text === "" && this.picked.length === 0)) return;
    this.conversation.say({ text: text === "" ? undefined : text, blobs: this.picked.map((file) => ({ file })) });
    this.picked = [];
    this.input.value = "";
    this.conversation.memory.remove("draft");
    this.showPicked();
    this.tell("", false);
    this.input.focus();
  }

  // Ending

  askToEnd() { this.dialog.showModal(); }

  async end() {
    this.dialog.close();
    if (!await this.conversation.end()) this.tell(this.text("endFailed"), true);
  }
}

/** Black or white, whichever reads better on a colour (WCAG 2 contrast). */
function readable(colour) {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const share = parseInt(colour.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#ffffff" : "#000000";
}

// ---- Beginning -----------------------------------------------------------------------------------------------------------------------

async function begin(script) {
  const data = script.dataset;
  const isPage = data.page !== undefined;
  const base = new URL(".", script.src);
  const query = new URLSearchParams(isPage ? location.search : "");
  const channel = isPage ? decodeURIComponent(location.pathname.split("/").pop()) : data.channel;
  if (!channel) { console.error("causeway-chat.js needs data-channel"); return; }
  const root = new URL(encodeURIComponent(channel), base).href;
  const memory = new Memory(`causeway-chat:${root}:`);

  const facts = {};
  if (data.name) facts.name = data.name.slice(0, 80);
  const service = new Service(root, memory, facts);
  const conversation = new Conversation(service, memory);

  // Words: the site's own, then the settings', then the built-in ones; in the wanted language, then in English.
  let configuration = { texts: {}, colours: {}, limits: {}, endsWhenLeft: true };
  let isConfigured = true;
  try { configuration = { ...configuration, ...await service.configuration() }; } catch { isConfigured = false; }
  const texts = configuration.texts ?? {};
  const wanted = query.get("lang") || data.lang || (isPage ? navigator.language : document.documentElement.lang || navigator.language) || "en";
  const short = wanted.toLowerCase().split("-")[0];
  const language = texts[wanted] || texts[short] || TEXTS[short] ? wanted : "en";
  const chain = [texts[wanted], texts[short], TEXTS[short], texts.en, TEXTS.en];
  const words = (name) => {
    const own = data["text" + name[0].toUpperCase() + name.slice(1)];
    return own ?? chain.find((texts) => texts?.[name] !== undefined)?.[name] ?? name;
  };
  const direction = query.get("dir") || data.dir || (RIGHT_TO_LEFT.includes(language.toLowerCase().split("-")[0]) ? "rtl" : isPage ? "ltr" : document.dir || "ltr");
  facts.language = wanted.slice(0, 35);

  let host;
  if (isPage) {
    host = document.getElementById(data.page);
    document.documentElement.lang = language;
    document.documentElement.dir = direction === "rtl" ? "rtl" : "ltr";
    document.title = configuration.title ?? words("title");
  } else {
    host = make("causeway-chat", {});
    document.body.append(host);
  }
  const view = new View(host, conversation, { isPage, style: new URL("causeway-chat.css", base).href, language, direction: direction === "rtl" ? "rtl" : "ltr", words, title: data.title ?? configuration.title });
  conversation.view = view;
  view.configure(configuration);
  const draft = memory.get("draft");
  if (draft) view.input.value = draft;
  conversation.thread = service.session?.thread;
  conversation.resume();
  if (!isPage && memory.get("open") === true) view.open();
  if (!isConfigured) {
    view.showConnection("busy");
    (async () => {
      for (let wait = 1000; ; wait = Math.min(30000, wait * 2)) {
        await conversation.rest(wait);
        try { view.configure({ ...configuration, ...await service.configuration() }); conversation.heard(); view.showConnection(null); return; }
        catch (failure) { if (failure.status === 403 || failure.status === 404) { view.showConnection("refused"); return; } }
      }
    })();
  }

  addEventListener("online", () => conversation.wake());
  addEventListener("offline", () => view.showConnection("offline"));
  addEventListener("pageshow", (event) => { if (event.persisted && service.session && !conversation.ended) conversation.listen(); });
  addEventListener("pagehide", () => { if (configuration.endsWhenLeft && !conversation.ended && conversation.entries.size > 0) service.leave(conversation.tab); });
  addEventListener("storage", (event) => { if (event.key === memory.prefix + "session") conversation.follow(); });

  if (!isPage) window.CausewayChat = { open: () => view.open(), close: () => view.close() };
}

const script = document.currentScript;
if (script) {
  const start = () => begin(script);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
}
})();
