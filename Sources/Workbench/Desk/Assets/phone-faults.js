// Buttons that break things: on CXone's side for the next turn, on the virtual agent's side for the agent that misbehaves on order.

import { h, api, say } from "./desk.js";

const ours = [
  ["duplicate", "Duplicate", "CXone sends the turn twice at the same time."],
  ["lateDuplicate", "Late duplicate", "The turn before comes once more after this one."],
  ["wrongVersion", "Wrong version", "The app is set to 1.0.0: one Authorization header."],
  ["expiredToken", "Expired token", "The token that CXone holds has run out."],
  ["missingHeader", "Missing header", "The script forgets the headers."],
  ["missingCertificate", "Missing certificate", "CXone shows no client certificate."],
  ["unknownField", "Unknown field", "Members of a future release, at each level."],
  ["alteredState", "Altered state", "The script changes the bot session state."],
  ["impatient", "Impatient", "CXone gives up after 200 ms."],
];
const theirs = [
  ["slow", "Slow", { kind: "slow" }, "answers after the time above"],
  ["dribble", "Dribble", { kind: "dribble" }, "sends its answer octet by octet"],
  ["drop", "Drop", { kind: "drop" }, "ends the connection before it has read anything"],
  ["reset", "Reset", { kind: "reset" }, "ends it after the request"],
  ["429", "429", { kind: "status", status: 429, retryAfter: 2 }, "asks to come back after 2 s"],
  ["503", "503", { kind: "status", status: 503 }, "is not available"],
  ["html", "HTML", { kind: "html", status: 200 }, "sends a page instead of JSON"],
];

/** The panel; `state()` gives `{interaction, app, hub}` of now, `call(app)` begins a conversation, `changed` shows the answer. */
export function panel({ state, call, changed }) {
  const cxone = h("div.faults", { role: "group", "aria-labelledby": "faults-cxone" });
  const agent = h("div.faults", { role: "group", "aria-labelledby": "faults-agent" });
  const note = h("p.note"), toCome = h("p.note", { role: "status" });
  const delay = h("input", { type: "number", min: "0", max: "60000", step: "500", value: "6000", id: "fault-delay" });
  const times = h("select", { id: "fault-times" }, [["1", "once"], ["3", "three times"], ["", "until it is cleared"]].map(([value, words]) =>
    h("option", { value }, words)));

  for (const [kind, words, meaning] of ours) {
    cxone.append(h("button.fault", {
      type: "button", "data-kind": kind, "aria-pressed": "false", title: meaning,
      onclick: async (event) => {
        const { interaction } = state();
        if (!interaction || interaction.state === "ended") { say("Call first: the fault comes with the next turn."); return; }
        const isOn = event.currentTarget.getAttribute("aria-pressed") === "true";
        try {
          const address = `/hub/interactions/${encodeURIComponent(interaction.id)}/faults`;
          let found = null;
          if (isOn) {
            // Only all can be taken back, so the others are ordered again.
            await api("DELETE", address);
            for (const other of interaction.faultsToCome || []) if (other !== kind) found = await api("POST", address, { kind: other });
          } else { found = await api("POST", address, { kind }); }
          changed(found);
        } catch (error) { say(error.message, "bad"); }
      },
    }, h("b", {}, words), h("span", {}, meaning)));
  }
  const ask = async (method, body) => {
    try { await api(method, "/hub/faults", body); await show(); } catch (error) { say(error.message, "bad"); }
  };
  for (const [kind, words, body, meaning] of theirs) {
    agent.append(h("button.fault", {
      type: "button", "data-kind": kind, title: meaning,
      onclick: () => {
        const lasting = ["slow", "dribble"].includes(body.kind) ? { milliseconds: Number(delay.value) || 0 } : {};
        ask("POST", { ...body, ...lasting, count: times.value ? Number(times.value) : null });
      },
    }, h("b", {}, words), h("span", {}, meaning)));
  }
  const clear = h("button", { type: "button", onclick: () => ask("DELETE") }, "Clear");
  const callIt = h("button.main", { type: "button" }, "Call the agent that misbehaves");
  callIt.addEventListener("click", () => { const app = faulty(state().hub); if (app) call(app.name); });

  const show = async () => {
    const found = await api("GET", "/hub/faults");
    const list = found || [];
    const words = ({ kind, status, milliseconds, count }) =>
      [kind, status, milliseconds && `${milliseconds} ms`, Number.isFinite(count) ? `×${count}` : "always"].filter(Boolean).join(" ");
    toCome.textContent = list.length ? `To come: ${list.map(words).join(", ")}` : "Nothing is ordered; it behaves.";
  };
  const update = () => {
    const { interaction, hub } = state();
    const coming = interaction?.faultsToCome || [];
    for (const button of cxone.children) button.setAttribute("aria-pressed", String(coming.includes(button.dataset.kind)));
    note.textContent = !interaction || interaction.state === "ended" ? "Call first; then choose what goes wrong in the next turn."
      : coming.length ? "Comes with the next turn: say or key something." : "Choose what goes wrong in the next turn, then say or key something.";
    callIt.hidden = !faulty(hub);
  };
  update();
  show().catch(() => { toCome.textContent = "This desk has no agent that misbehaves."; });
  return {
    update,
    element: h("div.fault-panel", {},
      h("section", {}, h("h2", { id: "faults-cxone" }, "CXone's side"), note, cxone),
      h("section", {}, h("h2", { id: "faults-agent" }, "The virtual agent's side"),
        h("p.note", {}, "The agent ", h("code", {}, "faulty"),
          " of the sample settings misbehaves on order. What the contact and the script notice stands with the turn."),
        h("div.row.orders", {}, h("label", { for: "fault-delay" }, "Milliseconds"), delay, h("label", { for: "fault-times" }, "How often"), times, clear),
        agent, toCome, h("div.row", {}, callIt))),
  };
}

export function faulty(hub) { return (hub?.apps || []).find((app) => app.agent === "faulty"); }
