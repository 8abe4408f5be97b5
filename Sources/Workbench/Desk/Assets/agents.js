// The agents' desk of Digital Experience: cases in queues, threads, answers. Its set-up and its faults stand in files of their own.

import { setup } from "./agents-setup.js";
import { faults } from "./agents-faults.js";

export const title = "Agents";

const tabs = [["", "Inbox"], ["setup", "Set-up"], ["faults", "Faults"]];
let view, shown;


export function mount(root, desk) {
  const { h } = desk;
  view = h("div.agents-view");
  root.append(h("div.agents", {},
    h("header.agents-head", {},
      h("h1", {}, "Agents’ desk"),
      h("nav.agents-tabs", { "aria-label": "Agents’ desk" }, tabs.map(([name, words]) => h("a.button", { href: "#agents" + (name && "/" + name), "data-tab": name }, words)))),
    view));
  shown = undefined;
  moved(desk);
}

export function unmount() { end(); }

function end() { for (const one of view?.desks || []) one.end(); if (view) view.desks = []; }

export function moved(desk) {
  const [first = "", second] = desk.place("agents");
  const tab = first === "setup" || first === "faults" ? first : "";
  for (const link of document.querySelectorAll(".agents-tabs a")) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  if (tab !== shown) {
    end();
    shown = tab;
    view.replaceChildren();
    view.className = "agents-view " + (tab || "desks");
    if (tab === "setup") view.desks = [{ end: setup(view, desk) }];
    else if (tab === "faults") view.desks = [{ end: faults(view, desk) }];
    else desks(view, desk, first === "case" ? second : undefined);
  } else if (!tab && first === "case") view.desks[0].choose(second);
}

/** One agent's desk, or two side by side. */
function desks(root, desk, chosen) {
  const { h } = desk;
  const row = h("div.agents-row");
  const more = h("button", { "aria-pressed": "false", onclick: () => both(!root.desks[1]) }, "Second agent beside");
  root.append(h("div.agents-more", {}, more), row);
  root.desks = [inbox(row, desk, { slot: "a", agent: 4711, chosen, onChoose: (number) => desk.go("agents", "case", number) })];
  function both(isOn) {
    more.setAttribute("aria-pressed", String(isOn));
    sessionStorage.setItem("agents-both", isOn ? "1" : "");
    if (isOn) root.desks[1] = inbox(row, desk, { slot: "b", agent: 4712 });
    else { root.desks[1].end(); root.desks.length = 1; }
    row.classList.toggle("both", isOn);
  }
  if (sessionStorage.getItem("agents-both")) both(true);
}

/** Keeps the children of `parent` as `items` say: an element stays, with its focus, as long as what it shows does. */
function keep(parent, items, make) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const [key, sign, item] of items) {
    let child = known.get(key);
    known.delete(key);
    if (!child || child.sign !== sign) {
      const fresh = make(item);
      fresh.dataset.key = key; fresh.sign = sign;
      if (child) {
        const inner = child.contains(document.activeElement) && document.activeElement.dataset.focus;
        const isOn = child === document.activeElement;
        if (child === next) next = child.nextElementSibling;
        child.replaceWith(fresh);
        if (isOn) fresh.focus();
        else if (inner) fresh.querySelector(`[data-focus="${inner}"]`)?.focus();
        parent.insertBefore(fresh, next);
        child = fresh; next = fresh.nextElementSibling;
        continue;
      }
      child = fresh;
    }
    if (child === next) next = child.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  for (const child of known.values()) child.remove();
}

const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = (text, most = 90) => text.length > most ? text.slice(0, most - 1) + "…" : text;
const kind = (found) => found.isPrivate === false ? "post" : found.isLiveChat ? "chat" : "direct";
const marks = { delivered: "Delivered", seen: "Seen", failed: "Failed", sent: "Sent" };
export const isWeb = (url) => /^https?:\/\/[^\s]+$/i.test(url || "");

/** The inbox of one agent. */
export function inbox(root, desk, options) {
  const { h, api } = desk;
  const which = options.slot === "a" ? "" : ", second agent";
  const stored = Number(sessionStorage.getItem("agent-" + options.slot));
  let me = stored || options.agent, chosen = options.chosen, state = null, open = null, isNew = false, isStopped = false;
  const pending = [];  // answers on their way, or refused
  const list = h("div.cases", { role: "group", "aria-label": "Cases" + which });
  const who = h("select", { "aria-label": "You are", onchange: () => { me = Number(who.value); sessionStorage.setItem("agent-" + options.slot, me); draw(); } });
  const thread = h("div.thread", { role: "log", "aria-label": "Thread" + which, tabindex: "0" });
  const head = h("div.case-head"), facts = h("aside.facts", { "aria-label": "About the case" + which }), foot = h("div.case-foot");
  const middle = h("section.case", { "aria-label": "Case" + which });
  const box = h("section.inbox", { "aria-label": options.slot === "a" ? "Agent’s inbox" : "Second agent’s inbox" }, h("div.inbox-grid", {},
    h("div.case-list", {},
      h("div.me", {}, h("label", {}, "You are", who), h("button", { onclick: begin, title: "Begin a conversation" }, "New…")),
      list, h("p.note.keys", {}, "↑ ↓ choose, Enter opens, Esc goes back")),
    middle, facts));
  root.append(box);

  const user = (id) => state.users.find((found) => found.id === id);
  const name = (found) => found.customer.name || (found.isLiveChat || /^w-/.test(found.customer.idOnExternalPlatform) ? `Visitor ${(found.customer.idOnExternalPlatform || "").slice(2, 8)}` : found.customer.idOnExternalPlatform) || "Somebody";

  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const rows = [...list.querySelectorAll("button.row")];
    const index = rows.indexOf(document.activeElement);
    const next = rows[index + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { next.focus(); event.preventDefault(); }
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    if (middle.contains(event.target)) leave();
  });

  function leave() {
    box.classList.remove("shows-case");
    (list.querySelector("[aria-current=true]") || list.querySelector("button.row"))?.focus();
  }

  // What there is

  let running = null, again = false;
  function load() {
    if (running) again = true;
    else running = look().finally(() => { running = null; });
    return running;
  }

  async function look() {
    do {
      if (isStopped) return;
      again = false;
      const number = chosen;
      const [found, one] = await Promise.all([api("GET", "/desk/inbox"), number ? api("GET", "/desk/contacts/" + encodeURIComponent(number)).catch((error) => {
        if (error.status !== 404) throw error;
        chosen = undefined; return null;
      }) : null]);
      if (number !== chosen && chosen) { again = true; }
      for (const item of found.cases) item.isLiveChat = found.channels.find((channel) => channel.id === item.channel)?.isLiveChat;
      state = found;
      if (!one || one.number === chosen) open = one;
      draw();
    } while (again);
    // What the agent has before them is read.
    if (open && open.unread && !document.hidden && mayWork(open) && box.offsetParent) api("POST", `/desk/contacts/${open.number}/read`, {}).catch(() => {});
  }

  const mayWork = (found) => !found.assignee || found.assignee === me;

  function choose(number, focus) {
    if (number === chosen && open && !isNew) { box.classList.add("shows-case"); if (focus) foot.querySelector("textarea")?.focus(); return; }
    chosen = number; isNew = false; open = open && open.number === number ? open : null;
    if (options.onChoose) options.onChoose(number);
    box.classList.add("shows-case");
    load().then(() => { if (focus) (foot.querySelector("textarea") || thread).focus(); thread.scrollTop = thread.scrollHeight; }, (error) => desk.say(error.message, "bad"));
  }

  // Drawing

  let drawnUsers = "";
  function draw() {
    if (!state) return;
    const users = JSON.stringify(state.users);
    if (users !== drawnUsers) {
      drawnUsers = users;
      who.replaceChildren(...state.users.map((found) => h("option", { value: String(found.id) }, found.name)));
    }
    if (!user(me)) me = state.users[0].id;
    who.value = String(me);
    drawList();
    if (isNew) return;
    drawCase();
  }

  function groups() {
    const live = state.cases.filter((found) => !found.isOver && found.status !== "resolved");
    const skills = user(me).skills;
    const result = [["mine", "Yours", live.filter((found) => found.assignee === me)]];
    for (const queue of state.queues) {
      const waiting = live.filter((found) => found.skill === queue.skill && !found.assignee);
      const isMine = skills.includes(queue.skill);
      if (isMine || waiting.length) result.push(["queue-" + queue.skill, queue.name, waiting, isMine ? "waiting" : "waiting, not your skill"]);
    }
    result.push(["others", "With others", live.filter((found) => found.assignee && found.assignee !== me)]);
    result.push(["done", "Done", state.cases.filter((found) => found.isOver || found.status === "resolved").slice(0, 50)]);
    return result.filter(([key, , cases]) => cases.length || key.startsWith("queue") || key === "mine");
  }

  function drawList() {
    keep(list, groups().map((group) => [group[0], "", group]), ([key, words]) => h("section.queue", { "aria-label": words + which }, h("h2", {}), h("div.rows")));
    for (const [key, words, cases, more] of groups()) {
      const section = [...list.children].find((child) => child.dataset.key === key);
      section.firstChild.replaceChildren(h("span", {}, words), h("span.count", {}, `${cases.length}${more ? " " + more : ""}`));
      keep(section.lastChild, cases.map((found) => [found.number, JSON.stringify([found, found.number === chosen && !isNew, me]), found]), row);
    }
  }

  function row(found) {
    const words = found.isTyping && !found.isOver ? "is typing …" : found.last ? (found.last.direction === "outbound" ? `${found.last.agent === me ? "You" : user(found.last.agent)?.firstName || "Agent"}: ` : "") + (found.last.text || `${found.last.files} file${found.last.files === 1 ? "" : "s"}`) : "";
    return h("button.row", { "aria-current": found.number === chosen && !isNew ? "true" : "false", "data-case": found.number, onclick: () => choose(found.number, true) },
      h("span.row-top", {}, h("strong", {}, name(found)), found.unread && mayWork(found) && !found.isOver ? h("span.unread", { title: "not read yet" }, String(found.unread), h("span.said", {}, " unread")) : null,
        h("time", {}, clock(found.updatedAt))),
      h("span.row-words", { class: found.isTyping && !found.isOver ? "row-words typing" : "row-words" }, short(words)),
      h("span.row-chips", {}, h("span.chip.info", {}, kind(found)), h("span.chip", {}, found.channelName || found.channel),
        found.assignee && found.assignee !== me ? h("span.chip", {}, user(found.assignee)?.firstName) : null,
        found.status !== "open" ? h("span.chip", { class: "chip " + (found.status === "new" ? "good" : "") }, found.abandoned ? "abandoned" : found.status) : null));
  }

  let drawnHead = "", drawnFacts = "", drawnFoot = "";
  function drawCase() {
    if (!open) {
      if (!chosen) {
        middle.replaceChildren(h("p.empty", {}, state.cases.length ? "Choose a case on the left." : "No cases yet. Write in the web chat, or at the Watering Hole, and the first one appears here."));
        facts.replaceChildren(); drawnHead = drawnFacts = drawnFoot = "";
        box.classList.remove("shows-case");
      }
      return;
    }
    if (thread.parentElement !== middle) { middle.replaceChildren(head, thread, foot); drawnHead = drawnFacts = drawnFoot = ""; thread.replaceChildren(); }
    box.classList.toggle("shows-case", true);
    let sign = JSON.stringify([open.number, open.status, open.assignee, open.skill, open.isTyping, me, state.queues.map((queue) => [queue.skill, queue.name]), open.customer, open.threadName]);
    if (sign !== drawnHead) { drawnHead = sign; drawHead(); }
    drawThread();
    sign = JSON.stringify([open.number, open.assignee, open.isOver, open.canReply, me]);
    if (sign !== drawnFoot) { drawnFoot = sign; drawFoot(); }
    sign = JSON.stringify([open, me]);
    if (sign !== drawnFacts) { drawnFacts = sign; drawFacts(); }
  }

  const act = async (action, body) => {
    try { await api("POST", `/desk/contacts/${open.number}/${action}`, { agent: me, ...body }); await load(); }
    catch (error) { desk.say(error.message, "bad"); }
  };

  function drawHead() {
    const found = open;
    const queue = state.queues.find((entry) => entry.skill === found.skill);
    const menu = (words, ...children) => h("details.menu", {}, h("summary.button", {}, words), h("div.menu-list", { onclick: (event) => { if (event.target.closest("button")) event.currentTarget.parentElement.open = false; } }, children));
    head.replaceChildren(
      h("button.back", { onclick: leave, "aria-label": "Back to the cases" }, "←"),
      h("div.case-name", {}, h("h2", {}, name(found), found.threadName ? ` · ${found.threadName}` : ""),
        h("p.note", {}, `#${found.number} · ${found.status} · ${queue ? queue.name : "no queue"} · ${found.assignee ? (found.assignee === me ? "yours" : user(found.assignee)?.name) : "waiting"}`,
          found.isTyping ? h("span.typing", {}, " · is typing …") : null)),
      found.isOver ? null : h("div.case-tools", {},
        found.assignee === me ? h("button", { onclick: () => act("assign", { to: null }) }, "Release")
          : h("button", { onclick: () => act("assign", { to: me }) }, found.assignee ? "Take over" : "Take"),
        menu("Transfer", h("h3", {}, "To a queue"), state.queues.map((entry) => h("button", { disabled: entry.skill === found.skill && !found.assignee, onclick: () => act("transfer", { skill: entry.skill }) }, entry.name)),
          h("h3", {}, "To an agent"), state.users.filter((entry) => entry.id !== found.assignee).map((entry) => {
            const can = entry.skills.includes(found.skill);
            return h("button", { disabled: !can, title: can ? null : `${entry.firstName} has not this skill`, onclick: () => act("assign", { to: entry.id }) }, entry.name);
          })),
        menu("Close", h("button", { onclick: () => act("close", { status: "resolved" }) }, "Resolved", h("small", {}, "opens again when the contact writes")),
          h("button", { onclick: () => act("close", { status: "closed" }) }, "Closed", h("small", {}, "for good; the contact is told")),
          h("button", { onclick: () => act("close", { status: "trashed" }) }, "Trashed", h("small", {}, "spam")))));
  }

  // The thread

  function drawThread() {
    const wasAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
    thread.classList.toggle("tree", Boolean(open.hasTreeStructure));
    const own = pending.filter((entry) => entry.number === open.number);
    const messages = [...open.messages, ...own];
    const before = messages.length && thread.lastElementChild?.dataset.key;
    keep(thread, ordered(messages).map(([message, depth]) => [message.id, JSON.stringify([message, depth, me, open.isOver]), { message, depth }]), bubble);
    const after = thread.lastElementChild?.dataset.key;
    if (wasAtEnd || before !== after) thread.scrollTop = thread.scrollHeight;
  }

  /** A tree of comments where the channel has one, otherwise by time. */
  function ordered(messages) {
    if (!open.hasTreeStructure) return messages.map((message) => [message, 0]);
    const ids = new Set(messages.map((message) => message.idOnExternalPlatform)), result = [], used = new Set();
    const put = (message, depth) => {
      if (used.has(message)) return;
      used.add(message);
      result.push([message, Math.min(depth, 4)]);
      for (const child of messages) if (child.replyTo && child.replyTo === message.idOnExternalPlatform && child !== message) put(child, depth + 1);
    };
    for (const message of messages) if (!message.replyTo || !ids.has(message.replyTo)) put(message, 0);
    for (const message of messages) put(message, 0);
    return result;
  }

  function bubble({ message, depth }) {
    const isOwn = message.direction === "outbound";
    const parent = message.replyTo && (!open.hasTreeStructure || message.isQuote) ? open.messages.find((found) => found.idOnExternalPlatform === message.replyTo) : null;
    const author = isOwn ? message.agentName || "Agent" : personName(message);
    const last = message.statuses && message.statuses.at(-1);
    const content = message.messageContent || {};
    const element = h("article.bubble", { class: `bubble ${isOwn ? "out" : "in"}${depth ? " nested" : ""}${message.state ? " " + message.state : ""}`, "aria-label": `${author}, ${clock(message.arrivedAt || Date.now())}` },
      parent && isOwn ? h("p.quoted", {}, short(parent.text || "a file", 120)) : null,
      h("p.bubble-head", {}, h("strong", {}, author), h("time", {}, clock(message.arrivedAt || Date.now())),
        message.creates > 1 ? h("span.chip.warn", { title: "The middleware created this message more than once." }, `told ${message.creates}×`) : null,
        message.contact && message.contact !== open.number ? h("span.chip", {}, `case #${message.contact}`) : null),
      message.title ? h("p.bubble-title", {}, message.title) : null,
      message.isDeleted ? h("p.note", {}, "Deleted on the platform.") : message.text ? h("p.bubble-text", { dir: "auto" }, message.text) : null,
      content.postback ? h("p.note", {}, "carries ", h("code", {}, String(content.postback))) : null,
      (content.payload?.actions || []).length ? h("p.bubble-choices", {}, content.payload.actions.map((action) => h("span.chip.info", {}, action.text))) : null,
      (message.attachments || []).map(file),
      message.state === "sending" ? h("p.note", { role: "status" }, "Sending …") : null,
      message.state === "refused" ? h("div.refused", { role: "alert" }, h("p", {}, "Not sent: ", message.failure), h("div.tools", {},
        h("button", { "data-focus": "again", onclick: () => { drop(message); send(message.draft); } }, "Send again"), h("button", { onclick: () => { drop(message); draw(); } }, "Discard"))) : null,
      isOwn && !message.state ? h("p.mark", { class: `mark ${last || "sent"}` }, last === "failed" ? `Failed: ${message.failure || "no reason given"}` : marks[last] || "Sent") : null,
      !message.state && !open.isOver && mayWork(open) ? h("button.answer", { "data-focus": "answer", onclick: () => answer(message) }, open.hasTreeStructure ? "Reply" : "Quote") : null);
    element.style.setProperty("--depth", String(depth));
    return element;
  }

  const personName = (message) => [message.author?.firstName, message.author?.lastName].filter(Boolean).join(" ") || message.author?.nickname || name(open);

  function file(found) {
    if (!isWeb(found.url)) return h("p.note", {}, found.friendlyName);
    const picture = /\.(png|jpe?g|gif|webp)$/i.test(found.friendlyName);
    return h("a.file", { href: found.url, target: "_blank", rel: "noopener noreferrer" },
      picture ? h("img", { src: found.url, alt: "", loading: "lazy", onerror: (event) => event.target.remove() }) : null, h("span", {}, found.friendlyName));
  }

  // Answering

  let answered = null, files = [], typing = null, isOn = false, written = null;
  const drafts = new Map();
  const context = h("div.answering"), picked = h("div.picked");
  const text = h("textarea", { rows: "2", "aria-label": "Answer", placeholder: "Answer … (Enter sends, Shift+Enter breaks the line)", oninput: types, onkeydown: (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); compose(); }
  } });
  const choices = h("input", { type: "text", "aria-label": "Choices", placeholder: "Choices, separated by commas: Running shoes, A hat", hidden: true, maxlength: "400" });
  const picker = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to attach", onchange: () => attach([...picker.files]) });
  const form = h("form.answer-form", { onsubmit: (event) => { event.preventDefault(); compose(); } }, context, picked, choices, text,
    h("div.tools", {}, h("button", { type: "button", onclick: () => picker.click() }, "Attach …"), picker,
      h("button", { type: "button", "aria-pressed": "false", onclick: (event) => { choices.hidden = !choices.hidden; event.target.setAttribute("aria-pressed", String(!choices.hidden)); if (!choices.hidden) choices.focus(); } }, "Choices"),
      h("span.space"), h("button.main", { type: "submit" }, "Send")));
  form.addEventListener("paste", (event) => { if (event.clipboardData.files.length) { event.preventDefault(); attach([...event.clipboardData.files]); } });
  middle.addEventListener("dragover", (event) => event.preventDefault());
  middle.addEventListener("drop", (event) => { event.preventDefault(); if (form.isConnected) attach([...event.dataTransfer.files]); });

  function drawFoot() {
    const found = open;
    if (found.number !== written) {
      // What was being written stays with its case.
      if (written) drafts.set(written, text.value);
      written = found.number;
      text.value = drafts.get(written) || "";
      answered = null; files = [];
      drawContext(); drawFiles();
    }
    if (found.isOver) foot.replaceChildren(h("p.note", {}, `This case is ${found.status}. When the contact writes again, a new case opens.`));
    else if (!found.canReply) foot.replaceChildren(h("p.note", {}, "The contact has ended the conversation: the thread takes no more messages."));
    else if (!mayWork(found)) foot.replaceChildren(h("p.note", {}, `${user(found.assignee)?.name || "Another agent"} has this case. `), h("button", { onclick: () => act("assign", { to: me }) }, "Take over"));
    else if (!user(me).skills.includes(found.skill)) foot.replaceChildren(h("p.note", {}, `${user(me).firstName} has not the skill ${found.queue}, and so cannot answer.`));
    else if (foot.firstChild !== form) foot.replaceChildren(form);
  }

  function drawContext() {
    context.replaceChildren(...(answered ? [h("span", {}, open.hasTreeStructure ? "Reply under: " : "Quoting: ", h("q", {}, short(answered.text || "a file", 70))),
      h("button", { type: "button", onclick: () => { answered = null; drawContext(); text.focus(); } }, "Not")] : []));
  }

  function answer(message) {
    answered = message; drawContext(); text.focus();
  }

  async function attach(list) {
    for (const one of list) {
      const entry = { name: one.name, state: "…" };
      files.push(entry); drawFiles();
      try {
        entry.url = (await api("POST", "/desk/files", one, { type: one.type || "application/octet-stream" })).url;
        entry.state = `${Math.max(1, Math.round(one.size / 1024))} KiB`;
      } catch (error) { files = files.filter((found) => found !== entry); desk.say(`${one.name} was not taken: ${error.message}`, "bad"); }
      drawFiles();
    }
    picker.value = "";
    text.focus();
  }

  function drawFiles() {
    picked.replaceChildren(...files.map((entry) => h("span.chip.info", {}, `${entry.name} · ${entry.state}`,
      h("button.mini", { type: "button", "aria-label": `Do not attach ${entry.name}`, onclick: () => { files = files.filter((found) => found !== entry); drawFiles(); } }, "×"))));
  }

  function types() {
    if (!open) return;
    const number = open.number;
    const tell = (isTyping) => { isOn = isTyping; api("POST", `/desk/contacts/${number}/typing`, { isTyping, agent: me }).catch(() => {}); };
    if (!isOn && text.value) tell(true);
    clearTimeout(typing);
    typing = setTimeout(() => isOn && tell(false), 4000);
  }

  function compose() {
    const words = text.value.trim(), titles = choices.hidden ? [] : choices.value.split(",").map((title) => title.trim()).filter(Boolean);
    if (files.some((entry) => !entry.url)) { desk.say("A file is still on its way."); return; }
    if (!words && !files.length) { text.focus(); return; }
    const body = { agent: me };
    if (titles.length) body.content = { type: "QUICK_REPLIES", fallbackText: words, payload: { text: { content: words }, actions: titles.map((title) => ({ type: "REPLY_BUTTON", text: title, postback: title })) } };
    else body.text = words;
    if (files.length) body.attachments = files.map((entry) => ({ friendlyName: entry.name, url: entry.url }));
    if (answered) { body.replyTo = answered.idOnExternalPlatform; body.isQuote = !open.hasTreeStructure; }
    send({ number: open.number, body, words });
    text.value = ""; choices.value = ""; choices.hidden = true; files = []; answered = null; isOn = false;
    clearTimeout(typing);
    drawFiles(); drawContext(); text.focus();
  }

  let count = 0;
  async function send(draft) {
    const entry = { id: `pending-${++count}`, number: draft.number, draft, direction: "outbound", state: "sending", text: draft.words, agentName: user(me).name, arrivedAt: Date.now(),
      attachments: (draft.body.attachments || []), replyTo: draft.body.replyTo, idOnExternalPlatform: null };
    pending.push(entry); draw();
    try {
      await api("POST", `/desk/contacts/${draft.number}/reply`, draft.body);
      drop(entry);
    } catch (error) {
      entry.state = "refused";
      const told = error.body && error.body.failure;
      entry.failure = told ? `${told.replace(/\.$/, "")}${error.body.attempts ? ` (${error.body.attempts} attempt${error.body.attempts === 1 ? "" : "s"})` : ""}.` : error.message;
    }
    await load().catch(() => draw());
  }

  const drop = (entry) => pending.splice(pending.indexOf(entry), 1);

  // About the case

  function drawFacts() {
    const found = open, pair = (words, value) => value === undefined || value === null || value === "" ? null : [h("dt", {}, words), h("dd", {}, value)];
    facts.replaceChildren(h("div", {}, h("h2", {}, "About the case"), h("dl", {},
      pair("Contact", name(found)), pair("Id on the platform", h("code", {}, found.customer.idOnExternalPlatform || "")), pair("Channel", found.channelName), pair("Kind", kind(found) === "post" ? "public posts, comments as a tree" : kind(found) === "chat" ? "live chat" : "private messages"),
      pair("Thread", h("code", {}, found.thread)), pair("Queue", found.queue), pair("Agent", found.assignee ? user(found.assignee)?.name : "nobody yet"), pair("Status", found.abandoned ? `${found.status}, ${found.abandoned}` : found.status),
      pair("Begun by", found.direction === "outbound" ? "an agent" : "the contact"), pair("Since", clock(found.createdAt)), pair("Messages", String(found.messages.length))),
      found.customFields?.length ? [h("h3", {}, "Custom fields"), h("dl", {}, found.customFields.map((field) => pair(field.ident, field.value)))] : null,
      found.person?.customFields?.length ? [h("h3", {}, "The customer’s"), h("dl", {}, found.person.customFields.map((field) => pair(field.ident, field.value)))] : null));
  }

  // Beginning

  async function begin() {
    const channels = state.channels.filter((found) => found.canStart);
    isNew = true;
    box.classList.add("shows-case");
    drawList();
    const channel = h("select", { onchange: () => people() }, channels.map((found) => h("option", { value: found.id }, `${found.name} (${kind(found)})`)));
    const known = h("datalist", { id: `known-${options.slot}` });
    const to = h("input", { type: "text", required: true, list: `known-${options.slot}`, autocomplete: "off", maxlength: "200" });
    const called = h("input", { type: "text", maxlength: "100", autocomplete: "off" });
    const words = h("textarea", { rows: "3", required: true });
    const wrong = h("p.box.bad", { role: "alert", hidden: true });
    const button = h("button.main", { type: "submit" }, "Begin");
    const stop = () => { isNew = false; drawnHead = ""; middle.replaceChildren(); draw(); };
    async function people() {
      const found = new Map(state.cases.filter((one) => one.channel === channel.value).map((one) => [one.customer.idOnExternalPlatform, one.customer.name]));
      if (channel.value.startsWith("wateringhole")) {
        const hole = await api("GET", "/hole").catch(() => null);
        for (const person of hole?.people || []) found.set(person.id, `${person.firstName} ${person.lastName}${person.hasLeft ? ", who has left" : ""}`);
      }
      known.replaceChildren(...[...found].filter(([id]) => id).map(([id, words]) => h("option", { value: id }, words || id)));
    }
    middle.replaceChildren(h("form.begin", { onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true; wrong.hidden = true;
      try {
        const made = await api("POST", `/desk/channels/${encodeURIComponent(channel.value)}/start`, { agent: me, text: words.value, recipients: [{ idOnExternalPlatform: to.value.trim(), name: called.value.trim() || undefined, isPrimary: true, isPrivate: kind(channels.find((one) => one.id === channel.value)) !== "post" }] });
        chosen = undefined; open = null;
        choose(made.message.contact, true);
      } catch (error) {
        wrong.textContent = `Not begun: ${error.body?.failure || error.message}.`.replace("..", ".");
        wrong.hidden = false;
      }
      button.disabled = false;
    } }, h("h2", {}, "Begin a conversation"), channels.length ? null : h("p.box.warn", {}, "No channel lets agents begin: hasOutboundFlow and hasManualOutboundFlow must both be on."),
      h("label", {}, "Channel", channel), h("label", {}, "Whom, by the id on the platform", to), known, h("label", {}, "Name, if you know it", called), h("label", {}, "First message", words), wrong,
      h("p.note", {}, "CXone first asks the middleware whether this person can be written to, then sends the message without a thread."),
      h("div.tools", {}, button, h("button", { type: "button", onclick: stop }, "Cancel"))));
    facts.replaceChildren(); drawnFacts = "";
    people();
    to.focus();
  }

  const follow = desk.follow("desk", load);
  return { choose, end() { isStopped = true; if (follow) follow(); box.remove(); } };
}
