// What the Studio script sees of a conversation: which branch each answer took, how long it was, and what was wrong with it.

import { h, api, copy, go, say } from "./desk.js";
import { inputWords } from "./phone-talk.js";

export const numbers = new Intl.NumberFormat("en-GB");

/** Milliseconds that one turn may last: what CXone tells of its time-out less what the way back takes, and never more than the medium bears. */
export function budget(app, medium) {
  const longest = medium === "chat" ? 8_500 : 4_500;
  const announced = Number(app?.timeoutSeconds) * 1000 - 1_500;
  return announced > 0 ? Math.min(longest, announced) : longest;
}

/** The Exchange action with its branches: which are connected, which were taken and how often. */
export function branches(app, action, interaction) {
  const taken = new Map();
  const add = (name) => { if (name) taken.set(name, (taken.get(name) || 0) + 1); };
  for (const turn of interaction?.turns || []) { add(turn.branch); if (turn.taken === "Default") add("Default"); }
  const final = interaction?.turns.at(-1), last = final?.taken === "Default" ? "Default" : final?.branch;
  const connected = new Set(app?.connectedBranches || []);
  const all = [...new Set([...(app?.branches || action?.branches || connected), ...taken.keys(), "Default"])];
  return h("div.flow", {},
    h("span.action", {}, action?.title || app?.action || "VOICEBOT EXCHANGE"),
    h("ul", { "aria-label": "Branches of the action" }, all.map((name) => {
      const count = taken.get(name) || 0, state = connected.has(name) ? "" : name === "Default" ? "not connected" : "not connected, would fall to Default";
      return h("li." + [count ? "taken" : "", name === last ? "last" : "", state ? "loose" : "", count && name === "Error" ? "failed" : ""].filter(Boolean).join("."), { title: state || "connected" },
        name, state && h("span.away", {}, ", not connected"), count > 0 && h("b", {}, `×${count}`));
    })));
}

/** Numbers of the whole conversation. */
export function summary(interaction, limit) {
  const times = interaction.turns.map((turn) => turn.milliseconds).filter((value) => Number.isFinite(value));
  const faults = interaction.turns.reduce((sum, turn) => sum + (turn.violations?.length || 0), 0);
  const warnings = interaction.turns.reduce((sum, turn) => sum + (turn.warnings?.length || 0), 0);
  const figure = (value, words, kind = "") => h("div." + ["figure", kind].filter(Boolean).join("."), {}, h("b", {}, value), h("span", {}, words));
  return [
    figure(numbers.format(interaction.turns.length), interaction.turns.length === 1 ? "turn" : "turns"),
    times.length && figure(`${numbers.format(Math.max(...times))} ms`, `slowest, of ${numbers.format(limit)}`, Math.max(...times) > limit ? "bad" : ""),
    figure(numbers.format(warnings), warnings === 1 ? "warning" : "warnings", warnings ? "warn" : ""),
    figure(numbers.format(faults), faults === 1 ? "wrong field" : "wrong fields", faults ? "bad" : ""),
  ];
}

const says = (turn) => (turn.says || []).map((part) => part.text || part.title || part.path || part.kind).join(" ");

/** What to do about a turn that brought no usable answer; nothing where the violations say it. */
function advice({ status, failure }) {
  if (!failure) return "";
  if (status === 401) return "The middleware lets in who proves what the agent's “caller” settings ask for: see the app's headers, token or certificate.";
  if (status === 404) return "There is no such agent or path: compare the app's URL and virtual agent with the settings.";
  if (status === 413) return "The turn is larger than the endpoint takes.";
  if (status === 429 || status === 503) return "The endpoint has too much to do: look at its limits, then try again.";
  if (status >= 500) return "The web server or the function failed: its log names the cause.";
  if (status === undefined || status === null) return "Nothing came back: is the endpoint running, and does the app's URL lead there?";
  return "";
}

/** One turn as the script has it. `mask` hides keyed digits where the person asked for that. */
export function turn(item, { interaction, limit, mask }) {
  const chat = interaction.medium === "chat";
  const intent = item.intent || {};
  const time = Number.isFinite(item.milliseconds) ? item.milliseconds : null;
  const bar = h("span.bar-of", { "aria-hidden": "true" });
  bar.style.setProperty("--part", String(Math.min(1, (time || 0) / limit)));
  const shown = item.input.shown && !["silence", "hangUp"].includes(item.input.kind) ? mask(item.input.shown) : "";
  const kind = item.violations?.length || item.failure || item.branch === "Error" ? "bad" : item.warnings?.length || item.branchIsConnected === false ? "warn" : "good";
  const panes = h("div.panes", { hidden: true, id: `json-${interaction.id}-${item.number}` });
  const toggle = h("button.small", {
    type: "button", "aria-expanded": "false", "aria-controls": panes.id, "aria-label": `JSON of turn ${item.number}`,
  }, "JSON");
  const inspected = h("a", { href: "#inspector", "aria-label": `Turn ${item.number} in the inspector` }, "Inspect");
  inspected.addEventListener("click", (event) => { event.preventDefault(); inspect(interaction, item); });
  const element = h("li.turn", { "data-number": item.number, id: `turn-${item.number}` },
    h("span.count", { "aria-label": `Turn ${item.number}` }, String(item.number)),
    h("p.heard", {}, h("span.who", {}, `Contact ${inputWords(item.input, chat)}`), shown && h("bdi", {}, shown)),
    h("p.answer", {},
      intent.name && h("span.intent", { title: "intent" }, h("bdi", {}, mask(intent.name))),
      h("span", { dir: "auto" }, mask(says(item)) || (item.failure ? "" : "says nothing"))),
    h("p.branch", {},
      item.status && item.status !== 200 && h("span.chip.bad", {}, `HTTP ${item.status}`),
      h("span.chip." + (item.branchIsConnected === false ? "warn" : kind === "bad" ? "bad" : "good"), {}, h("bdi", {}, item.branch || "no branch")),
      item.taken !== undefined && item.taken !== `On${item.branch}` && h("span.note", {}, item.taken ? `script goes by ${item.taken}` : "script stops")),
    h("p.time", {}, h("b.number." + (time > limit ? "bad" : "ok"), {}, time === null ? "–" : `${numbers.format(time)} ms`), bar,
      h("span.away", {}, `of ${numbers.format(limit)} ms`)),
    h("p.more", {}, toggle, inspected),
  );
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    panes.hidden = !open;
    // Built when it is opened: a long conversation has a lot of it.
    if (open && !panes.children.length) panes.append(...json(item, mask));
  });
  const remarks = h("ul.remarks");
  const remark = (kind, ...words) => remarks.append(h("li." + kind, {}, words));
  if (item.failure) remark("bad", h("b", {}, "No answer: "), mask(item.failure));
  if (advice(item)) remark("plain", h("b", {}, "What to do: "), advice(item));
  for (const { field, message } of item.violations || []) {
    remark("bad", h("code", {}, h("bdi", {}, mask(field || "response"))), " ", h("bdi", {}, mask(message)));
  }
  for (const warning of item.warnings || []) remark("warn", h("bdi", {}, mask(typeof warning === "string" ? warning : warning.message || "")));
  const told = item.customPayload && typeof item.customPayload === "object" ? Object.entries(item.customPayload) : [];
  if (told.length) {
    remark("plain", h("b", {}, "Script variables: "), told.map(([name, value], index) =>
      [index > 0 && ", ", h("bdi.mono", {}, mask(`${name} = ${JSON.stringify(value)}`))]));
  }
  for (const fault of item.faults || []) remark("fault", "Fault: ", h("bdi", {}, typeof fault === "string" ? fault : fault.kind));
  for (const repeat of item.repeats || []) {
    const answer = `HTTP ${repeat.status ?? "none"} after ${repeat.milliseconds} ms, ${repeat.isSame ? "the same answer" : "another answer"}`;
    remark(repeat.isSame ? "plain" : "bad", `Sent again: ${answer}`);
  }
  if (item.experience?.contact) remark("plain", h("b", {}, "Contact: "), mask(item.experience.contact));
  if (item.experience?.script) remark("plain", h("b", {}, "Script: "), mask(item.experience.script));
  if (remarks.children.length) element.append(remarks);
  element.append(panes);
  return element;
}

/** What the app collects for GET BOT TRANSCRIPT, when it does. */
export function collected(interaction, mask) {
  const { transcript = [], intents = [] } = interaction?.collected || {};
  if (!transcript.length && !intents.length) return [];
  return [h("h2", {}, "GET BOT TRANSCRIPT gives the script"),
    transcript.length > 0 && h("dl.facts", {}, transcript.map(({ who, text: words }) =>
      [h("dt", {}, h("bdi", {}, who)), h("dd", { dir: "auto" }, mask(words))])),
    intents.length > 0 && h("p", {}, "Intents: ", h("bdi", {}, intents.join(", ")))].filter(Boolean);
}

/** Opens the turn's exchange in the inspector, which numbers its exchanges itself. */
async function inspect(interaction, item) {
  try {
    const { rows } = await api("GET", "/inspector/exchanges?since=0");
    const found = rows.find((row) => row.time === item.at && row.half === "virtualAgentHub" && row.name === interaction.agent);
    if (found) go("inspector", found.id); else say("The inspector no longer keeps this exchange.");
  } catch (error) { say(error.message, "bad"); }
}

function json(item, mask) {
  const wrong = (item.violations || []).map((violation) => String(violation.field || "").split(/[.[]/).at(-1).replace(/\W/g, "")).filter(Boolean);
  const { headers = [], token = "none", certificate } = item.authentication || {};
  const list = (...words) => words.filter(Boolean).join(", ");
  const asked = list(headers.length > 0 && `headers ${headers.join(", ")}`, token !== "none" && `token ${token}`, certificate && "client certificate");
  const told = list(item.status && `HTTP ${item.status}`, Number.isFinite(item.stateOctets) && `state ${numbers.format(item.stateOctets)} octets`);
  const pane = (name, value, note, marks) => h("div.pane", {},
    h("div.row", {}, h("h2", {}, name), h("span.note.grow", {}, h("bdi", {}, note)),
      h("button.small", { type: "button", "aria-label": `Copy: ${name}`, onclick: () => copy(text(value), name) }, "Copy")),
    h("pre", { tabindex: "0", role: "group", "aria-label": name }, lines(mask(text(value)), marks)));
  return [pane("Request of CXone", item.request, asked, []), pane("Answer", item.response, told, wrong)];
}

const text = (value) => (value === null || value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** Lines whose member is wrong stand out. */
function lines(whole, marks) {
  if (!marks.length) return whole;
  return whole.split("\n").map((line) => {
    const name = /^\s*"([^"]*)":/.exec(line)?.[1];
    return name && marks.includes(name) ? [h("mark", {}, line), "\n"] : `${line}\n`;
  });
}
