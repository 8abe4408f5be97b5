// The frame of the desk: which part is shown, what has changed, how parts ask their servers. A part is a module with
// `title`, `mount(root, desk)` and, if it keeps anything running, `unmount()`.

import * as phone from "./phone.js";
import * as agents from "./agents.js";
import * as hole from "./hole.js";
import * as inspector from "./inspector.js";
import * as fidelity from "./fidelity.js";

const parts = { phone, agents, hole, inspector, fidelity };
const view = document.getElementById("view");
const link = document.getElementById("link");
const toasts = document.getElementById("toasts");
let shown = null;
let listeners = [];

/** An element: h("p.note", {title: "…", onclick: f}, "text", child, …). Text is only ever text. */
export function h(what, attributes = {}, ...children) {
  const [name, ...classes] = what.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "disabled" || key === "selected") element[key] = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

export class Problem extends Error {
  constructor(message, status, body) { super(message); this.status = status; this.body = body; }
}

/** Asks one of the desk's parts. Gives the parsed body, or text where the answer is no JSON; throws a `Problem` in plain words. */
export async function api(method, path, body, options = {}) {
  const init = { method, headers: {}, credentials: "same-origin", signal: options.signal };
  if (body instanceof Blob || body instanceof ArrayBuffer) init.body = body;
  else if (body !== undefined) { init.body = JSON.stringify(body); init.headers["Content-Type"] = "application/json"; }
  if (options.type) init.headers["Content-Type"] = options.type;
  let answer;
  try { answer = await fetch(path, init); }
  catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The desk does not answer. Is `make run` still running?", 0);
  }
  const isJSON = (answer.headers.get("Content-Type") || "").includes("json");
  const found = answer.status === 204 ? null : isJSON ? await answer.json() : await answer.text();
  if (answer.ok) return found;
  const first = found && found.errors && found.errors[0];
  throw new Problem((found && found.message) || (first && [first.field, first.message].filter(Boolean).join(": ")) || `HTTP ${answer.status}`, answer.status, found);
}

/** One line for the person, said aloud by screen readers too. */
export function say(text, kind = "") {
  const toast = h("p." + ["toast", kind].filter(Boolean).join("."), {}, text);
  toasts.append(toast);
  setTimeout(() => toast.remove(), kind === "bad" ? 12_000 : 5_000);
}

/** Calls `work` now, and whenever one of the server's parts (such as "hub") has changed, until another part of the desk is shown or the function
    that it gives is called. */
export function follow(names, work) {
  const listener = { names: [names].flat(), work };
  listeners.push(listener);
  run(listener);
  return () => { listeners = listeners.filter((found) => found !== listener); };
}

async function run(listener) {
  // One at a time; what changes meanwhile is looked at after.
  if (listener.busy) { listener.again = true; return; }
  listener.busy = true;
  do {
    listener.again = false;
    try { await listener.work(); } catch (error) { if (error.name !== "AbortError") say(error.message, "bad"); }
  } while (listener.again && listeners.includes(listener));
  listener.busy = false;
}

async function listen() {
  let version = 0, wait = 500;
  for (;;) {
    try {
      const answer = await api("GET", `/changes?since=${version}`);
      if (link.dataset.state === "lost") for (const listener of [...listeners]) run(listener);
      link.dataset.state = "live"; link.textContent = "live";
      const first = version === 0;
      if (answer.version < version) location.reload();
      version = answer.version; wait = 500;
      if (!first) for (const listener of [...listeners]) if (listener.names.some((name) => answer.parts.includes(name))) run(listener);
    } catch (error) {
      link.dataset.state = "lost"; link.textContent = error.status === 401 ? "not signed in" : "no connection";
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, 5000);
    }
  }
}

/** The rest of the address behind a part's name: `#inspector/17` gives ["17"] to the inspector and nothing to others, whose work may still be going on. */
export function place(name) {
  const [part, ...rest] = location.hash.slice(1).split("/");
  return (part || "phone") === name ? rest.map(decodeURIComponent) : [];
}
export function go(...segments) { location.hash = "#" + segments.map(encodeURIComponent).join("/"); }

export function copy(text, what) {
  return navigator.clipboard.writeText(text).then(() => say(`${what} copied`), () => say("The browser did not allow copying.", "bad"));
}

const desk = { h, api, say, follow, place, go, copy, Problem };

function show() {
  const name = location.hash.slice(1).split("/")[0] || "phone";
  const part = parts[name] || phone;
  if (shown === part) { if (part.moved) part.moved(desk); return; }
  if (shown && shown.unmount) shown.unmount();
  listeners = [];
  shown = part;
  for (const anchor of document.querySelectorAll("nav a")) {
    if (anchor.hash.slice(1) === (parts[name] ? name : "phone")) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  document.title = `${part.title} · Causeway desk`;
  view.replaceChildren();
  view.dataset.part = parts[name] ? name : "phone";
  part.mount(view, desk);
}

addEventListener("hashchange", show);
show();
listen();
