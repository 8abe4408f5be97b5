// The app of Virtual Agent Hub with the Studio script that uses it: its form, its Test step, and StandardBot's behaviour tests.

import { h, api, say } from "./desk.js";
import { numbers } from "./phone-script.js";

const path = (name) => `/hub/apps/${encodeURIComponent(name)}`;

/** The form of an app; `app` is null for a new one. `saved(name, told)` is called after a change: `told` is what came of it, for the form that
 * follows when a new app gets its own. */
export function form(app, hub, saved, told = null) {
  const fields = new Map();
  const isNew = !app;
  const now = app || {
    version: "3.0.0", medium: "voice", action: "voicebotExchange", timeoutSeconds: 10,
    headers: [], endpointParameters: [], connectedBranches: [],
  };
  const problems = new Map();
  const field = (name, label, control, hint) => {
    const id = `app-${name}`, problem = h("span.problem", { id: `${id}-problem` });
    control.id = id;
    control.setAttribute("aria-describedby", problem.id);
    fields.set(name, control);
    problems.set(name, problem);
    return h("div.field", {}, h("label", { for: id }, label), control, hint && h("span.hint", {}, hint), problem);
  };
  const text = (name, label, hint, more = {}) =>
    field(name, label, h("input", { value: String(now[name] ?? ""), autocomplete: "off", spellcheck: "false", ...more }), hint);
  const choice = (name, label, options, hint) =>
    field(name, label, h("select", {}, options.map(([value, words]) => h("option", { value, selected: now[name] === value }, words))), hint);
  /** As the form shows JSON. */
  const known = (name) => (now[name] === null || now[name] === undefined ? "" : JSON.stringify(now[name], null, 1));
  const bound = [];
  /** Something that only some integration versions have. */
  const only = (versions, element) => { bound.push([versions, element]); return element; };
  const json = (name, label, hint) => field(name, label, h("textarea", { rows: 2, spellcheck: "false", class: "mono" },
    known(name)), hint);

  const headers = pairs("headers", "Custom header", now.headers || [], true);
  const parameters = pairs("endpointParameters", "Endpoint parameter", now.endpointParameters || [], false);
  const oauth = tokens("oauth", "The app fetches a token (OAuth)", now.oauth);
  const certificate = group("clientCertificate", "The app shows a client certificate", now.clientCertificate, [
    ["certificateFile", "File of the certificate"], ["keyFile", "File of its key"],
  ]);
  const connected = ticks("Branches connected in the script", branchNames(hub, now).map((name) =>
    [name, name === "Default" ? name : `On${name}`, isNew || (now.connectedBranches || []).includes(name)]));
  const drops = ticks("What the script forgets to pass on", [
    ["state", "bot session state"], ["headers", "headers"], ["payload", "custom payload"], ["welcome", "the welcome intent"],
  ].map(([name, words]) => [name, words, Boolean(now.scriptDrops?.[name])]));
  const outcome = h("div.outcome", { role: "status" }, told);

  let isWrong = false;
  const collect = () => {
    isWrong = false;
    const value = (name) => fields.get(name).value.trim();
    const body = {
      agent: value("agent"), url: value("url"), version: value("version"), action: value("action"),
      medium: (hub.actions || []).find((action) => (action.name || action.id) === value("action"))?.medium || now.medium,
      timeoutSeconds: Number(value("timeoutSeconds")), locale: value("locale"), welcome: value("welcome"), headers: headers.value(),
      endpointParameters: parameters.value(), oauth: oauth.value(), clientCertificate: certificate.value(),
      connectedBranches: connected.value(), scriptDrops: Object.fromEntries(drops.all().map(([name, on]) => [name, on])),
      transcript: value("transcript"), atDefault: value("atDefault"), transferSkill: value("transferSkill"),
    };
    // What a version does not have goes; what is left empty stays as it is.
    const secret = fields.get("authorizationHeader").value;
    Object.assign(body, body.version === "1.0.0"
      ? { headers: [], oauth: null, ...(secret ? { authorizationHeader: secret } : {}) } : { authorizationHeader: null, scriptToken: null });
    body.authorityFile = value("authorityFile") || null;
    if (body.version !== "3.0.0") body.clientCertificate = null;
    for (const name of ["locale", "welcome", "transferSkill"]) if (body[name] === "") delete body[name];
    for (const name of ["customPayload", "rules", "richTypes", "scriptToken"]) {
      const written = value(name);
      if (written === known(name)) continue;
      try {
        body[name] = written ? JSON.parse(written) : name === "scriptToken" ? null : name === "richTypes" ? [] : {};
      } catch { mark(name, "This is not JSON."); isWrong = true; }
    }
    return body;
  };
  const save = async (isTested) => {
    for (const [name, problem] of problems) { problem.textContent = ""; fields.get(name).removeAttribute("aria-invalid"); }
    const name = isNew ? fields.get("name").value.trim() : app.name;
    if (!name) { mark("name", "An app needs a name."); return false; }
    const body = collect();
    if (isWrong) return false;
    try {
      const found = await api("PUT", path(name), body);
      for (const warning of found?.warnings || []) say(typeof warning === "string" ? warning : warning.message);
      if (!isTested) saved(name);
      return true;
    } catch (error) {
      let first = null;
      for (const { field: place, message } of error.body?.errors || []) {
        const known = problems.has(place) ? place : problems.has(String(place).split(/[.[]/)[0]) ? String(place).split(/[.[]/)[0] : null;
        if (known) { mark(known, message); first ??= known; }
      }
      if (first) fields.get(first).focus();
      outcome.replaceChildren(h("p.box.bad", {}, error.message));
      return false;
    }
  };
  const mark = (name, message) => { problems.get(name).textContent = message; fields.get(name).setAttribute("aria-invalid", "true"); };
  const test = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    if (await save(true)) {
      const name = isNew ? fields.get("name").value.trim() : app.name;
      const words = await api("POST", `${path(name)}/test`).then(tested, (error) => h("p.box.bad", {}, error.message));
      outcome.replaceChildren(words);
      saved(name, words);
    }
    button.disabled = false;
  };
  const remove = async () => {
    try { await api("DELETE", path(app.name)); say(`${app.name} is gone`); saved(null); } catch (error) { say(error.message, "bad"); }
  };

  const actions = (hub.actions || []).map((action) => {
    const name = action.name || action.id || action;
    return [name, `${action.title || name}${action.isAvailable === false ? " (CXone refuses it)" : ""}`];
  });
  const element = h("form.app-form", { "aria-label": isNew ? "New app" : `App ${app.name}`, novalidate: true },
    h("div.fields", {},
      isNew && text("name", "Name of the app", "Unique here; shown in the list."),
      text("agent", "Virtual agent", "virtualAgentId: how CXone names it to the middleware."),
      text("url", "Webhook URL", null, { type: "url", inputmode: "url" }),
      choice("action", "Studio action", actions.length ? actions : [[now.action, now.action]]),
      choice("version", "Integration version", ["3.0.0", "2.0.0", "1.0.0"].map((value) => [value, value === "3.0.0" ? `${value} (preferred)` : value])),
      text("timeoutSeconds", "Time-out in seconds", null, { inputmode: "decimal" }),
      text("locale", "Locale"),
      text("welcome", "Automated welcome", "What the first turn says, type 5."),
      only(["1.0.0"], field("authorizationHeader", "Authorization header",
        h("input", { type: "password", autocomplete: "new-password", placeholder: now.authorizationHeader?.isSet ? "kept as it is" : "" }),
        "The only header of this version.")),
      choice("transcript", "Transcript", [["none", "none"], ["transcript", "transcript"], ["intents", "intents"], ["both", "both"]]),
      choice("atDefault", "At Default the script", [["ends", "ends"], ["asksAgain", "asks again"]]),
      text("transferSkill", "Skill that calls are transferred to"),
      json("customPayload", "Custom payload", "What the script attaches to each turn, as JSON.")),
    only(["2.0.0", "3.0.0"], headers.element), parameters.element, only(["2.0.0", "3.0.0"], oauth.element), only(["3.0.0"], certificate.element),
    connected.element, drops.element,
    h("details.rest", {}, h("summary", {}, "What else the script and the channel do"), h("div.fields", {},
      json("rules", "Collection rules", "How the script collects when an answer says nothing, as JSON."),
      json("richTypes", "Rich messages shown", "What the digital channel shows, as a JSON list."),
      json("scriptToken", "Token of the script", "Version 1.0.0: how the script fetches one, as JSON."),
      text("authorityFile", "File of the authorities", "Who may have signed the endpoint's certificate; the system's when empty."))),
    h("div.foot", {}, outcome, h("div.row", {},
      h("button.main", { type: "submit" }, isNew ? "Add the app" : "Save"),
      h("button", { type: "button", onclick: test }, "Save and test"),
      !isNew && h("span.grow"), !isNew && h("button.danger", { type: "button", onclick: remove }, "Remove"))));
  const adapt = () => { for (const [versions, part] of bound) part.hidden = !versions.includes(fields.get("version").value); };
  fields.get("version").addEventListener("change", adapt);
  adapt();
  element.addEventListener("submit", (event) => { event.preventDefault(); save(false); });
  return element;
}

function branchNames(hub, app) {
  const action = (hub.actions || []).find((found) => (found.name || found.id) === app.action);
  const all = action?.branches || (hub.actions || []).flatMap((found) => found.branches || []);
  return [...new Set([...all, ...(app.connectedBranches || []), "Default"])];
}

/** Rows of names and values; values that are secret stay on the server. */
function pairs(key, words, given, isSecret) {
  const list = h("div.pairs");
  const add = (pair, focus = false) => {
    const number = list.children.length + 1;
    const name = h("input", { value: pair.name || "", "aria-label": `${words} ${number}: name`, autocomplete: "off", spellcheck: "false" });
    const value = h("input", {
      value: typeof pair.value === "string" ? pair.value : "", "aria-label": `${words} ${number}: value`, autocomplete: "off", spellcheck: "false",
      type: isSecret ? "password" : "text", placeholder: pair.isSet ? "kept as it is" : "value",
    });
    const away = h("button", { type: "button", "aria-label": `Remove ${words.toLowerCase()} ${number}`, onclick: () => row.remove() }, "×");
    const row = h("div.pair", {}, name, value, away);
    row.read = () => ({ name: name.value.trim(), ...(value.value || !pair.isSet ? { value: value.value } : {}) });
    list.append(row);
    if (focus) name.focus();
  };
  given.forEach((pair) => add(pair));
  return {
    element: h("fieldset", {}, h("legend", {}, `${words}s`), list, h("button", { type: "button", onclick: () => add({}, true) }, `Add ${words.toLowerCase()}`)),
    value: () => [...list.children].map((row) => row.read()).filter((pair) => pair.name),
  };
}

/** Members that stand only when the box is ticked. */
function group(key, words, given, members) {
  const on = h("input", { type: "checkbox", checked: Boolean(given) });
  const inputs = members.map(([name, label, options]) => {
    const control = options
      ? h("select", {}, options.map((value) => h("option", { value, selected: given?.[name] === value }, value)))
      : h("input", { value: given?.[name] === null || given?.[name] === undefined ? "" : String(given[name]), autocomplete: "off", spellcheck: "false" });
    return { name, control, element: h("div.field", {}, h("label", {}, label, control)) };
  });
  const inside = h("div.fields", { hidden: !given }, inputs.map((input) => input.element));
  on.addEventListener("change", () => { inside.hidden = !on.checked; });
  return {
    inside,
    element: h("fieldset", {}, h("legend.away", {}, words), h("label.tick", {}, on, words), inside),
    value: () => (on.checked ? Object.fromEntries(inputs.filter((input) => input.control.value !== "").map((input) =>
      [input.name, input.name === "lifeSeconds" ? Number(input.control.value) : input.control.value])) : null),
  };
}

function tokens(key, words, given) {
  const plain = group(key, words, given, [
    ["url", "Authorization server URL"], ["encoding", "Body sent as", ["form", "json"]], ["headerName", "Header that carries the token"],
    ["prefix", "Prefix of the value"], ["tokenName", "Answer's token member"], ["lifeSeconds", "Lifetime when the answer names none, s"],
  ]);
  const body = pairs(key, "Body member", given?.body || [], true), headers = pairs(key, "Token request header", given?.headers || [], true);
  plain.inside.append(body.element, headers.element);
  return { element: plain.element, value: () => { const value = plain.value(); return value && { ...value, body: body.value(), headers: headers.value() }; } };
}

function ticks(words, options) {
  const boxes = options.map(([name, label, on]) => ({ name, box: h("input", { type: "checkbox", checked: on }), label }));
  return {
    element: h("fieldset", {}, h("legend", {}, words), h("div.ticks", {}, boxes.map(({ box, label }) => h("label.tick", {}, box, label)))),
    value: () => boxes.filter(({ box }) => box.checked).map(({ name }) => name),
    all: () => boxes.map(({ name, box }) => [name, box.checked]),
  };
}

/** What came of the Test step. */
function tested(turn) {
  const faults = turn.violations || [];
  const good = turn.status === 200 && !faults.length && !turn.failure;
  return h("div.box" + (good ? ".good" : ".bad"), {},
    h("p", {}, h("b", {}, good ? "The app may be added. " : "CXone would not accept this. "),
      `HTTP ${turn.status ?? "none"}, ${turn.branch || "no branch"}, ${numbers.format(turn.milliseconds ?? 0)} ms. `, turn.failure || ""),
    faults.length > 0 && h("ul", {}, faults.map(({ field, message }) =>
      h("li", {}, h("code", {}, h("bdi", {}, field || "response")), " ", h("bdi", {}, message)))),
    (turn.warnings || []).map((warning) => h("p.note", {}, h("bdi", {}, String(warning)))));
}

/** StandardBot's behaviour tests against one app. */
export function standardBot(app, opened) {
  const list = h("div", { role: "status" });
  const button = h("button.main", { type: "button" }, "Run the behaviour tests");
  button.addEventListener("click", async () => {
    button.disabled = true;
    const begun = performance.now();
    const clock = setInterval(() => { button.textContent = `Running, ${((performance.now() - begun) / 1000).toFixed(1)} s`; }, 100);
    try {
      const rows = await api("POST", "/hub/standard-bot", { app: app.name });
      const passed = rows.filter((row) => row.passed).length;
      list.replaceChildren(
        h("p.score", {}, h("b", {}, `${passed} of ${rows.length}`), ` pass, ${numbers.format(Math.round(performance.now() - begun))} ms`),
        h("table.standard", {}, h("thead", {}, h("tr", {}, ["Behaviour", "Passes when", "Result"].map((words) => h("th", { scope: "col" }, words)))),
          h("tbody", {}, rows.map((row) => h("tr", {},
            h("th", { scope: "row" }, h("bdi", {}, row.name || row.behaviour || ""), row.trigger && h("code.trigger", {}, h("bdi", {}, row.trigger))),
            h("td", {}, h("bdi", {}, row.criterion || "")),
            h("td", {}, h("span.chip." + (row.passed ? "good" : "bad"), {}, row.passed ? "passed" : "failed"), " ",
              h("span.number", {}, Number.isFinite(row.milliseconds) ? `${numbers.format(row.milliseconds)} ms` : ""),
              row.interaction && h("button.small", {
                type: "button", onclick: () => opened(row.interaction), "aria-label": `Show the conversation of ${row.name}`,
              }, "Show"),
              row.why && h("p.note", {}, h("bdi", {}, row.why))))))));
    } catch (error) {
      list.replaceChildren(h("p.box.bad", {}, error.message));
    }
    clearInterval(clock);
    button.disabled = false;
    button.textContent = "Run them again";
  });
  return h("div.tests", {},
    h("p", {}, "NICE's StandardBot is a set of behaviours that every virtual agent shows alike when a test script says ", h("code", {}, "debugStandardBot…"),
      ". They are run here from the script's side, with what decides about each."),
    h("div.row", {}, button), list);
}
