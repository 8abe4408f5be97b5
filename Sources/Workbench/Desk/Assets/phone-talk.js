// What the contact and the virtual agent say to each other, as bubbles. Everything shown is text, whatever it looks like.

import { h, say } from "./desk.js";
import * as audio from "./phone-audio.js";

const kinds = {
  welcome: "begins", test: "is tested", keys: "keyed", text: "said", silence: "said nothing", audio: "spoke", choice: "chose", hangUp: "hung up",
};

/** How an input reads, in the script and in bubbles: `keyed`, `said nothing`. */
export function inputWords(input, chat) {
  if (chat && input.kind === "text") return "wrote";
  if (chat && input.kind === "hangUp") return "left";
  return kinds[input.kind] || String(input.kind);
}

/** The bubbles of one turn; `perform(input, words)` is called when the contact chooses one of the offered choices. */
export function bubbles(turn, options) {
  const { chat, mask } = options, { kind, shown } = turn.input, how = inputWords(turn.input, chat), found = [];
  if (["text", "keys", "choice"].includes(kind)) found.push(mine(mask(shown ?? ""), how, kind));
  else if (kind === "audio") found.push(mine(mask(shown || "a recording"), how, kind));
  else if (kind === "silence") found.push(h("p.event", {}, "The contact says nothing."));
  else if (kind === "hangUp") found.push(h("p.event", {}, chat ? "The contact leaves." : "The contact hangs up."));
  for (const part of turn.says || []) found.push(theirs(part, options));
  return found;
}

export function mine(text, how, kind = "text") {
  return h("div.bubble.mine", { "data-kind": kind }, h("span.who", {}, `Contact ${how}`), h("p", { dir: "auto" }, text));
}

const voices = { comfort: "Virtual agent, while it thinks", error: "Script, as the error says", recording: "Virtual agent, recorded" };

function theirs(part, options) {
  const { mask } = options;
  const bubble = h("div.bubble.theirs", { "data-kind": part.kind }, h("span.who", {}, voices[part.kind] || "Virtual agent"));
  const told = typeof part.text === "string" ? mask(part.text) : "";
  if (part.kind === "rich") bubble.append(rich(part, told, options));
  else if (told) bubble.append(h("p", { dir: "auto" }, told));
  if (part.speech && part.speech !== part.text) {
    bubble.append(h("details.speech", {}, h("summary", {}, "as it is spoken"), h("p.mono", { dir: "auto" }, mask(part.speech))));
  }
  if (part.audioURL) bubble.append(player(part.audioURL, options.autoplay));
  else if (part.path) bubble.append(h("p.note", {}, "Recording of CXone: ", h("bdi.mono", {}, mask(part.path))));
  return bubble;
}

/** A rich message as its channel might show it, without what is not on this machine: pictures are named, not loaded. */
function rich(part, told, { mask, live, perform }) {
  const box = h("div.rich");
  if (part.richType) box.append(h("span.chip", {}, h("bdi", {}, part.richType)));
  if (part.title && part.title !== part.text) box.append(h("p.title", { dir: "auto" }, mask(part.title)));
  if (told) box.append(h("p", { dir: "auto" }, told));
  if (part.image) box.append(h("p.note", {}, "Picture: ", h("bdi", {}, address(part.image))));
  if (part.link) box.append(link(address(part.link)));
  const choices = part.choices || [];
  if (choices.length) {
    box.append(h("div.choices", { role: "group", "aria-label": "Choices" }, choices.map((choice) => h("button.choice", {
      type: "button", disabled: !live, onclick: () => perform({ choice: choice.value ?? choice.text }, choice.text ?? choice.value),
    }, h("bdi", {}, mask(String(choice.text ?? choice.value ?? ""))), choice.description && h("span", { dir: "auto" }, mask(String(choice.description)))))));
  }
  return box;
}

const address = (value) => (typeof value === "string" ? value : String(value?.url ?? value?.fileName ?? ""));

function link(target) {
  // Anything but a web address stays text.
  if (!/^https?:\/\//i.test(target)) return h("p.note", {}, h("bdi", {}, target));
  return h("p", {}, h("a", { href: target, target: "_blank", rel: "noopener noreferrer nofollow" }, h("bdi", {}, target)));
}

/** A recording: a button, its loudness, its length. */
export function player(source, autoplay, sound = null) {
  const graph = h("span.wave", { "aria-hidden": "true" }), length = h("span.number", {}, "");
  const button = h("button.play", { type: "button", "aria-label": "Play the recording", "aria-pressed": "false" }, "▶");
  const line = h("div.player", {}, button, graph, length);
  const show = (found) => {
    length.textContent = `${found.seconds.toFixed(1)} s`;
    graph.replaceChildren(...audio.bars(found.samples).map((value) => {
      const bar = h("i");
      bar.style.setProperty("--loud", String(Math.max(0.06, value)));
      return bar;
    }));
  };
  const loaded = sound ? Promise.resolve(sound) : fetch(source, { credentials: "same-origin" }).then((answer) => {
    if (!answer.ok) throw new Error(`The recording is not there (HTTP ${answer.status}).`);
    return answer.blob();
  }).then(audio.telephone);
  loaded.then(show, (error) => { length.textContent = error.message; button.disabled = true; });
  const start = async () => {
    const found = await loaded;
    button.setAttribute("aria-pressed", "true");
    audio.play(found, () => button.setAttribute("aria-pressed", "false"));
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") audio.stop();
    else start().catch((error) => say(error.message, "bad"));
  });
  if (autoplay) start().catch(() => {});
  return line;
}
