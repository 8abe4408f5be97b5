// Phone and chat: a contact's end of Virtual Agent Hub on the left, what the Studio script sees of it on the right.
// The rules of collecting, silence and branches are the server's (`/hub`); this page shows them and sends what the person does.

import { h, api, say, follow, place, go } from "./desk.js";
import * as audio from "./phone-audio.js";
import { player } from "./phone-talk.js";
import { budget, numbers } from "./phone-script.js";
import { build, render, renderKeys, tick } from "./phone-view.js";

export const title = "Phone and chat";

export const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** What the page knows; `null` while another part of the desk is shown. */
export let model = null;
/** The elements that change. */
export let parts = null;

const kept = (name, fallback) => { try { return JSON.parse(localStorage.getItem(`causeway-phone-${name}`)) ?? fallback; } catch { return fallback; } };
export const keep = (name, value) => { try { localStorage.setItem(`causeway-phone-${name}`, JSON.stringify(value)); } catch { /* a private window */ } };

export function mount(root) {
  model = {
    hub: null, app: kept("app", null), current: null, tab: "script", queue: Promise.resolve(), epoch: 0, asking: null, echo: null, pending: "",
    quietSince: performance.now(), heard: new Map(), rows: new Map(), play: 0, recording: null, arrived: performance.now(),
    atEnd: true, mask: kept("mask", false), auto: kept("auto", false), tones: kept("tones", true), sounds: kept("sounds", true), barge: false,
  };
  parts = build();
  root.append(h("h1.away", {}, title), h("div.phone-page", {}, parts.device, parts.side));
  document.addEventListener("keydown", onKey);
  model.clock = setInterval(tick, 100);
  render();
  follow("hub", refresh);
}

export function unmount() {
  document.removeEventListener("keydown", onKey);
  clearInterval(model.clock);
  model.recording?.cancel();
  audio.stop();
  parts.watch.disconnect();
  model = parts = null;
}

export function moved() {
  const wanted = place("phone")[0];
  if (wanted && wanted !== model.current?.id) open(wanted);
  else if (!wanted && model.current) show(null);
}

// What is there

export async function refresh() {
  const mine = model, epoch = mine.epoch;
  const hub = await api("GET", "/hub");
  if (mine !== model) return;
  mine.hub = hub;
  const names = hub.apps.map((app) => app.name);
  // A new app that is being written has no name yet; its form stays, whatever else changes.
  const isWriting = mine.app === null && mine.tab === "app";
  if (!isWriting && !names.includes(mine.app)) {
    const calls = hub.apps.filter((app) => app.medium === "voice");
    mine.app = (calls.find((app) => app.agent === "orders") || calls[0] || hub.apps[0])?.name ?? null;
  }
  const wanted = mine.current?.id ?? place("phone")[0];
  if (wanted) {
    const found = await api("GET", `/hub/interactions/${encodeURIComponent(wanted)}`).catch(() => null);
    // What the person did meanwhile is newer than this answer.
    if (mine === model && mine.epoch === epoch) apply(found);
  }
  if (mine === model) render();
}

export function apply(found) {
  const before = model.current, grown = found && before && found.id === before.id && found.turns.length > before.turns.length;
  if (found?.id !== before?.id) {
    forget();
    model.fresh = found ? found.turns.length : 0;
  }
  if (grown || found?.id !== before?.id || found?.keys !== before?.keys) model.quietSince = performance.now();
  model.current = found;
  model.arrived = performance.now();
  if (found) model.app = found.app;
}

/** What is drawn of the conversation is drawn anew. */
export function forget() {
  model.heard.clear();
  model.rows.clear();
  parts.log.replaceChildren();
  parts.turns.replaceChildren();
}

export const appNow = () => model.hub?.apps.find((app) => app.name === model.app) || null;
export const actionNow = () => (model.hub?.actions || []).find((action) => (action.name || action.id) === appNow()?.action);
export const isChat = () => (model.current?.medium || appNow()?.medium) === "chat";
export const isOn = () => Boolean(model.current) && model.current.state !== "ended";
export const limit = () => budget(appNow(), isChat() ? "chat" : "voice");

/** Digits that were keyed are dots everywhere, if the person asked for that. */
export function mask(text) {
  if (!model.mask || typeof text !== "string") return text;
  let found = text;
  for (const { input } of model.current?.turns || []) {
    if (["keys", "dtmf"].includes(input.kind) && input.shown?.length > 1) found = found.replaceAll(input.shown, "•".repeat(input.shown.length));
  }
  return found;
}

// What the person does

/** Sends one input after all before it. Gives the interaction after it, or nothing where there was a problem. */
export function perform(input, echo) {
  const mine = model;
  mine.queue = mine.queue.then(() => (mine === model ? post(input, echo) : undefined));
  return mine.queue;
}

async function post(input, echo) {
  const mine = model;
  if (!isOn()) return undefined;
  mine.epoch += 1;
  mine.asking = { since: performance.now(), isKey: "key" in input };
  if (echo) mine.echo = { text: echo, count: mine.current.turns.length };
  render();
  try {
    const body = mine.barge && !input.hangUp ? { ...input, whilePlaying: true } : input;
    const found = await api("POST", `/hub/interactions/${encodeURIComponent(mine.current.id)}/input`, body);
    if (mine !== model) return undefined;
    apply(found);
    return found;
  } catch (error) {
    if (mine === model) {
      say(error.message, "bad");
      if (error.status === 409 || error.status === 404) refresh().catch(() => {});
    }
    return undefined;
  } finally {
    if (mine === model) {
      mine.epoch += 1;
      mine.asking = mine.echo = null;
      render();
    }
  }
}

export async function call(name = model.app) {
  const mine = model;
  if (!name || mine.asking) return;
  mine.app = name;
  keep("app", name);
  mine.epoch += 1;
  mine.current = null;
  apply(null);
  mine.asking = { since: performance.now() };
  render();
  try {
    const found = await api("POST", "/hub/interactions", { app: name });
    if (mine !== model) return;
    mine.fresh = 0;
    apply(found);
    mine.fresh = 0;
    go("phone", found.id);
  } catch (error) {
    if (mine === model) say(error.message, "bad");
  } finally {
    if (mine === model) {
      mine.epoch += 1;
      mine.asking = null;
      render();
      focusInput();
    }
  }
}

async function open(id) {
  const mine = model;
  mine.play += 1;
  mine.epoch += 1;
  try {
    const found = await api("GET", `/hub/interactions/${encodeURIComponent(id)}`);
    // The person may have gone on meanwhile.
    if (mine === model && place("phone")[0] === id) show(found);
  } catch (error) {
    if (mine === model) say(error.message, "bad");
  }
}

export function show(found) {
  model.epoch += 1;
  apply(found);
  render();
}

export function press(key) {
  if (!isOn() || isChat()) return;
  if (model.tones) audio.tone(key);
  const button = parts.pad.querySelector(`[data-key="${key}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 120);
  model.pending += key;
  model.quietSince = performance.now();
  renderKeys();
  const mine = model;
  // Keys pressed while one is on its way go together with the next.
  mine.queue = mine.queue.then(() => {
    if (mine !== model || !mine.pending) return undefined;
    const now = mine.pending;
    mine.pending = "";
    mine.underway = now;
    return post({ key: now }).finally(() => { mine.underway = ""; if (mine === model) renderKeys(); });
  });
}

export function speak(text) {
  const words = text.trim();
  if (!words || !isOn()) return;
  model.play += 1;
  parts.words.value = "";
  perform({ text: words }, words).then(focusInput);
}

export function hangUp() {
  model.play += 1;
  perform({ hangUp: true }).then(focusInput);
}

export async function send(blob) {
  try {
    const sound = await audio.telephone(blob);
    await perform({ audio: audio.base64(sound.file) });
  } catch (error) { say(error.message, "bad"); }
}

export async function record() {
  if (model.recording) {
    const recording = model.recording;
    model.recording = null;
    render();
    try {
      const sound = await recording.stop();
      const words = `Sent ${sound.seconds.toFixed(1)} s, ${numbers.format(sound.file.length)} octets of µ-law`;
      parts.heard.replaceChildren(h("span.note", {}, words), player(null, false, sound));
      await perform({ audio: audio.base64(sound.file) });
    } catch (error) { say(error.message, "bad"); }
    return;
  }
  try {
    const recording = await audio.microphone();
    if (!model) { recording.cancel(); return; }
    model.recording = recording;
    recording.since = performance.now();
    render();
  } catch (error) { say(error.message, "bad"); }
}

/** Whether the virtual agent itself asked for keys; a script listens to some most of the time. */
export function asksForKeys() {
  const { collects, digitLimit, isOfScript } = model.current?.behaviour || {};
  return collects === "keys" || (collects === "speechAndKeys" && digitLimit > 0 && !isOfScript);
}

/** After the person said something, the keys are what comes next where keys are collected. */
export function focusInput() {
  const at = document.activeElement;
  if (!model?.current || !parts.device.contains(at) && at !== document.body) return;
  if (!isOn()) parts.log.querySelector(".closing button")?.focus({ preventScroll: true });
  else if (!isChat() && (asksForKeys() || model.current.turns.length === 1)) parts.pad.focus({ preventScroll: true });
  else parts.words.focus({ preventScroll: true });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !isOn()) return;
  const at = document.activeElement;
  if (at === parts.words) {
    if (event.key === "Escape" && !isChat()) { parts.pad.focus(); event.preventDefault(); }
    return;
  }
  if (at && at !== document.body && !parts.device.contains(at) || at?.matches("input, select, textarea")) return;
  if (keys.includes(event.key) && !isChat()) { event.preventDefault(); if (!event.repeat) { model.play += 1; press(event.key); } }
  else if (event.key === "Backspace" && !isChat()) { event.preventDefault(); model.pending = ""; perform({ clear: true }); }
  else if (event.key.length === 1 && event.key !== " " && !event.repeat && /\p{L}/u.test(event.key)) parts.words.focus();
}

// The conversation that plays itself

/** What a contact of the sample conversation would do next. */
export function suggestion() {
  const last = model.current?.turns.at(-1);
  if (!isOn() || !last || !["orders", "faulty"].includes(model.current.agent ?? appNow()?.agent)) return null;
  const wantsDigits = asksForKeys() && model.current.behaviour.digitLimit === 13;
  const intent = last.intent?.name ?? last.intent;
  if (intent === "OrderStatus" || wantsDigits) return isChat() ? { words: "0090294837290" } : { keys: "0090294837290" };
  if (intent === "OrderNumber") return { words: "Can I talk to someone?" };
  return { words: "Where is my order?" };
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function follows(next) {
  if (next.words) {
    await perform({ text: next.words }, next.words);
    return;
  }
  for (const key of next.keys) {
    press(key);
    await pause(70);
  }
  await model?.queue;
}

export async function playAll() {
  const mine = model, number = mine.play += 1;
  if (!isOn()) await call();
  for (let step = 0; step < 8 && mine === model && mine.play === number; step += 1) {
    await pause(800);
    const next = mine === model && mine.play === number ? suggestion() : null;
    if (!next) break;
    await follows(next);
  }
  if (mine === model) render();
}
