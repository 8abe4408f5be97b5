// The Watering Hole: an example platform with posts and private messages, and beside it the agents’ desk and the web chat.

import { inbox } from "./agents.js";

export const title = "Watering Hole";

const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = (text, most = 70) => text.length > most ? text.slice(0, most - 1) + "…" : text;
let stops = [];

export function unmount() { for (const stop of stops) stop(); stops = []; }

export function mount(root, desk) {
  const { h } = desk;
  const panes = h("div.hole-panes");
  const stored = JSON.parse(sessionStorage.getItem("hole-panes") || "null");
  const narrow = matchMedia("(max-width: 760px)");
  let wide = stored || (innerWidth >= 1200 ? ["platform", "agents", "chat"] : ["platform", "agents"]), single = "platform";
  const open = new Map();
  const kinds = [["platform", "Platform", platform], ["agents", "Agent", agents], ["chat", "Web chat", chat]];
  const buttons = kinds.map(([key, words]) => h("button", { "aria-pressed": "false", onclick: () => {
    if (narrow.matches) single = key;
    else wide = wide.includes(key) && wide.length > 1 ? wide.filter((found) => found !== key) : [...new Set([...wide, key])];
    show();
  } }, words));
  root.append(h("div.hole", {}, h("header.hole-head", {}, h("h1", {}, title), h("p.note", {}, "An example platform on the webhook channel. What happens here reaches an agent; what an agent writes appears here."),
    h("div.tools", { role: "group", "aria-label": "Shown side by side" }, buttons)), panes));

  function show() {
    const on = narrow.matches ? [single] : wide;
    sessionStorage.setItem("hole-panes", JSON.stringify(wide));
    kinds.forEach(([key, , make], index) => {
      const isOn = on.includes(key);
      buttons[index].setAttribute("aria-pressed", String(isOn));
      if (isOn && !open.has(key)) {
        const pane = h("div.pane", { class: "pane pane-" + key });
        open.set(key, { pane, stop: make(pane, desk) });
      } else if (!isOn && open.has(key)) {
        open.get(key).stop?.();
        open.get(key).pane.remove();
        open.delete(key);
      }
      if (isOn && !open.get(key).pane.isConnected) panes.append(open.get(key).pane);
    });
    panes.dataset.count = String(on.length);
  }
  narrow.addEventListener("change", show);
  stops.push(() => { narrow.removeEventListener("change", show); for (const { stop } of open.values()) stop?.(); });
  show();
}

function agents(root, desk) {
  const one = inbox(root, desk, { slot: "a", agent: 4711 });
  return () => one.end();
}

/** The chat as a visitor sees it, in a frame of the functions’ origin. */
function chat(root, desk) {
  const { h, api } = desk;
  api("GET", "/hole").then((found) => root.replaceChildren(h("div.chat-frame", {}, h("div.tools", {}, h("h2", {}, "Web chat"), h("span.space"), h("a", { href: found.chat, target: "_blank", rel: "noopener" }, "in a tab of its own")),
    h("iframe", { src: found.chat, title: "Web chat, as a visitor sees it" }))), (error) => desk.say(error.message, "bad"));
}

/** The platform itself. */
function platform(root, desk) {
  const { h, api } = desk;
  let state = null, me = sessionStorage.getItem("hole-me") || "zebra-12", tab = sessionStorage.getItem("hole-tab") || "posts", replying = null, drawn = "", isStopped = false;
  const who = h("select", { "aria-label": "You are", onchange: () => { me = who.value; sessionStorage.setItem("hole-me", me); replying = null; drawn = ""; draw(); } });
  const tabs = [["posts", "Posts"], ["talk", "Messages to the business"]].map(([key, words]) => h("button", { role: "tab", id: "hole-tab-" + key, "aria-controls": "hole-body", onclick: () => choose(key), onkeydown: (event) => {
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") { choose(tab === "posts" ? "talk" : "posts"); tabs.find((found) => found.getAttribute("aria-selected") === "true").focus(); }
  } }, words));
  const body = h("div.hole-body", { id: "hole-body", role: "tabpanel", tabindex: "0" }), foot = h("div.hole-foot");
  const strip = h("p.note.hole-strip", { role: "status" });
  root.append(h("section.platform", { "aria-label": "The platform" }, h("header.platform-head", {}, h("div.tools", {}, h("strong.platform-name", {}, "Watering Hole"), h("span.space"), h("label.you", {}, "You are", who)), h("div.tools", { role: "tablist", "aria-label": "Parts of the platform" }, tabs), strip), body, foot));

  function choose(key) { tab = key; sessionStorage.setItem("hole-tab", key); replying = null; drawn = ""; foot.replaceChildren(); draw(); }

  // Writing

  let files = [], typing = null, isOn = false;
  const picked = h("div.picked"), context = h("div.answering");
  const heading = h("input", { type: "text", "aria-label": "Title of the post", placeholder: "Title, if you like", maxlength: "120" });
  const text = h("textarea", { rows: "2", oninput: types, onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); } } });
  const picker = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files to attach", onchange: () => attach([...picker.files]) });
  const button = h("button.main", { type: "submit" }, "Post");
  const form = h("form.answer-form", { onsubmit: (event) => { event.preventDefault(); send(); } }, context, picked, heading, text, h("div.tools", {}, h("button", { type: "button", onclick: () => picker.click() }, "Attach …"), picker, h("span.space"), button));

  async function attach(list) {
    for (const one of list) {
      try { files.push(await api("POST", `/hole/upload?name=${encodeURIComponent(one.name)}`, one, { type: one.type || "application/octet-stream" })); }
      catch (error) { desk.say(`${one.name} was not taken: ${error.message}`, "bad"); }
    }
    picker.value = "";
    drawFiles(); text.focus();
  }

  function drawFiles() {
    picked.replaceChildren(...files.map((found) => h("span.chip.info", {}, found.name, h("button.mini", { type: "button", "aria-label": `Do not attach ${found.name}`, onclick: () => { files = files.filter((one) => one !== found); drawFiles(); } }, "×"))));
  }

  function types() {
    if (tab !== "talk") return;
    const tell = (isTyping) => { isOn = isTyping; if (talk()) api("POST", `/hole/threads/${encodeURIComponent(talk().id)}/typing`, { as: me, on: isTyping }).catch(() => {}); };
    if (!isOn && text.value) tell(true);
    clearTimeout(typing);
    typing = setTimeout(() => isOn && tell(false), 4000);
  }

  async function send() {
    const words = text.value.trim();
    if (!words && !files.length) { text.focus(); return; }
    const message = { as: me, text: words, files: files.map((found) => found.id), visibility: tab === "posts" ? "post" : "direct" };
    if (tab === "posts" && replying) { message.thread = replying.thread; message.replyTo = replying.message.id; }
    else if (tab === "posts" && heading.value.trim()) message.title = heading.value.trim();
    else if (tab === "talk" && replying) { message.replyTo = replying.message.id; message.quote = true; }
    await write(message);
    text.value = heading.value = ""; files = []; replying = null; isOn = false;
    drawFiles(); drawFoot(); text.focus();
  }

  async function write(message) {
    try { await api("POST", "/hole/messages", message); } catch (error) { desk.say(error.message, "bad"); }
    if (message.visibility === "direct" || !message.thread) body.scrollTop = tab === "talk" ? body.scrollHeight : 0;
  }

  // Drawing

  const person = (id) => state.people.find((found) => found.id === id);
  const called = (message) => message.author ? `${person(message.author).firstName} ${person(message.author).lastName}` : message.authorName || "The business";
  const talk = () => state.threads.find((found) => !found.isPost && found.person === me);

  async function load() {
    if (isStopped) return;
    state = await api("GET", "/hole");
    draw();
  }

  let fade = null;
  function draw() {
    if (!state) return;
    if (!who.firstChild) who.append(...state.people.filter((found) => !found.hasLeft).map((found) => h("option", { value: found.id }, `${found.firstName} ${found.lastName}`)));
    if (!person(me)) me = state.people[0].id;
    who.value = me;
    tabs.forEach((found) => { const isOn = found.id === "hole-tab-" + tab; found.setAttribute("aria-selected", String(isOn)); found.tabIndex = isOn ? 0 : -1; });
    const unseen = talk()?.messages.filter((message) => !message.author && !message.isSeen).length;
    tabs[1].replaceChildren("Messages to the business", unseen && tab !== "talk" ? h("span.unread", {}, String(unseen)) : "");
    strip.textContent = state.waiting ? `${state.waiting} ${state.waiting === 1 ? "event waits" : "events wait"} for the middleware.` : "";
    body.setAttribute("aria-labelledby", "hole-tab-" + tab);
    const sign = JSON.stringify([tab, me, state.threads.map((found) => tab === "posts" ? found.isPost && found : found.person === me && found)]);
    if (sign !== drawn) {
      drawn = sign;
      const wasAtEnd = body.scrollHeight - body.scrollTop - body.clientHeight < 60, focus = body.contains(document.activeElement) && document.activeElement.dataset.focus;
      body.replaceChildren(...(tab === "posts" ? posts() : conversation()));
      if (tab === "talk" && wasAtEnd) body.scrollTop = body.scrollHeight;
      if (focus) body.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
    }
    if (!foot.firstChild) drawFoot();
    clearTimeout(fade);
    const left = Math.max(0, ...state.threads.map((found) => found.agentTypesFor));
    if (left) fade = setTimeout(load, left + 50);
    see();
  }

  /** What a person has before them is seen. */
  function see() {
    if (document.hidden || !root.offsetParent) return;
    for (const found of state.threads) {
      const isShown = tab === "posts" ? found.isPost : found.person === me && !found.isPost;
      if (isShown && found.messages.some((message) => !message.author && !message.isSeen)) api("POST", `/hole/threads/${encodeURIComponent(found.id)}/seen`, { as: me }).catch(() => {});
    }
  }
  document.addEventListener("visibilitychange", see);

  function drawFoot() {
    if (foot.firstChild !== form) foot.replaceChildren(form);
    const label = tab === "posts" ? replying ? "Comment" : "New post" : "Message";
    text.setAttribute("aria-label", label);
    text.placeholder = tab === "posts" ? replying ? "Your comment …" : "What is going on at the water?" : "Write to the business …";
    button.textContent = tab === "posts" ? replying ? "Comment" : "Post" : "Send";
    heading.hidden = tab !== "posts" || Boolean(replying);
    context.replaceChildren(...(replying ? [h("span", {}, tab === "posts" ? `Under ${called(replying.message)}: ` : "Quoting: ", h("q", {}, short(replying.message.text || "a file"))), h("button", { type: "button", onclick: () => { replying = null; drawFoot(); text.focus(); } }, "Not")] : []));
  }

  const typist = (found) => found.agentTypesFor > 0 ? h("p.typing", { role: "status" }, "An agent is typing …") : null;

  function posts() {
    const list = state.threads.filter((found) => found.isPost);
    if (!list.length) return [h("p.empty", {}, "Nobody has posted yet. Say something: an agent will see it as a case.")];
    return list.map((found) => h("article.post", { "aria-label": found.title || "Post" }, tree(found).map(([message, depth]) => item(found, message, depth)), typist(found)));
  }

  function tree(found) {
    const ids = new Set(found.messages.map((message) => message.id)), result = [], used = new Set();
    const put = (message, depth) => {
      if (used.has(message)) return;
      used.add(message);
      result.push([message, Math.min(depth, 4)]);
      for (const child of found.messages) if (child.replyTo === message.id && child !== message) put(child, depth + 1);
    };
    for (const message of found.messages) if (!message.replyTo || !ids.has(message.replyTo)) put(message, message === found.messages[0] ? 0 : 1);
    return result;
  }

  function conversation() {
    const found = talk();
    if (!found || !found.messages.length) return [h("p.empty", {}, "No messages yet. Write to the business: an agent answers here.")];
    return [...found.messages.map((message) => item(found, message, 0)), typist(found), found.isEnded ? h("p.box", {}, "This conversation has ended. Writing opens it again.") : h("div.tools.end", {}, h("button", { "data-focus": "end", onclick: () => api("POST", `/hole/threads/${encodeURIComponent(found.id)}/end`, { as: me }) }, "End the conversation"))];
  }

  const states = { waiting: "Being sent …", sent: "Sent", failed: "Not sent" };

  function item(found, message, depth) {
    const isOwn = message.author === me, isAgent = !message.author;
    const parent = message.isQuote && found.messages.find((one) => one.id === message.replyTo);
    const path = `/hole/threads/${encodeURIComponent(found.id)}/messages/${encodeURIComponent(message.id)}`;
    const edit = () => { const words = h("textarea", { rows: "2", "aria-label": "New words" }); words.value = message.text;
      element.replaceChildren(h("form", { onsubmit: async (event) => { event.preventDefault(); await api("POST", path + "/edit", { as: me, text: words.value }).catch((error) => desk.say(error.message, "bad")); drawn = ""; load(); } }, words, h("div.tools", {}, h("button.main", { type: "submit" }, "Save"), h("button", { type: "button", onclick: () => { drawn = ""; draw(); } }, "Cancel")))); words.focus(); };
    const element = h("div.item", { class: `item${isAgent ? " agent" : isOwn ? " own" : ""}${depth ? " nested" : ""}${found.isPost ? "" : " bubble " + (isAgent ? "in" : "out")}` },
      h("p.bubble-head", {}, h("strong", {}, called(message)), isAgent && message.authorName ? h("span.chip.good", {}, "the business") : null, h("time", {}, clock(message.time)), message.isEdited ? h("span.note", {}, "edited") : null),
      found.isPost && message === found.messages[0] && found.title ? h("h2.post-title", {}, found.title) : null,
      parent ? h("p.quoted", {}, short(parent.text || "a file")) : null,
      message.isDeleted ? h("p.note", {}, "Deleted.") : [message.heading ? h("p.bubble-title", {}, message.heading) : null, message.text ? h("p.bubble-text", { dir: "auto" }, message.text) : null],
      message.link ? h("p", {}, /^https?:\/\//i.test(message.link.url) ? h("a", { href: message.link.url, target: "_blank", rel: "noopener noreferrer" }, message.link.title || message.link.url) : message.link.title) : null,
      message.files.map((one) => h("a.file", { href: one.url, target: "_blank", rel: "noopener" }, /^image\/(png|jpeg|gif|webp)/.test(one.mediaType) ? h("img", { src: one.url, alt: "" }) : null, h("span", {}, `${one.name} · ${Math.max(1, Math.round(one.size / 1024))} KiB`))),
      message.lostFiles.map((name) => h("p.box.warn", {}, `${name} could not be fetched.`)),
      (message.choices || []).length ? h("div.tools", {}, message.choices.map((choice) => h("button", { "data-focus": `${message.id}-${choice.title}`, title: choice.description || null, onclick: () => write({ as: me, visibility: found.isPost ? "post" : "direct", thread: found.id, choice: { title: choice.title, value: choice.value } }) }, choice.title))) : null,
      isOwn ? h("p.mark", { class: "mark " + message.state }, states[message.state] || "", message.problem ? ` · ${message.problem}${message.attempts > 1 ? ` (${message.attempts} attempts)` : ""}` : "") : null,
      h("div.item-tools", {},
        !message.isDeleted && (found.isPost || isAgent) ? h("button.answer", { "data-focus": "reply-" + message.id, onclick: () => { replying = { thread: found.id, message }; drawFoot(); text.focus(); } }, found.isPost ? "Comment" : "Quote") : null,
        isOwn && message.state === "failed" ? h("button.answer", { "data-focus": "again-" + message.id, onclick: () => api("POST", path + "/again", { as: me }).catch((error) => desk.say(error.message, "bad")) }, "Send again") : null,
        isOwn && message.state === "sent" && !message.isDeleted ? [h("button.answer", { "data-focus": "edit-" + message.id, onclick: edit }, "Edit"), h("button.answer", { "data-focus": "delete-" + message.id, onclick: () => api("POST", path + "/delete", { as: me }).catch((error) => desk.say(error.message, "bad")) }, "Delete")] : null));
    element.style.setProperty("--depth", String(depth));
    return element;
  }

  const stop = desk.follow("hole", load);
  return () => { isStopped = true; clearTimeout(fade); document.removeEventListener("visibilitychange", see); stop(); };
}
