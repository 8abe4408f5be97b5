// The inspector: every exchange of both halves, live; one of them in four panes; its conversation as waterfall and sequence diagram.
//
// All rows that the server keeps are held here, small as they are, so that a filter answers while one types. Everything shown was masked by the
// server; nothing hidden is ever here.

export const title = "Inspector";

const WAYS = {
  fromCXone: ["CXone asks the middleware", (name) => `CXone → ${name}`], toCXone: ["the middleware asks CXone", (name) => `${name} → CXone`],
  fromPlatform: ["the platform asks the middleware", (name) => `platform → ${name}`],
};
const way = (row) => WAYS[row.direction][1](row.name || "middleware");
const FLAGS = { fault: "bad", "no answer": "bad", error: "bad", refused: "warn", late: "bad", slow: "warn", "near miss": "warn", "other side failed": "bad", "sent again": "info" };

let desk, view, rows, shown, version, chosen, detail, filter, stop;

export function mount(root, given) {
  desk = given;
  rows = new Map(); shown = []; version = 0; chosen = null; detail = null;
  filter = { text: "", half: "", name: "", flag: "" };
  view = draw(root);
  desk.follow("inspector", load);
  const abort = new AbortController();
  stop = () => abort.abort();
  addEventListener("keydown", shortcut, { signal: abort.signal });
  addEventListener("resize", () => { paint(true); connect(); }, { signal: abort.signal });
  moved();
}

export function unmount() { stop?.(); }

export function moved() {
  const [place, tab] = desk.place("inspector");
  if (place === "file") return openFile();
  const id = Number(place) || null;
  if (id !== chosen || tab !== (detail && detail.tab)) open(id, tab);
}

function shortcut(event) {
  const isTyping = event.target.matches("input, textarea, select");
  if (event.key === "/" && !isTyping) { event.preventDefault(); view.search.focus(); }
  if (event.key === "Escape" && !view.editor && chosen && !event.target.matches("select")) { event.preventDefault(); back(); }
}

function back() {
  desk.go("inspector");
  view.list.focus();
}

// ---- The list

function draw(root) {
  const { h } = desk;
  const view = {};
  view.search = h("input", { type: "search", id: "ins-search", placeholder: "words, path, branch, contact, >500", autocomplete: "off", spellcheck: "false", oninput: () => { filter.text = view.search.value; sift(); } });
  const select = (key, label, options) => {
    const element = h("select", { id: `ins-${key}`, "aria-label": label, onchange: () => { filter[key] = element.value; sift(); } }, options.map(([value, text]) => h("option", { value }, text)));
    return element;
  };
  view.half = select("half", "Half of CXone", [["", "Both halves"], ["virtualAgentHub", "Turns"], ["digitalExperience", "Messages"]]);
  view.name = select("name", "Agent or channel", [["", "Every agent and channel"]]);
  view.flag = select("flag", "Flag", [["", "Flagged or not"], ["*", "Flagged"], ...Object.keys(FLAGS).map((flag) => [flag, flag])]);
  view.count = h("p.note.ins-count", { role: "status", id: "ins-count" });
  view.store = h("button", { type: "button", hidden: true, "aria-pressed": "false", onclick: switchStore }, "Take the store down");
  view.down = h("p.box.warn.ins-down", { hidden: true }, "The store is down by order. Turns go on. Contacts’ messages are refused, so that platforms keep them and send them again; agents read that theirs was not sent. The list shows it.");
  view.canvas = h("div.ins-canvas", { role: "presentation" });
  view.list = h("div.ins-list", {
    tabindex: "0", role: "listbox", "aria-label": "Exchanges, latest first", id: "ins-list", onscroll: () => paint(), onkeydown: walk,
    onclick: (event) => { const row = event.target.closest("[data-id]"); if (row) desk.go("inspector", row.dataset.id); },
  }, view.canvas);
  view.empty = h("p.empty", {}, "No exchange yet. Call an agent on “Phone and chat”, or write in the chat: every request and answer appears here.");
  view.side = h("section.ins-side", { "aria-label": "The exchange", id: "ins-side" });
  view.page = h("div.ins", {},
    h("h1.ins-away", {}, title),
    h("section.ins-left", { "aria-label": "Exchanges" },
      h("div.ins-filters", { role: "search" },
        h("label.ins-search", { for: "ins-search" }, h("span.ins-away", {}, "Filter"), view.search), view.half, view.name, view.flag),
      h("div.row.ins-more", {}, view.count, view.store,
        h("button", { type: "button", onclick: () => desk.go("inspector", "file") }, "Trace file…"),
        h("button", { type: "button", onclick: forget }, "Clear")),
      view.down,
      h("div.ins-head", { "aria-hidden": "true" }, ["time", "who asks whom", "contact", "outcome, what was said", "ms"].map((name) => h("span", {}, name))),
      view.empty, view.list),
    view.side);
  root.append(view.page);
  return view;
}

async function load() {
  const answer = await desk.api("GET", `/inspector/exchanges?since=${version}`);
  if (answer.version < version || (answer.first > 1 && rows.size && !rows.has(answer.first) && answer.rows.length === 0 && answer.first > Math.max(...rows.keys()))) rows.clear();
  version = answer.version;
  view.store.hidden = answer.isStoreDown === undefined;
  view.down.hidden = !answer.isStoreDown;
  view.store.setAttribute("aria-pressed", answer.isStoreDown ? "true" : "false");
  view.store.textContent = answer.isStoreDown ? "Bring the store up" : "Take the store down";
  const before = rows.size;
  for (const row of answer.rows) {
    row.search = [row.name, row.contact, row.conversation, row.method, row.path, row.status, row.outcome, row.words, ...row.flags].filter((part) => part !== undefined).join("\n").toLowerCase();
    rows.set(row.id, row);
  }
  for (const id of rows.keys()) { if (id < answer.first) rows.delete(id); else break; }
  if (answer.rows.length || rows.size !== before) { names(); sift(true); }
  if (chosen && detail && answer.rows.some((row) => row.id === chosen || row.conversation === detail.row?.conversation && detail.tab === "conversation")) refresh();
  if (!chosen && !view.file) times();
}

function names() {
  const found = [...new Set([...rows.values()].map((row) => row.name).filter(Boolean))].sort();
  if (found.join() === view.names) return;
  view.names = found.join();
  view.name.replaceChildren(desk.h("option", { value: "" }, "Every agent and channel"), ...found.map((name) => desk.h("option", { value: name }, name)));
  view.name.value = found.includes(filter.name) ? filter.name : "";
  filter.name = view.name.value;
}

/** Sifts all rows; the newest come first. */
function sift(isGrowth = false) {
  const begun = performance.now();
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const least = words.filter((word) => /^>\d+$/.test(word)).map((word) => Number(word.slice(1)));
  const parts = words.filter((word) => !/^>\d*$/.test(word));
  const before = shown.length, top = view.list.scrollTop;
  const found = [];
  for (const row of rows.values()) {
    if (filter.half && row.half !== filter.half) continue;
    if (filter.name && row.name !== filter.name) continue;
    if (filter.flag && (filter.flag === "*" ? !row.flags.length : !row.flags.includes(filter.flag))) continue;
    if (least.some((most) => row.milliseconds < most)) continue;
    if (!parts.every((part) => row.search.includes(part))) continue;
    found.push(row);
  }
  found.sort((one, other) => other.time - one.time || other.id - one.id);
  shown = found;
  // Who has scrolled down stays where he reads.
  const height = rowHeight();
  view.canvas.style.setProperty("--rows", shown.length);
  if (isGrowth && top > height && shown.length > before) view.list.scrollTop = top + (shown.length - before) * height;
  else if (!isGrowth) view.list.scrollTop = 0;
  paint(true);
  const took = performance.now() - begun;
  const isAll = shown.length === rows.size;
  view.page.dataset.took = took.toFixed(1);
  view.count.textContent = isAll ? `${rows.size.toLocaleString("en")} exchange${rows.size === 1 ? "" : "s"}` : `${shown.length.toLocaleString("en")} of ${rows.size.toLocaleString("en")} exchanges, found in ${Math.max(1, Math.round(took))} ms`;
  view.empty.hidden = shown.length > 0;
  view.empty.textContent = rows.size ? "No exchange fits this filter." : "No exchange yet. Call an agent on “Phone and chat”, or write in the chat: every request and answer appears here.";
  view.list.hidden = shown.length === 0;
  if (!chosen && !view.file && !isGrowth) times();
}

function rowHeight() { return matchMedia("(max-width: 640px)").matches ? 52 : 30; }

/** Only what can be seen stands in the page. */
function paint(isForced = false) {
  const height = rowHeight();
  const from = Math.max(0, Math.floor(view.list.scrollTop / height) - 6);
  const to = Math.min(shown.length, from + Math.ceil(view.list.clientHeight / height) + 13);
  if (!isForced && from === view.from && to === view.to) return;
  [view.from, view.to] = [from, to];
  view.canvas.style.setProperty("--from", from);
  view.canvas.replaceChildren(...shown.slice(from, to).map((row, index) => line(row, from + index)));
  point();
}

function line(row, index) {
  const { h } = desk;
  return h("div.ins-row", { role: "option", id: `ins-row-${row.id}`, "data-id": row.id, "aria-selected": row.id === chosen ? "true" : "false", "aria-setsize": shown.length, "aria-posinset": index + 1 },
    h("span.ins-time", {}, clock(row.time)), h(`span.ins-way.${row.direction}`, { title: WAYS[row.direction][0] }, way(row)),
    h("span.ins-contact", {}, row.contact || "–"),
    h("span.ins-outcome", {}, h("b", { title: row.outcome }, row.outcome), row.flags.map((flag) => h(`span.chip.${FLAGS[flag] || "info"}`, {}, flag)), h("span.ins-words", {}, row.words || row.path)),
    h("span.ins-ms", {}, row.milliseconds));
}

function clock(time) {
  const date = new Date(time), two = (number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function walk(event) {
  const page = Math.max(1, Math.floor(view.list.clientHeight / rowHeight()) - 1);
  const at = Math.max(0, shown.findIndex((row) => row.id === view.active));
  const steps = { ArrowDown: view.active ? at + 1 : 0, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: shown.length - 1 };
  if (event.key in steps) {
    event.preventDefault();
    activate(Math.min(shown.length - 1, Math.max(0, steps[event.key])));
  } else if ((event.key === "Enter" || event.key === " ") && view.active) {
    event.preventDefault();
    view.wantsFocus = true;
    desk.go("inspector", view.active);
  }
}

function activate(index) {
  const row = shown[index], height = rowHeight();
  if (!row) return;
  view.active = row.id;
  const top = index * height;
  if (top < view.list.scrollTop) view.list.scrollTop = top;
  else if (top + height > view.list.scrollTop + view.list.clientHeight) view.list.scrollTop = top + height - view.list.clientHeight;
  paint(true);
}

function point() {
  for (const element of view.canvas.children) {
    const id = Number(element.dataset.id);
    element.classList.toggle("active", id === view.active);
    element.setAttribute("aria-selected", id === chosen ? "true" : "false");
  }
  const here = document.getElementById(`ins-row-${view.active}`);
  if (here) view.list.setAttribute("aria-activedescendant", here.id); else view.list.removeAttribute("aria-activedescendant");
}

async function forget() {
  await desk.api("DELETE", "/inspector/exchanges");
  rows.clear(); version = 0;
  desk.go("inspector");
  await load(); sift();
  desk.say("All exchanges forgotten");
}

async function switchStore() {
  const isDown = view.store.getAttribute("aria-pressed") !== "true";
  try { await desk.api("PUT", "/inspector/store", { isDown }); await load(); } catch (error) { desk.say(error.message, "bad"); }
}

// ---- Nothing chosen: how long things take

function times() {
  const { h } = desk;
  const groups = new Map();
  for (const row of shown) {
    const key = `${row.half}\n${row.direction}\n${row.name || ""}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  const at = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  const lines = [...groups.values()].map((group) => {
    const sorted = group.map((row) => row.milliseconds).sort((a, b) => a - b);
    const failed = group.filter((row) => row.flags.some((flag) => FLAGS[flag] === "bad")).length;
    return { row: group[0], sorted, failed };
  }).sort((a, b) => b.sorted.length - a.sorted.length);
  view.page.classList.remove("open");
  view.side.replaceChildren(
    h("h2", {}, "How long exchanges take"),
    lines.length === 0 ? h("p.note", {}, "p50, p95 and p99 of each agent and channel stand here once there is something to count.")
      : h("div.ins-wide", { tabindex: "0", role: "region", "aria-label": "Times" }, h("table.ins-times", {},
        h("thead", {}, h("tr", {}, ["", "who asks whom", "count", "p50", "p95", "p99", "longest", "failed"].map((name, index) => h(index > 1 ? "th.number" : "th", { scope: "col" }, name || "agent, channel")))),
        h("tbody", {}, lines.map(({ row, sorted, failed }) => h("tr", {},
          h("td", {}, h("button.ins-plain", { type: "button", onclick: () => { view.name.value = filter.name = row.name || ""; sift(); } }, row.name || "–")),
          h("td", {}, way(row)), h("td.number", {}, sorted.length.toLocaleString("en")),
          [0.5, 0.95, 0.99, 1].map((share) => h("td.number", {}, `${at(sorted, share)} ms`)),
          h(failed ? "td.number.ins-bad" : "td.number", {}, failed)))))),
    h("p.note", {}, "Of what the filter leaves. Choose an exchange to see its four sides; ", h("kbd", {}, "/"), " goes to the filter, arrows walk the list, Enter opens, Escape comes back."));
}

// ---- One exchange

async function open(id, tab = "exchange") {
  chosen = id; view.file = null; view.editor = null;
  point();
  if (!id) { detail = null; view.side.replaceChildren(); times(); return; }
  view.page.classList.add("open");
  detail = { tab };
  view.side.scrollTop = 0;
  await refresh();
  if (view.wantsFocus) { view.wantsFocus = false; view.side.querySelector("h2")?.focus(); }
}

async function refresh(call) {
  if (view.editor) return;
  const id = chosen, tab = detail.tab;
  try {
    const found = await desk.api("GET", `/inspector/exchanges/${id}${call === undefined ? "" : `?call=${call}`}`);
    if (id !== chosen) return;
    const talk = tab === "conversation" && found.row.conversation ? await desk.api("GET", `/inspector/conversations/${found.row.conversation}`) : null;
    if (id !== chosen) return;
    detail = { ...found, tab, talk };
    show();
  } catch (error) {
    view.side.replaceChildren(desk.h("p.box.bad", {}, error.message), desk.h("button", { type: "button", onclick: back }, "Back to the list"));
  }
}

function show() {
  const { h } = desk;
  const { row } = detail;
  const button = (text, action, attributes = {}) => h("button", { type: "button", onclick: action, ...attributes }, text);
  const tab = (name, text) => button(text, () => desk.go("inspector", row.id, name), { role: "tab", id: `ins-tab-${name}`, "aria-selected": detail.tab === name ? "true" : "false", "aria-controls": "ins-panel", tabindex: detail.tab === name ? "0" : "-1" });
  const tabs = h("div.ins-tabs", { role: "tablist", "aria-label": "What to show", onkeydown: (event) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    view.wantsTab = true;
    desk.go("inspector", row.id, detail.tab === "exchange" ? "conversation" : "exchange");
  } }, tab("exchange", "Exchange"), row.conversation && tab("conversation", "Conversation"));
  const panel = h("div.ins-panel", { role: "tabpanel", id: "ins-panel", "aria-labelledby": `ins-tab-${detail.tab}` });
  view.side.replaceChildren(
    h("div.row.ins-top", {},
      button("‹ List", back, { class: "ins-back" }),
      h("h2", { tabindex: "-1" }, `${row.outcome} · ${row.milliseconds} ms`),
      h("span.note", {}, `${clock(row.time)} · ${way(row)}${row.contact ? ` · contact ${row.contact}` : ""}`),
      row.flags.map((flag) => h(`span.chip.${FLAGS[flag] || "info"}`, {}, flag))),
    h("div.row.ins-acts", {}, tabs, h("span.grow"),
      detail.tab === "exchange" && button("Copy as curl", curl),
      detail.tab === "exchange" && detail.canResend && button("Edit and send again", edit, { class: "main" })),
    panel);
  if (detail.tab === "conversation") talk(panel); else four(panel);
  if (view.wantsTab) { view.wantsTab = false; document.getElementById(`ins-tab-${detail.tab}`)?.focus(); }
}

async function curl() {
  try { await desk.copy(await desk.api("GET", `/inspector/exchanges/${chosen}/curl`), "The curl command, secrets as variables,"); }
  catch (error) { desk.say(error.message, "bad"); }
}

/** Who asked the middleware stands on the left, whom it asked on the right; time goes round by the clock. */
function four(panel) {
  const { h } = desk;
  const whole = detail.violations.filter((text) => !detail.panes.some((pane) => pane.lines && pane.marks.some((mark) => mark.kind === "fault" && text.endsWith(mark.message) && pane.lines.some((line) => line[1] === mark.path))));
  if (whole.length) panel.append(h("ul.box.bad.ins-faults", {}, whole.map((text) => h("li", {}, text))));
  if (detail.calls.length > 1 && detail.row.direction !== "toCXone") {
    panel.append(h("label.ins-calls", {}, "The middleware asked ", h("select", { onchange: (event) => refresh(event.target.value) },
      detail.calls.map((call) => h("option", { value: call.index, selected: call.index === detail.call }, `${call.line} → ${call.status ?? "no answer"}`)))));
  }
  view.threads = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  view.threads.setAttribute("class", "ins-threads");
  view.threads.setAttribute("aria-hidden", "true");
  const [nearRequest, farRequest, farResponse, nearResponse] = detail.panes;
  const sent = new Map(detail.request.links), told = new Map(detail.response.links);
  view.grid = h("div.ins-four", {},
    pane(nearRequest, 1, sent, detail.request), pane(farRequest, 2), pane(nearResponse, 4), pane(farResponse, 3, told, detail.response), view.threads);
  panel.append(view.grid, h("p.note.ins-key", {}, h("span.ins-dropped", {}, "grey"), ": went no further · lines: the same value on the other side · ", h("span.chip.info", {}, "[hidden]"), " and digits:N are masked before they get here"), bars(detail.waterfall, detail.row));
  requestAnimationFrame(connect);
}

function pane(pane, number, links, mapping) {
  const { h } = desk;
  const dropped = new Set(mapping?.isKnown ? mapping.dropped : []);
  const marks = new Map();
  for (const mark of pane.marks) { if (!marks.has(mark.path)) marks.set(mark.path, []); marks.get(mark.path).push(mark); }
  const lines = pane.lines ? pane.lines.map((line) => jsonLine(line, links, dropped, marks)) : pane.text !== undefined ? textLines(pane, marks) : [h("p.note", {}, pane.note || "Nothing.")];
  const loose = pane.lines ? [...marks].filter(([path]) => path === "" || !pane.lines.some((line) => line[1] === path)).flatMap(([, list]) => list) : [];
  const name = `${number}. ${pane.title}`;
  return h(`div.card.ins-pane.p${number}`, {},
    h("h3", {}, h("span.ins-number", {}, number), pane.title, h("span.note.ins-line", { title: pane.line }, pane.line)),
    loose.map((mark) => h("p.box.bad", {}, mark.path ? `${mark.path}: ${mark.message}` : mark.message)),
    h("div.ins-body", { tabindex: "0", role: "region", "aria-label": name, onscroll: connect }, lines,
      pane.fields.length > 0 && h("details.ins-fields", {}, h("summary", {}, `${pane.fields.length} header fields`), pane.fields.map(([field, value]) => h("div.mono", {}, h("b", {}, `${field}: `), value)))));
}

function jsonLine([depth, path, name, text, comma], links, dropped, marks) {
  const { h } = desk;
  const kind = text[0] === "\"" ? (text === "\"[hidden]\"" ? "hidden" : "text") : /^[{}\[\]]/.test(text) ? "bracket" : "literal";
  const found = path ? marks.get(path) || [] : [];
  const to = path && links?.get(path);
  const element = h(`div.ins-json${dropped.has(path) ? ".ins-dropped" : ""}${found.length ? `.${found[0].kind}` : ""}`, { "data-path": path || undefined, title: to ? `goes to ${to}` : dropped.has(path) ? "goes no further" : undefined },
    name !== null && h("span.ins-key-name", {}, JSON.stringify(name)), name !== null && ": ", h(`span.j-${kind}`, {}, text), comma && ",",
    to && h("span.ins-to", {}, ` → ${to}`),
    found.map((mark) => h(`span.ins-mark.${mark.kind}`, {}, mark.kind === "nearMiss" ? mark.message : `← ${mark.message}`)));
  element.style.setProperty("--depth", depth);
  return element;
}

function textLines(pane, marks) {
  const { h } = desk;
  const [place, found] = [...marks][0] || [];
  const at = place ? Number(place.split(":")[0]) : 0;
  return pane.text.split("\n").map((text, index) => h(`div.ins-json${index + 1 === at ? ".fault" : ""}`, {}, text || " ", index + 1 === at && found.map((mark) => h("span.ins-mark.fault", {}, `← ${mark.message}`))));
}

/** Draws a thread from each value to where it went, as long as both ends can be seen. */
function connect() {
  const { threads, grid } = view;
  if (!threads || !grid || !grid.isConnected || !detail?.request) return;
  threads.replaceChildren();
  if (matchMedia("(max-width: 900px)").matches) return;
  const box = grid.getBoundingClientRect();
  threads.setAttribute("width", box.width);
  threads.setAttribute("height", box.height);
  for (const [from, to, links] of [[".p1", ".p2", detail.request.links], [".p3", ".p4", detail.response.links]]) {
    const source = grid.querySelector(`${from} .ins-body`), target = grid.querySelector(`${to} .ins-body`);
    const places = (body) => new Map([...body.querySelectorAll("[data-path]")].map((element) => [element.dataset.path, element]));
    const [left, right] = [places(source), places(target)];
    const seen = (element, body) => {
      const a = element.getBoundingClientRect(), b = body.getBoundingClientRect();
      const middle = a.top + Math.min(a.height, 20) / 2;
      return middle > b.top && middle < b.bottom ? middle - box.top : null;
    };
    for (const [a, b] of links) {
      if (!left.has(a) || !right.has(b)) continue;
      const y1 = seen(left.get(a), source), y2 = seen(right.get(b), target);
      if (y1 === null || y2 === null) continue;
      const isForward = from === ".p1";
      const [x1, x2] = isForward ? [source.getBoundingClientRect().right - box.left, target.getBoundingClientRect().left - box.left] : [source.getBoundingClientRect().left - box.left, target.getBoundingClientRect().right - box.left];
      const thread = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const bend = (x2 - x1) / 2;
      thread.setAttribute("d", `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
      const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      dot.setAttribute("cx", x2); dot.setAttribute("cy", y2); dot.setAttribute("r", 3);
      threads.append(thread, dot);
      for (const end of [left.get(a), right.get(b)]) {
        end.onmouseenter = () => { thread.classList.add("on"); left.get(a).classList.add("on"); right.get(b).classList.add("on"); };
        end.onmouseleave = () => { thread.classList.remove("on"); left.get(a).classList.remove("on"); right.get(b).classList.remove("on"); };
      }
    }
  }
}

/** Where the milliseconds went, against what was given. A limit that is far away stands as a number only: then the bars can be read. */
function bars({ total, budget, spans }, row, longest) {
  const { h } = desk;
  const most = longest ?? total;
  const isNear = budget && most * 4 >= budget;
  const end = Math.max(isNear ? Math.max(budget, most) * 1.04 : most * 1.04, 1);
  const bar = (name, at, milliseconds, kind) => {
    const element = h("div.ins-bar", {}, h("span.ins-bar-name", { title: name }, name), h("span.ins-track", {}, h(`span.ins-span.${kind}`), isNear && h("span.ins-budget", { title: `${budget} ms are given` })), h("span.ins-ms", {}, `${milliseconds} ms`));
    element.style.setProperty("--at", at / end);
    element.style.setProperty("--length", milliseconds / end);
    if (isNear) element.style.setProperty("--budget", budget / end);
    return element;
  };
  const share = budget ? `${total.toLocaleString("en")} ms, ${Math.round(total * 100 / budget)} % of the ${budget.toLocaleString("en")} ms given` : `${total.toLocaleString("en")} ms; no limit is known`;
  const asker = row.direction === "toCXone" ? "CXone" : row.direction === "fromCXone" ? "seen by CXone" : "seen by the platform";
  const isSame = spans.length && spans[0].label === "middleware" && spans[0].milliseconds === total;
  return h(longest === undefined ? "section.ins-waterfall" : "div.ins-waterfall", { "aria-label": longest === undefined ? "Where the time went" : null },
    longest === undefined ? h("h3", {}, `Where the time went: ${share}`) : h("p.note", {}, share),
    !isSame && bar(asker, 0, total, budget && total >= budget ? "late" : "whole"),
    spans.map((span) => bar(span.label, span.at, span.milliseconds, span.isFailed || budget && span.at + span.milliseconds >= budget ? "failed" : span.label === "middleware" ? "own" : "call")));
}

// ---- Edit and send again

function text(pane) {
  if (pane.text !== undefined) return pane.text;
  return (pane.lines || []).map(([depth, , name, literal, comma]) => "  ".repeat(depth) + (name !== null ? `${JSON.stringify(name)}: ` : "") + literal + (comma ? "," : "")).join("\n");
}

function edit() {
  const { h } = desk;
  const source = detail.row.direction === "toCXone" ? detail.panes[1] : detail.panes[0];
  const area = h("textarea", { id: "ins-edit", class: "mono", rows: "22", spellcheck: "false", value: text(source), "aria-describedby": "ins-edit-note" });
  const problem = h("p.box.warn", { role: "status", hidden: true });
  const send = h("button.main", { type: "button" }, "Send");
  const check = () => {
    try { JSON.parse(area.value || "null"); problem.hidden = true; send.textContent = "Send"; return true; }
    catch (error) { problem.hidden = false; problem.textContent = `This is no JSON: ${error.message}. It can be sent as it is, to see what comes of it.`; send.textContent = "Send as it is"; return false; }
  };
  const close = () => { view.editor = null; show(); view.side.querySelector("h2").focus(); };
  send.onclick = async () => {
    send.disabled = true;
    try {
      // As it was typed: numbers keep their digits.
      const body = check() ? `{"body":${area.value || "null"}}` : JSON.stringify({ text: area.value });
      const answer = await desk.api("POST", `/inspector/exchanges/${chosen}/resend`, new Blob([body]), { type: "application/json" });
      view.editor = null;
      await load();
      desk.say("Sent; this is what came of it");
      if (answer.id) { view.wantsFocus = true; desk.go("inspector", answer.id); } else close();
    } catch (error) { problem.hidden = false; problem.textContent = error.message; }
    send.disabled = false;
  };
  area.addEventListener("input", check);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send.click(); }
    if (event.key === "Escape") { event.stopPropagation(); close(); }
  });
  const panel = document.getElementById("ins-panel");
  view.editor = area;
  panel.replaceChildren(h("label", { for: "ins-edit" }, `${detail.row.method} ${detail.url || detail.row.path}`), area,
    h("p.note", { id: "ins-edit-note" }, "What is [hidden] or digits:N and stays so is sent as it was. Credentials are those of this moment. Ctrl+Enter sends, Escape leaves."), problem,
    h("div.row", {}, send, h("button", { type: "button", onclick: close }, "Leave it")));
  area.focus();
  area.setSelectionRange(0, 0);
  area.scrollTop = 0;
}

// ---- The conversation

function talk(panel) {
  const { h } = desk;
  const { talk, row } = detail;
  if (!talk) { panel.append(h("p.empty", {}, "This exchange belongs to no conversation.")); return; }
  const address = `/inspector/conversations/${row.conversation}`;
  const longest = Math.max(...talk.exchanges.map((exchange) => exchange.total), 1);
  panel.append(
    h("div.row", {},
      h("button", { type: "button", onclick: async () => desk.copy(await desk.api("GET", `${address}/diagram.mmd`), "The Mermaid text") }, "Copy as Mermaid"),
      h("a.button", { href: `${address}/diagram.svg`, download: "conversation.svg" }, "Save the drawing"),
      talk.canSave && h("a.button", { href: `${address}/chat`, download: "conversation.chat" }, "Save as a conversation file")),
    h("h3", {}, `${talk.exchanges.length} exchange${talk.exchanges.length === 1 ? "" : "s"}, each with where its time went`),
    h("div.ins-turns", {}, talk.exchanges.map((exchange) => {
      const link = h("a.ins-turn", { href: `#inspector/${exchange.row.id}` }, h("span.ins-time", {}, clock(exchange.row.time)), h("b", {}, exchange.row.outcome), h("span.ins-words", {}, exchange.row.words || exchange.row.path));
      return h("div.card", {}, link, bars(exchange, exchange.row, longest));
    })),
    h("h3", {}, "Sequence diagram"),
    drawing(`${address}/diagram.svg?v=${version}`, `Sequence diagram of this conversation, ${talk.exchanges.length} exchanges`),
    asText(() => desk.api("GET", `${address}/diagram.mmd`)));
}

function drawing(source, words) {
  const { h } = desk;
  return h("div.ins-drawing", { tabindex: "0", role: "region", "aria-label": "Sequence diagram" }, h("img", { src: source, alt: words }));
}

function asText(get) {
  const { h } = desk;
  const pre = h("pre", { tabindex: "0" });
  return h("details", { ontoggle: async (event) => { if (event.target.open && !pre.textContent) pre.textContent = await get(); } }, h("summary", {}, "The same as text (Mermaid)"), pre);
}

// ---- A file

function openFile() {
  const { h } = desk;
  chosen = null; detail = null; view.file = true;
  view.page.classList.add("open");
  const result = h("div");
  const file = h("input", { type: "file", id: "ins-file", onchange: async () => {
    if (!file.files[0]) return;
    result.replaceChildren(h("p.note", {}, `Reading ${file.files[0].size.toLocaleString("en")} octets`));
    try { drawFile(result, await desk.api("POST", "/inspector/diagrams", file.files[0], { type: "application/octet-stream" })); }
    catch (error) { result.replaceChildren(h("p.box.bad", {}, error.message)); }
  } });
  view.side.replaceChildren(
    h("div.row.ins-top", {}, h("button", { type: "button", class: "ins-back", onclick: () => desk.go("inspector") }, "‹ List"), h("h2", { tabindex: "-1" }, "Diagrams of a trace file")),
    h("p.note", {}, "A file that exchange.trace.file or trace.file of the settings names. It is read on this machine and not kept. On a server: causeway diagram FILE."),
    h("label", { for: "ins-file" }, "The file"), file, result);
  file.focus();
}

function drawFile(result, { conversations, unreadable }) {
  const { h } = desk;
  const place = h("div");
  const draw = (conversation) => {
    const source = URL.createObjectURL(new Blob([conversation.svg], { type: "image/svg+xml" }));
    const picture = drawing(source, conversation.title);
    picture.firstChild.addEventListener("load", () => URL.revokeObjectURL(source));
    place.replaceChildren(
      h("div.row", {}, h("button", { type: "button", onclick: () => desk.copy(conversation.mermaid, "The Mermaid text") }, "Copy as Mermaid")), picture, asText(async () => conversation.mermaid));
  };
  const select = h("select", { id: "ins-conversation", onchange: () => draw(conversations[select.value]) }, conversations.map((conversation, index) => h("option", { value: index }, `${conversation.title} (${conversation.key})`)));
  select.value = conversations.length - 1;
  result.replaceChildren(
    h("label", { for: "ins-conversation" }, `${conversations.length} conversation${conversations.length === 1 ? "" : "s"}${unreadable ? `; ${unreadable} lines are no records` : ""}`), select, place);
  draw(conversations.at(-1));
}
