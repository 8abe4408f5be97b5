// What goes wrong between the middleware, CXone and a platform, one button each.

const groups = [
  ["CXone’s API, as the middleware meets it", "/desk/faults", [
    { title: "Slow", body: { kind: "slow", milliseconds: 5000, operation: "createMessage" }, what: "CXone stores a message at once and answers five seconds later.", contact: "Their message shows as being sent for five seconds, then as sent.", agent: "Sees the message at once." },
    { title: "Dropped", body: { kind: "drop", operation: "createMessage" }, what: "The connection ends before anything has happened.", contact: "Nothing: the message is sent again by itself.", agent: "Sees the message once, a moment later." },
    { title: "Reset after the request", body: { kind: "reset", operation: "createMessage" }, what: "CXone stores the message, then the connection ends without an answer.", contact: "Nothing: the middleware looks before it sends again.", agent: "Sees the message once; “told 2×” would say that it was created again." },
    { title: "429 with Retry-After", body: { kind: "status", status: 429, retryAfter: 3, operation: "createMessage" }, what: "CXone asks for three seconds of patience.", contact: "Their message shows as being sent for three seconds.", agent: "Sees the message three seconds later." },
    { title: "503", body: { kind: "status", status: 503, operation: "createMessage" }, what: "CXone is being maintained.", contact: "Nothing, as long as it passes.", agent: "Sees the message once, when CXone is back." },
    { title: "HTML instead of JSON", body: { kind: "html", status: 502, operation: "createMessage" }, what: "A proxy in between answers with a page.", contact: "Nothing: the page is no answer, so the message goes again.", agent: "Sees the message once." },
    { title: "Receipts refused", body: { kind: "status", status: 503, operation: "updateStatus" }, what: "CXone does not take delivery states.", contact: "Nothing.", agent: "Delivered and Seen come later than they were." },
    { title: "Files refused", body: { kind: "status", status: 503, operation: "uploadAttachment" }, what: "CXone does not take an uploaded file.", contact: "Nothing, as long as it passes.", agent: "Sees the message with its file, later." },
    { title: "Tokens expired", path: ["DELETE", "/desk/tokens"], what: "Every token of both sides is void at once.", contact: "Nothing.", agent: "Nothing: both sides sign in again by themselves." },
  ]],
  ["CXone’s callbacks, as an agent’s answer makes them", "/desk/faults", [
    { title: "Duplicate", body: { kind: "duplicate", operation: "callbackOutbound" }, what: "The same message is posted twice at the same moment.", contact: "Sees it once.", agent: "Sees it once." },
    { title: "Late duplicate", body: { kind: "duplicate", milliseconds: 4000, operation: "callbackOutbound" }, what: "The same message is posted again, four seconds after it was answered.", contact: "May see it twice: CXone names no key by which a repeat differs from two equal messages.", agent: "Sees it once." },
    { title: "Answer lost", body: { kind: "lost", operation: "callbackOutbound" }, what: "The answer does not reach CXone, which posts the same again.", contact: "Sees it once if the middleware noticed that its answer got lost, otherwise twice.", agent: "Sees it once." },
    { title: "Expired token", body: { kind: "expiredToken", operation: "callbackOutbound" }, what: "The callback carries a token that has run out.", contact: "Nothing.", agent: "Nothing: 401, a fresh token, the same message again." },
    { title: "Unknown field", body: { kind: "unknownField", operation: "callbackOutbound" }, what: "A future release adds members that nobody knows.", contact: "Nothing.", agent: "Nothing: they are ignored." },
    { title: "Half a body", body: { kind: "cut", operation: "callbackOutbound" }, what: "The message breaks off in the middle.", contact: "Nothing arrives.", agent: "Reads that the middleware answered 400, and can send it again." },
  ]],
  ["The platform, as agents’ answers meet it (Watering Hole)", "/hole/faults", [
    { title: "Down", body: { kind: "down" }, what: "The platform answers 503.", contact: "Sees the message when it is back, or never.", agent: "Reads that the platform did not take it, unless a repeat succeeds in time." },
    { title: "Busy", body: { kind: "busy" }, what: "The platform answers 429 and asks for two seconds.", contact: "Sees the message two seconds later.", agent: "Waits a moment; then it is sent." },
    { title: "Slow", body: { kind: "slow" }, what: "The platform thinks for eight seconds before it takes the message.", contact: "Sees the message after eight seconds.", agent: "Reads after four seconds that the platform did not answer in time; sending again may show it twice." },
    { title: "Answer lost", body: { kind: "late" }, what: "The platform shows the message but does not answer in time.", contact: "Sees the message at once.", agent: "Reads after four seconds that the platform did not answer in time; sending again may show it twice." },
    { title: "HTML instead of JSON", body: { kind: "html" }, what: "A proxy of the platform answers with a page.", contact: "Sees the message once a repeat succeeds.", agent: "Waits a moment, or reads that it failed." },
    { title: "Recipient refused", body: { kind: "refuse" }, what: "The platform does not let this person be written to.", contact: "Sees nothing.", agent: "Reads the platform’s own sentence." },
    { title: "Conversation gone", body: { kind: "gone" }, what: "The platform has deleted the conversation.", contact: "Sees nothing.", agent: "Reads that the conversation was deleted." },
    { title: "Fails afterwards", body: { kind: "fails" }, what: "The platform takes the message and reports later that it could not show it.", contact: "Sees nothing of it outside this page.", agent: "First Sent, then Failed with the reason." },
  ]],
];

export function faults(root, desk) {
  const { h, api } = desk;
  const coming = h("div.coming", { role: "status" }), happened = h("ol.happened");
  root.append(h("div.faults-cards", {}, groups.map(([words, path, list]) => h("section", { "aria-label": words }, h("h2", {}, words), h("div.faults-grid", {}, list.map((fault) => card(path, fault)))))),
    h("aside.faults-side", {}, h("section.card", { "aria-label": "To come" }, h("h2", {}, "To come"), coming, h("button", { onclick: clear }, "Take all back")),
      h("section.card", { "aria-label": "What happened" }, h("h2", {}, "What happened"), happened)));

  async function press(path, fault, count) {
    try {
      if (fault.path) await api(...fault.path);
      else await api("POST", path, { ...fault.body, count });
      desk.say(fault.path ? `${fault.title}: done.` : `${fault.title}: waits for the next ${count === 1 ? "call" : count + " calls"}.`);
      load();
    } catch (error) { desk.say(error.message, "bad"); }
  }

  async function clear() {
    await Promise.all([api("DELETE", "/desk/faults"), api("DELETE", "/hole/faults")]);
    desk.say("No faults are to come.");
    load();
  }

  function card(path, fault) {
    return h("article.card.fault", {}, h("h3", {}, fault.title), h("p", {}, fault.what),
      h("dl", {}, h("dt", {}, "Contact"), h("dd", {}, fault.contact), h("dt", {}, "Agent"), h("dd", {}, fault.agent)),
      h("div.tools", {}, fault.path ? h("button", { onclick: () => press(path, fault), "aria-label": `${fault.title}: now` }, "Now")
        : [h("button", { onclick: () => press(path, fault, 1), "aria-label": `${fault.title}: once` }, "Once"), h("button", { onclick: () => press(path, fault, 5), "aria-label": `${fault.title}: five times` }, "5 times")]));
  }

  const named = (kind, operation, place = "desk") => groups.filter(([, path]) => path === `/${place}/faults`).flatMap(([, , list]) => list).find((fault) => fault.body?.kind === kind && (!fault.body.operation || fault.body.operation === operation))?.title || kind;

  async function load() {
    const [found, hole] = await Promise.all([api("GET", "/desk/faults"), api("GET", "/hole")]);
    const all = [...found.coming.map((fault) => [named(fault.kind, fault.operation), fault.operation || "any call", fault.count]), ...hole.faults.map((fault) => [named(fault.kind, undefined, "hole"), "the platform", fault.count])];
    coming.replaceChildren(all.length ? h("ul", {}, all.map(([words, where, count]) => h("li", {}, words, " ", h("span.note", {}, `${where}, ${count ? count + "×" : "for ever"}`)))) : h("p.note", {}, "None. Press a button, then write a message."));
    const mishaps = hole.mishaps.map((fault) => ({ ...fault, isGood: true, what: "the platform", place: "hole" }));
    const met = [...found.happened, ...mishaps].sort((a, b) => b.at - a.at).slice(0, 20);
    happened.replaceChildren(...met.map((fault) => h("li", {}, h("p", {}, h("strong", {}, named(fault.kind, fault.operation, fault.place)), " ", h("time.note", {}, new Date(fault.at).toLocaleTimeString())), h("p.note", {}, h("code", {}, fault.what)),
      h("p", {}, h("span", { class: "chip " + (fault.outcome ? fault.isGood ? "good" : "warn" : "") }, fault.outcome ? fault.isGood ? "survived" : "seen twice" : "waiting"), " ", fault.outcome || "nothing has come of it yet"))));
    if (!met.length) happened.replaceChildren(h("li.note", {}, "Nothing yet."));
  }

  return desk.follow(["desk", "hole"], load);
}
