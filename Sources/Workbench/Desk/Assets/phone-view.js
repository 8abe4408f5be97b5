// The elements of phone and chat, and how they show what `phone.js` knows.

import { h, api, say, go } from "./desk.js";
import { branches, collected, numbers, summary, turn as scriptTurn } from "./phone-script.js";
import { bubbles, mine } from "./phone-talk.js";
import { form, standardBot } from "./phone-app.js";
import { panel as faultPanel } from "./phone-faults.js";
import {
  actionNow, appNow, apply, asksForKeys, call, focusInput, follows, forget, hangUp, isChat, isOn, keep, keys, limit, mask, model, parts, perform, playAll, press,
  record, refresh, send, show, speak, suggestion,
} from "./phone.js";

const letters = { 2: "abc", 3: "def", 4: "ghi", 5: "jkl", 6: "mno", 7: "pqrs", 8: "tuv", 9: "wxyz", 0: "+" };
const tabs = [["script", "Script"], ["app", "App"], ["tests", "StandardBot"], ["faults", "Faults"], ["diagram", "Diagram"]];

function drawn(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function glyph(path, size = 22) {
  const pen = { fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round" };
  const picture = drawn("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" });
  picture.append(drawn("path", { d: path, ...pen }));
  return picture;
}
const handset = "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2";
const balloon = "M4 5h16v11H10l-5 4v-4H4z";

export function build() {
  const made = {};
  made.apps = h("select", { id: "phone-app", "aria-label": "App", onchange: (event) => { model.play += 1; choose(event.target.value); } });
  made.who = h("p.callee");
  made.timer = h("p.timer.number", { role: "timer", "aria-label": "Length of the conversation" });
  made.log = h("div.talk", { role: "log", "aria-live": "polite", "aria-label": "Conversation", tabindex: "0" });
  // Stays at the end while that is what the person looks at, whatever grows.
  made.log.addEventListener("scroll", () => { if (model) model.atEnd = made.log.scrollHeight - made.log.scrollTop - made.log.clientHeight < 24; });
  made.watch = new ResizeObserver(toEnd);
  made.watch.observe(made.log);
  made.home = h("div.home");
  made.stage = h("div.stage", {}, made.log, made.home);
  made.expects = h("p.expects", { role: "status" });
  made.countdown = h("p.countdown.number");
  made.notice = h("p.notice", { role: "status" });
  made.slots = h("p.slots", {});
  made.tries = h("div.tries");
  made.words = h("input.words", { type: "text", autocomplete: "off", dir: "auto", enterkeyhint: "send" });
  made.words.addEventListener("input", () => { model.play += 1; model.quietSince = performance.now(); });
  made.send = h("button.main", { type: "submit" }, "Say");
  made.composer = h("form.composer", { onsubmit: (event) => { event.preventDefault(); speak(made.words.value); } }, made.words, made.send);
  made.pad = h("div.pad", { role: "group", tabindex: "0", "aria-label": "Keypad: type 0 to 9, * and #; letters go into what is said" }, keys.map((key) =>
    h("button.key", {
      type: "button", "data-key": key, tabindex: "-1", "aria-label": { "*": "star", "#": "hash" }[key] || key, onclick: () => { model.play += 1; press(key); },
    }, h("b", {}, key), h("small", { "aria-hidden": "true" }, letters[key] || ""))));
  made.silence = h("button", { type: "button", onclick: () => { model.play += 1; perform({ silence: true }); } }, "Stay silent");
  made.pick = h("input.away", { type: "file", id: "phone-file", accept: "audio/*,.wav", tabindex: "-1", "aria-label": "Audio file to send",
    onchange: (event) => { const [chosen] = event.target.files; event.target.value = ""; if (chosen) { model.play += 1; send(chosen); } } });
  made.file = h("button", { type: "button", onclick: () => made.pick.click() }, "Send a file");
  made.mic = h("button", { type: "button", "aria-pressed": "false", onclick: () => { model.play += 1; record(); } }, "Microphone");
  made.end = h("button.hang", { type: "button", onclick: hangUp }, glyph(handset, 20), h("span", {}, "Hang up"));
  made.deeds = h("div.deeds", {}, made.silence, made.file, made.mic, made.pick, made.end);
  made.heard = h("div.heard-back");
  made.controls = h("div.controls", {}, made.pad, made.deeds);
  made.options = h("details.options", {}, h("summary", {}, "Options"),
    option("Stay silent by itself when the time is up", "auto", () => { model.quietSince = performance.now(); }),
    option("Hide the digits that were keyed", "mask", forget),
    option("Play recordings as they come", "sounds"), option("Sound of the keys", "tones"),
    option("Interrupt: the next input comes while prompts still play", "barge"));
  made.below = h("div.below", {},
    h("div.now", {}, made.expects, made.countdown, made.notice, made.slots), made.tries, made.composer, made.controls, made.heard, made.options);
  made.device = h("section.device", { "aria-label": "Contact" }, h("header", {}, made.apps, made.who, made.timer), made.stage, made.below);

  made.turns = h("ol.turns", { "aria-label": "Turns" });
  made.flow = h("div");
  made.figures = h("div.figures");
  made.collected = h("div.collected");
  made.tools = h("div.row.tools");
  made.none = h("div.none");
  made.panels = Object.fromEntries(tabs.map(([name]) =>
    [name, h("div.panel", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, tabindex: "0", hidden: true })]));
  made.panels.script.append(made.flow, made.figures, made.none, made.turns, made.collected);
  made.tabs = h("div.tabs", { role: "tablist", "aria-label": "About this conversation" }, tabs.map(([name, words]) =>
    h("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`,
      onclick: () => choosePanel(name), onkeydown: (event) => roam(event, name),
    }, words)));
  made.history = h("select.history", { "aria-label": "Conversation shown" });
  made.history.addEventListener("change", () => go("phone", ...[made.history.value].filter(Boolean)));
  made.side = h("section.side", { "aria-label": "Studio script" }, h("div.head", {}, made.tabs, made.history, made.tools), Object.values(made.panels));
  return made;
}

function option(words, name, changed) {
  return h("label.tick", {}, h("input", { type: "checkbox", checked: model[name], onchange: (event) => {
    model[name] = event.target.checked;
    if (name !== "barge") keep(name, model[name]);
    changed?.();
    render();
  } }), words);
}

function roam(event, name) {
  const names = tabs.map(([each]) => each), at = names.indexOf(name);
  const next = { ArrowRight: names[(at + 1) % names.length], ArrowLeft: names.at(at - 1), Home: names[0], End: names.at(-1) }[event.key];
  if (!next) return;
  event.preventDefault();
  choosePanel(next);
  document.getElementById(`tab-${next}`).focus();
}

function choosePanel(name) {
  model.tab = name;
  render();
}

function choose(name) {
  if (name === "") { model.app = null; model.tab = "app"; }
  else { model.app = name; keep("app", name); }
  if (model.current) { model.epoch += 1; go("phone"); apply(null); if (name) model.app = name; else model.app = null; }
  render();
}

export function render() {
  const { current, hub } = model, app = appNow(), chat = isChat(), on = isOn();
  renderApps();
  parts.device.dataset.medium = chat ? "chat" : "voice";
  parts.device.dataset.state = model.asking && !current ? "calling" : current ? current.state : "idle";
  parts.who.replaceChildren(app ? h("span", {}, h("bdi", {}, app.agent || ""), ` · version ${app.version || "?"}`) : "");
  renderHome(app, chat);
  renderTalk(chat);
  const behaviour = current?.behaviour || {};
  const expects = !on ? "" : model.asking && !model.asking.isKey ? "The virtual agent is asked…" : sentence(behaviour.words || "");
  if (parts.expects.textContent !== expects) parts.expects.textContent = expects;
  const notice = on && !model.asking && current.ignored ? `Nothing happened. ${sentence(current.ignored)}` : "";
  if (parts.notice.textContent !== notice) parts.notice.textContent = notice;
  parts.below.hidden = !on;
  parts.controls.hidden = !on;
  parts.pad.hidden = chat;
  parts.file.hidden = parts.mic.hidden = chat;
  parts.words.placeholder = chat ? "Write a message" : "Say something";
  parts.words.setAttribute("aria-label", chat ? "Message of the contact" : "What the contact says");
  parts.send.textContent = chat ? "Send" : "Say";
  parts.end.lastChild.textContent = chat ? "Leave" : "Hang up";
  parts.mic.setAttribute("aria-pressed", String(Boolean(model.recording)));
  renderKeys();
  renderTries();
  renderSide(hub, app, current);
  tick();
  toEnd();
}

const sentence = (words) => (words ? words[0].toUpperCase() + words.slice(1) : "");

function renderApps() {
  const apps = model.hub?.apps || [];
  const wanted = JSON.stringify([apps.map((app) => [app.name, app.medium]), model.app]);
  if (parts.apps.dataset.of === wanted) return;
  parts.apps.dataset.of = wanted;
  const groups = [["voice", "Telephone"], ["chat", "Chat"]].map(([medium, words]) => {
    const members = apps.filter((app) => (app.medium === "chat") === (medium === "chat"));
    return members.length > 0 && h("optgroup", { label: words }, members.map((app) =>
      h("option", { value: app.name, selected: app.name === model.app }, app.name)));
  });
  parts.apps.replaceChildren(...groups.filter(Boolean), h("option", { value: "", selected: model.app === null }, "New app…"));
}

function renderHome(app, chat) {
  const calling = model.asking && !model.current;
  parts.home.hidden = Boolean(model.current);
  parts.log.hidden = !model.current;
  const wanted = JSON.stringify([app?.name, chat, Boolean(calling)]);
  if (parts.home.dataset.of === wanted || !model.hub) return;
  parts.home.dataset.of = wanted;
  const isSample = app?.agent === "orders";
  parts.home.replaceChildren(...(!app ? [h("p.note", {}, "No app yet. Add one beside.")] : [
    h("button.call", { type: "button", disabled: Boolean(calling), onclick: () => call() },
      glyph(chat ? balloon : handset, 44), h("span", {}, calling ? "Calling" : chat ? "Start chat" : "Call")),
    h("p.number-of", {}, h("bdi", {}, app.name)),
    isSample && h("p.note", {}, "Order status: ask where your order is, ", chat ? "give" : "key", " 13 digits, ask for a person."),
    isSample && h("button.watch", { type: "button", disabled: Boolean(calling), onclick: playAll }, "Or watch it play by itself"),
  ].filter(Boolean)));
}

function renderTalk(chat) {
  const { current } = model;
  if (!current) return;
  const last = current.turns.at(-1)?.number;
  let changed = false;
  for (const turn of current.turns) {
    const live = turn.number === last && isOn() && !model.asking;
    const mark = JSON.stringify([turn.says, turn.input, live && (turn.says || []).some((part) => part.choices?.length), model.mask]);
    const known = model.heard.get(turn.number);
    if (known?.mark === mark) continue;
    const autoplay = model.sounds && !known && turn.number > (model.fresh || 0);
    const nodes = bubbles(turn, { chat, mask, live, autoplay, perform: (input, words) => { model.play += 1; perform(input, words); } });
    if (known) { known.nodes[0]?.before(...nodes); for (const node of known.nodes) node.remove(); } else { parts.log.append(...nodes); changed = true; }
    model.heard.set(turn.number, { mark, nodes });
  }
  parts.log.querySelector(".echo")?.remove();
  if (model.echo) {
    const bubble = mine(model.echo.text, chat ? "wrote" : "said");
    bubble.classList.add("echo");
    parts.log.append(bubble);
    changed = true;
  }
  // Kept while it is the same, because the focus may be in it.
  if (current.state === "ended" && !parts.log.querySelector(".closing")) {
    parts.log.append(closing(current, chat));
    changed = true;
  }
  if (changed) model.atEnd = true;
  toEnd();
}

function toEnd() { if (model?.atEnd) parts.log.scrollTop = parts.log.scrollHeight; }

function closing(current, chat) {
  const { why = "ended", transfer, branch } = current.ended || {};
  return h("div.closing", {},
    h("p.why", {}, h("bdi", {}, mask(sentence(String(why))))),
    transfer && h("p.note", {}, "To skill ", h("bdi", {}, mask(String(transfer.skill ?? "without a name"))),
      transfer.reason && [": ", h("bdi", {}, mask(String(transfer.reason)))]),
    branch && h("p.note", {}, `Branch ${branch}`),
    h("div.row", {},
      h("button.main", { type: "button", onclick: () => call(current.app) }, chat ? "Chat again" : "Call again"), h("a.button", saving(current), "Save"),
      h("button", { type: "button", onclick: () => { choosePanel("diagram"); parts.side.scrollIntoView({ block: "nearest" }); } }, "Diagram")));
}

const saving = (current) => ({
  href: `/hub/interactions/${encodeURIComponent(current.id)}/chat`, download: `${current.app.replace(/[^\w-]+/g, "-")}-${current.id}.chat`,
});

export function renderKeys() {
  const current = model.current;
  if (!current || isChat()) { parts.slots.hidden = true; return; }
  const typed = (current.keys || "") + (model.underway || "") + model.pending, behaviour = current.behaviour || {};
  const most = behaviour.digitLimit || 0, wants = most > 0 && isOn() && asksForKeys();
  parts.slots.hidden = !typed && !wants;
  const shown = model.mask ? "•".repeat(typed.length) : typed;
  const boxes = wants && most <= 20;
  parts.slots.replaceChildren(
    h("span.boxes" + (boxes ? "" : ".plain"), { "aria-hidden": "true" }, boxes
      ? Array.from({ length: Math.max(most, shown.length) }, (_, index) =>
        h("i" + (shown[index] ? ".filled" : index === shown.length ? ".next" : ""), {}, shown[index] || ""))
      : h("i.line", {}, shown)),
    h("span.number.of", {}, most ? `${typed.length} of ${most}` : `${typed.length} keyed`));
}

function renderTries() {
  const next = model.asking ? null : suggestion();
  const wanted = JSON.stringify(next);
  if (parts.tries.dataset.of === wanted) return;
  parts.tries.dataset.of = wanted;
  parts.tries.replaceChildren(...(next ? [h("span.note", {}, "Try"),
    h("button.try", { type: "button", onclick: () => { model.play += 1; follows(next).then(focusInput); } },
      next.words ? `“${next.words}”` : `key ${next.keys}`)] : []));
}

function renderSide(hub, app, current) {
  for (const [name] of tabs) {
    const button = document.getElementById(`tab-${name}`) || [...parts.tabs.children].find((each) => each.id === `tab-${name}`);
    button.setAttribute("aria-selected", String(model.tab === name));
    button.tabIndex = model.tab === name ? 0 : -1;
    parts.panels[name].hidden = model.tab !== name;
  }
  renderHistory(hub, current);
  if (!hub) return;
  if (model.tab === "script") renderScript(app, current);
  if (model.tab === "app") once("app", [model.app, model.saved || 0], () => [form(app, hub, saved, model.told)]);
  if (model.tab === "tests") {
    const opened = (id) => { model.tab = "script"; go("phone", id); };
    once("tests", [model.app], () => [app ? standardBot(app, opened) : h("p.empty", {}, "Choose an app.")]);
  }
  if (model.tab === "faults") {
    model.faults ??= faultPanel({
      state: () => ({ interaction: model.current, app: appNow(), hub: model.hub }), call,
      changed: (found) => { if (found) { show(found); } else refresh().catch((error) => say(error.message, "bad")); },
    });
    once("faults", [], () => [model.faults.element]);
    model.faults.update();
  }
  if (model.tab === "diagram") once("diagram", [current?.id, current?.turns.length, current?.state], () => diagram(current));
}

/** Fills a panel anew only when what it is of has changed, so that nothing typed is lost. */
function once(name, of, fill) {
  const panel = parts.panels[name], wanted = JSON.stringify(of);
  if (panel.dataset.of === wanted) return;
  panel.dataset.of = wanted;
  panel.replaceChildren(...fill());
}

function saved(name, told = null) {
  model.told = told;
  model.app = name ?? model.app;
  model.saved = (model.saved || 0) + (name === null ? 1 : 0);
  if (name === null) { model.app = null; model.tab = "script"; } else if (!told) say(`${name} is saved`);
  refresh().catch((error) => say(error.message, "bad"));
}

function renderHistory(hub, current) {
  const list = hub?.interactions || [];
  const wanted = JSON.stringify([list.map((each) => [each.id, each.state]), current?.id]);
  if (parts.history.dataset.of !== wanted) {
    parts.history.dataset.of = wanted;
    const ids = list.map((each) => each.id);
    const all = current && !ids.includes(current.id) ? [current, ...list] : list;
    parts.history.hidden = all.length === 0;
    parts.history.replaceChildren(
      h("option", { value: "", selected: !current }, current ? "New conversation" : "Earlier conversations"),
      ...all.slice(0, 100).map((each) =>
        h("option", { value: each.id, selected: each.id === current?.id }, `${clock(each.begun)} · ${each.app}${each.state === "ended" ? "" : " · open"}`)));
  }
  const tools = JSON.stringify([current?.id]);
  if (parts.tools.dataset.of !== tools) {
    parts.tools.dataset.of = tools;
    parts.tools.replaceChildren(...(current ? [h("a.button", { ...saving(current), "aria-label": "Save as a conversation file" }, "Save .chat")] : []));
  }
}

const clock = (milliseconds) => new Date(milliseconds).toLocaleTimeString("en-GB");

function renderScript(app, current) {
  parts.flow.replaceChildren(branches(app, actionNow(), current));
  parts.figures.hidden = !current;
  parts.figures.replaceChildren(...(current ? summary(current, limit()).filter(Boolean) : []));
  parts.collected.replaceChildren(...collected(current, mask));
  parts.none.hidden = Boolean(current);
  if (!current) renderFacts(app);
  if (!current) { parts.turns.replaceChildren(); return; }
  let added = false;
  for (const item of current.turns) {
    const mark = JSON.stringify([item, model.mask]);
    const known = model.rows.get(item.number);
    if (known?.mark === mark) continue;
    const element = scriptTurn(item, { interaction: current, limit: limit(), mask });
    if (known) known.element.replaceWith(element); else { parts.turns.append(element); added = true; }
    model.rows.set(item.number, { mark, element });
  }
  if (added) parts.panels.script.scrollTop = parts.panels.script.scrollHeight;
}

/** What will be asked, how it is used by keyboard, and what was before: until there is a conversation. */
function renderFacts(app) {
  const list = model.hub.interactions || [];
  const wanted = JSON.stringify([app, list.slice(0, 12)]);
  if (parts.none.dataset.of === wanted) return;
  parts.none.dataset.of = wanted;
  const fact = (name, ...words) => [h("dt", {}, name), h("dd", {}, words)];
  const key = (words) => h("kbd", {}, words);
  const headers = (app?.headers || []).map((header) => header.name).join(", ");
  parts.none.replaceChildren(...[
    app && h("section", {}, h("h2", {}, "Each turn asks"), h("dl.facts", {},
      fact("Endpoint", h("code", {}, h("bdi", {}, `POST ${app.url}`))),
      fact("Virtual agent", h("code", {}, h("bdi", {}, app.agent))),
      fact("Version", app.version, headers && h("span.note", {}, " with ", h("bdi", {}, headers)), app.oauth && h("span.note", {}, " with a token")),
      fact("Time", `answer within ${numbers.format(limit())} ms`, h("span.note", {}, `, CXone waits ${app.timeoutSeconds} s`)))),
    h("section", {}, h("h2", {}, "By keyboard"), h("dl.facts", {},
      fact([key("0"), "…", key("9"), " ", key("*"), " ", key("#")], "keys of the telephone"),
      fact([key("A"), "…", key("Z")], "begin to say something, ", key("Enter"), " says it"),
      fact([key("Backspace")], "clears the keys, ", key("Esc"), " goes back to them"))),
    list.length > 0 && h("section.earlier", {}, h("h2", {}, "Earlier"), h("ol", {}, list.slice(0, 12).map((each) => h("li", {},
      h("a", { href: `#phone/${encodeURIComponent(each.id)}` }, h("span.number", {}, clock(each.begun)), " ", h("bdi", {}, each.app)),
      h("span.note", {}, `${each.turns} ${each.turns === 1 ? "turn" : "turns"}`), h("bdi.note", {}, each.ended || each.state))))),
  ].filter(Boolean));
}

function diagram(current) {
  if (!current) return [h("p.empty", {}, "Call first; the diagram grows with each turn.")];
  const base = `/hub/interactions/${encodeURIComponent(current.id)}/diagram`, name = saving(current).download.replace(/\.chat$/, "");
  return [
    h("div.row.downloads", {}, [["svg", "SVG"], ["mmd", "Mermaid"]].map(([kind, words]) =>
      h("a.button", { href: `${base}.${kind}`, download: `${name}.${kind}` }, `Save ${words}`))),
    h("div.drawing", { tabindex: "0", role: "group", "aria-label": "Diagram" }, h("img", {
      src: `${base}.svg?turns=${current.turns.length}`,
      alt: `Sequence diagram of conversation ${current.id}: ${current.turns.length} turns between contact, CXone, tunnel and virtual agent`,
    }))];
}

/** Everything that runs with the clock, in numbers. */
export function tick() {
  if (!model) return;
  const { current, asking } = model, now = performance.now();
  let words = "";
  if (asking && now - asking.since > 150) words = `${numbers.format(Math.round((now - asking.since) / 10) * 10)} of ${numbers.format(limit())} ms`;
  else if (model.recording) words = `recording ${((now - model.recording.since) / 1000).toFixed(1)} s`;
  else if (isOn() && !asking) words = waiting(now);
    if (parts.countdown.textContent !== words) parts.countdown.textContent = words;
  const mic = model.recording ? "Stop and send" : "Microphone";
  if (parts.mic.textContent !== mic) parts.mic.textContent = mic;
  const long = current?.begun ? length(current) : "";
  if (parts.timer.textContent !== long) parts.timer.textContent = long;
}

function length(current) {
  const last = current.turns.at(-1), until = current.state === "ended" ? (last?.at ?? current.begun) + (last?.milliseconds ?? 0) : Date.now();
  const seconds = Math.max(0, Math.floor((until - current.begun) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function waiting(now) {
  const { current } = model, typed = (current.keys || "") + model.pending, behaviour = current.behaviour || {};
  if (typed && Number.isFinite(current.keysDue)) {
    const left = current.keysDue - (now - model.arrived);
    if (left < -500 && !model.looked) { model.looked = true; refresh().catch(() => {}).finally(() => { if (model) model.looked = false; }); }
    return `complete in ${(Math.max(0, left) / 1000).toFixed(1)} s`;
  }
  if (!model.auto || !behaviour.silenceMs || typed) return "";
  const left = behaviour.silenceMs - (now - model.quietSince);
  if (left <= 0) { model.quietSince = now + 60_000; perform({ silence: true }); return ""; }
  return `silence in ${(left / 1000).toFixed(1)} s`;
}
