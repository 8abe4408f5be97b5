// The set-up of an integration and its channels, as an administrator of CXone sees it.

const fields = [
  ["name", "Name", "text"], ["boxURL", "Integration Box URL", "url"], ["authorizationURL", "Authorization URL", "url"], ["clientID", "Client ID", "text"],
  ["clientSecret", "Client Secret", "password"], ["addURL", "Add action URL", "url"], ["reconnectURL", "Reconnect action URL", "url"], ["removeURL", "Remove action URL", "url"],
  ["eventsURL", "Where a workflow automation reports a closed contact", "url"],
];

export function setup(root, desk) {
  const { h, api } = desk;
  const channels = h("div.channels"), forms = h("div.forms");
  let integrations = [], drawn = "";
  root.append(
    h("section.card", {}, h("h2", {}, "Channels"),
      h("p.note", {}, "Each link opens the middleware’s page in a new tab, with a one-time token of ours as CXone does. The token works once, for five minutes."), channels),
    forms,
    h("section.card", {}, h("h2", {}, "Start over"), h("p.note", {}, "Conversations, contacts, files and the log are forgotten. Integrations and channels stay."),
      h("button.danger", { onclick: async () => { await api("DELETE", "/desk/messages"); desk.say("All conversations are forgotten."); } }, "Forget all conversations")));

  async function load() {
    const [forms, inbox] = await Promise.all([api("GET", "/desk/integrations"), api("GET", "/desk/inbox")]);
    integrations = forms;
    const sign = JSON.stringify([forms, inbox.channels, inbox.queues.map((queue) => queue.name)]);
    if (sign === drawn) return;
    drawn = sign;
    drawChannels(inbox);
    drawForms();
  }

  function page(integration, name, words) {
    const back = `${location.origin}/`;
    const query = new URLSearchParams({ integration: integration.id, backUrl: back });
    return integration[name + "URL"] ? h("a.button", { href: `/desk/pages/${name}/open?${query}`, target: "_blank", rel: "noopener" }, words, h("span.said", {}, ", in a new tab")) : null;
  }

  function drawChannels(inbox) {
    channels.replaceChildren(...integrations.map((integration) => {
      const own = inbox.channels.filter((channel) => channel.integration === integration.id);
      return h("div", {}, h("div.tools", {}, h("h3", {}, integration.name), h("span.space"), page(integration, "add", "Add a channel …"), page(integration, "reconnect", "Reconnect …"), page(integration, "remove", "Remove …")),
        own.length ? h("div.scroll", { tabindex: "0", role: "region", "aria-label": `Channels of ${integration.name}` }, h("table.stack", {}, h("thead", {}, h("tr", {}, ["Name", "Id", "Kind", "Queue", "Agents begin", "Files"].map((words) => h("th", { scope: "col" }, words)))),
          h("tbody", {}, own.map((channel) => h("tr", {}, h("th", { scope: "row" }, channel.name), h("td", { "data-label": "Id" }, h("code", {}, channel.id)),
            h("td", {}, channel.isPrivate ? channel.isLiveChat ? "live chat" : "private messages" : channel.hasTreeStructure ? "posts, comments as a tree" : "posts"),
            h("td", { "data-label": "Queue" }, inbox.queues.find((queue) => queue.skill === channel.skill)?.name || "none"), h("td", { "data-label": "Agents begin" }, channel.canStart ? "yes" : "no"), h("td", { "data-label": "Files" }, channel.canAttach ? "yes" : "no"))))))
          : h("p.note", {}, "No channels yet: add one."));
    }));
  }

  function drawForms() {
    forms.replaceChildren(...integrations.map(form), h("details.card", {}, h("summary", {}, "Another integration"), form(null)));
  }

  function form(integration) {
    const inputs = new Map(fields.map(([key, , type]) => [key, h("input", { type, value: integration?.[key] || "", autocomplete: "off", spellcheck: "false",
      placeholder: key === "clientSecret" ? integration ? "unchanged" : "random" : null, required: key === "boxURL" && !integration })]));
    const v2 = h("input", { type: "checkbox", checked: integration ? integration.usesOutboundV2 : true });
    const shape = h("select", {}, h("option", { value: "flat" }, "one flat object"), h("option", { value: "envelope" }, "envelope of the event stream"));
    shape.value = integration?.eventsShape || "flat";
    const wrong = h("p.box.bad", { role: "alert", hidden: true });
    const body = h("form.integration", { onsubmit: async (event) => {
      event.preventDefault();
      wrong.hidden = true;
      const changed = { usesOutboundV2: v2.checked, eventsShape: shape.value };
      if (integration) changed.id = integration.id;
      for (const [key, input] of inputs) if (input.value.trim()) changed[key] = input.value.trim();
      try { await api("POST", "/desk/integrations", changed); desk.say(integration ? "The integration is saved." : "The integration is made; its id stands in its heading."); drawn = ""; load(); }
      catch (error) { wrong.textContent = error.message; wrong.hidden = false; }
    } }, fields.map(([key, words]) => h("label", {}, words, inputs.get(key))), h("label", {}, "The automation’s message", shape),
      h("label.tick", {}, v2, "Use DFO 3.0 Outbound API for replies"), wrong, h("div.tools", {}, h("button.main", { type: "submit" }, "Save")));
    return integration ? h("section.card", {}, h("h2", {}, `Integration ${integration.name} `, h("code", {}, integration.id)), body) : body;
  }

  return desk.follow("desk", load);
}
