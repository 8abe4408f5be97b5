// What is simulated how well. The table's one source is the simulator's page, which is part of the command; switches are asked of their servers.

export const title = "Fidelity";

const sources = {
  O: ["NICE’s pages", 3], S: ["NICE’s API descriptions", 3], N: ["a NICE employee’s sample", 2], P: ["several implementations", 2], 1: ["one implementation", 2],
  I: ["inferred", 1], D: ["our choice", 1],
};
/** The heading of the table whose switches are the hub's; both halves have some of the same name. */
const hubWords = "Virtual Agent Hub";
const levels = { 3: ["documented", "good"], 2: ["observed", "info"], 1: ["assumed", "warn"], 0: ["not known", "bad"], "-1": ["not played", ""] };

/** Sections of the page under “Fidelity”: `[{words, rows}]`, a row being the cells by their heading. */
function read(text) {
  const result = [];
  let isIn = false, head = null, words = "Digital Experience";
  for (const line of text.split("\n")) {
    const heading = /^(#+) (.*)/.exec(line);
    if (heading) {
      if (heading[1].length <= 2) isIn = heading[2].startsWith("Fidelity");
      if (isIn && heading[1].length > 2) words = heading[2];
      head = null;
      continue;
    }
    if (!isIn) continue;
    if (!line.startsWith("|")) { head = null; continue; }
    const cells = line.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
    if (!head) { head = cells; result.push({ words, head, rows: [] }); continue; }
    if (cells.every((cell) => /^[-: ]*$/.test(cell)) && cells.some((cell) => cell.includes("-"))) continue;
    result.at(-1).rows.push(cells);
  }
  return result;
}

/** The weakest mark decides: what is partly assumed is assumed. */
function level(marks, row) {
  if (row.startsWith("Not played")) return -1;
  if (/unknown/.test(marks)) return 0;
  const found = marks.match(/\b[OSNPID1]\b/g) || [];
  return found.length ? Math.min(...found.map((mark) => sources[mark][1])) : -1;
}

const source = (marks) => marks.replace(/\b[OSNPID1]\b/g, (mark) => sources[mark][0]);

export function mount(root, desk) {
  const { h, api } = desk;
  const table = h("div.fidelity-table"), summary = h("p.note"), filter = h("select", { "aria-label": "Certainty", onchange: draw },
    h("option", { value: "" }, "all"), Object.entries(levels).map(([key, [words]]) => h("option", { value: key }, words)));
  const words = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter", oninput: draw });
  const only = h("input", { type: "checkbox", onchange: draw });
  let sections = [], switches = new Map(), integrations = [];
  root.append(h("div.fidelity", {}, h("header.fidelity-head", {}, h("div", {}, h("h1", {}, title), h("p.note", {}, "What this desk plays as CXone, where each behaviour is known from, and how certainly. What nobody knows is a switch: turn it, and the next call behaves so.")),
    h("div.tools", {}, words, filter, h("label.tick", {}, only, "switches only"), h("button", { onclick: standard }, "All as at the start"))), summary, table));

  const code = (text) => text.split("`").map((part, index) => index % 2 ? h("code", {}, part) : part);

  function draw() {
    const wanted = words.value.toLowerCase(), counts = {};
    table.replaceChildren(...sections.map((section) => {
      const column = (name) => section.head.findIndex((words) => words.toLowerCase().startsWith(name));
      const [mark, place, turn] = [column("mark"), column("section"), column("switch")];
      const rows = section.rows.map((cells) => {
        const marks = cells[mark] || "", certainty = level(marks, cells[0]);
        counts[certainty] = (counts[certainty] || 0) + 1;
        const names = [...(cells[turn] || "").matchAll(/`([^`]+)`/g)].map((found) => found[1]);
        return { cells, marks, certainty, names, text: cells.join(" ").toLowerCase() };
      }).filter((row) => row.text.includes(wanted) && (filter.value === "" || String(row.certainty) === filter.value) && (!only.checked || row.cells[turn]));
      return rows.length ? h("section.card", { "aria-label": section.words }, h("h2", {}, section.words), h("div.scroll", { tabindex: "0", role: "region", "aria-label": `Table of ${section.words}` }, h("table.stack", {},
        h("thead", {}, h("tr", {}, ["Behaviour", "Certainty", "Source", "Switch"].map((words) => h("th", { scope: "col" }, words)))),
        h("tbody", {}, rows.map((row) => h("tr", {}, h("td", {}, code(row.cells[0])), h("td", {}, h("span", { class: "chip " + levels[row.certainty][1] }, levels[row.certainty][0])),
          h("td.note", {}, code(source(row.marks)), row.cells[place] ? ` · §${row.cells[place]}` : ""), h("td.switches", {}, row.names.map((name) => control(section.words === hubWords ? "hub:" + name : name)), !row.names.length && row.cells[turn] ? code(row.cells[turn]) : null))))))) : null;
    }).filter(Boolean));
    if (!table.firstChild) table.append(h("p.empty", {}, "Nothing of that kind."));
    summary.replaceChildren(...Object.entries(levels).sort((a, b) => b[0] - a[0]).filter(([key]) => counts[key]).flatMap(([key, [words, kind]]) => [h("span", { class: "chip " + kind }, `${counts[key]} ${words}`), " "]));
  }

  async function set(found, value) {
    try { await api("PATCH", found.path, { [found.name]: value }); desk.say(`${found.name}: ${typeof value === "object" && value ? "changed" : value}`); }
    catch (error) { desk.say(error.message, "bad"); }
    await load();
  }

  function control(name) {
    if (name === "usesOutboundV2") return integrations.map((form) => h("label.tick", {}, h("input", { type: "checkbox", checked: form.usesOutboundV2, onchange: async (event) => { await api("POST", "/desk/integrations", { id: form.id, usesOutboundV2: event.target.checked }); load(); } }), `${name} (${form.name})`));
    const found = switches.get(name);
    if (!found) return h("code", {}, name.replace(/^hub:/, ""));
    const isChanged = JSON.stringify(found.value) !== JSON.stringify(found.standard);
    const label = (...children) => h("label.switch", { title: found.words, class: isChanged ? "switch changed" : "switch" }, h("span", {}, found.name), children);
    switch (found.kind) {
      case "choice": {
        const select = h("select", { onchange: () => set(found, select.value) }, found.choices.map((choice) => h("option", { value: choice }, choice)));
        select.value = found.value;
        return label(select);
      }
      case "flag": return label(h("input", { type: "checkbox", checked: found.value, onchange: (event) => set(found, event.target.checked) }));
      case "number": return label(h("input.number", { type: "number", min: "0", value: String(found.value), onchange: (event) => set(found, Math.max(0, Math.round(Number(event.target.value)) || 0)) }), h("small", {}, found.unit));
      case "text": return label(h("input", { type: "text", value: found.value || "", placeholder: "none", onchange: (event) => set(found, event.target.value || null) }));
      case "list": return label(h("input", { type: "text", value: (found.value || []).join(", "), placeholder: "any", onchange: (event) => { const list = event.target.value.split(",").map((part) => part.trim()).filter(Boolean); set(found, list.length ? list : null); } }));
      case "limits": {
        const none = Object.keys(found.standard).length && !Object.keys(found.value).length;
        const select = h("select", { onchange: () => set(found, Object.fromEntries(Object.entries(found.standard).map(([key, rate]) => [key, select.value === "documented" ? rate : select.value === "none" ? null : { perSecond: 0.2, burst: 5 }]))) },
          h("option", { value: "documented" }, "documented"), h("option", { value: "tight" }, "tight: 5 at once"), h("option", { value: "none" }, "none"));
        select.value = none ? "none" : isChanged ? "tight" : "documented";
        return label(select);
      }
      default: return h("code", {}, name);
    }
  }

  async function standard() {
    const byPath = new Map();
    for (const found of switches.values()) {
      const body = byPath.get(found.path) || {};
      body[found.name] = found.standard === undefined ? null : found.standard;
      byPath.set(found.path, body);
    }
    for (const [path, body] of byPath) await api("PATCH", path, body);
    desk.say("All switches are as at the start.");
    await load();
  }

  async function load() {
    if (!sections.length) sections = read(await api("GET", "/assets/fidelity.md"));
    const [own, hub, forms] = await Promise.all([api("GET", "/desk/switches"), api("GET", "/hub/switches"), api("GET", "/desk/integrations")]);
    integrations = forms;
    const active = document.activeElement;
    switches = new Map(own.map((found) => [found.name, { ...found, path: "/desk/behaviour" }]).concat(
      hub.map((found) => ["hub:" + found.name, { ...found, path: "/hub/behaviour" }])));
    if (table.contains(active) && active.matches("input[type=text], input[type=number]")) return;
    const place = table.contains(active) ? [...table.querySelectorAll("select, input")].indexOf(active) : -1;
    draw();
    if (place >= 0) table.querySelectorAll("select, input")[place]?.focus();
  }

  desk.follow(["desk", "hub"], load);
}
