import Conversation
import Secrets

/// What a person has entered and not yet saved, or wants to see before it is sent.
struct ChannelDraft: Sendable {
    let offer: String
    let definition: ChannelDefinition
    var isShown = false

    var shown: ChannelDraft {
        var copy = self
        copy.isShown = true
        return copy
    }
}

/// One of the three pages. No script: links, forms and the browser's own checks are enough, for the mouse as for the keyboard.
struct ChannelPageView {
    let page: ChannelPagesHandler.Page
    let session: AdministratorSession
    let offers: [ChannelOffer]
    let listed: [ListedChannel]
    let notice: PageNotice?
    let draft: ChannelDraft?
    let problem: String?

    var document: HTML {
        PageResponse.document(title: title, body: """
            <a class="skip" href="#content">To the content</a>
            <header>
            <p class="brand">Causeway</p>
            <p class="who">\(who)</p>
            <nav aria-label="Pages">\(HTML(joining: ChannelPagesHandler.Page.allCases.map(link)))</nav>
            </header>
            <main id="content">
            <h1>\(title)</h1>
            \(messages)
            \(content)
            \(wayBack)
            </main>
            """)
    }

    private var title: String {
        switch page {
        case .add: "Add channels"
        case .reconnect: "Change channels"
        case .remove: "Remove channels"
        }
    }

    private var who: String {
        [session.personName, session.brandName].compactMap(\.self).joined(separator: ", ")
    }

    private func link(_ other: ChannelPagesHandler.Page) -> HTML {
        let words = switch other {
        case .add: "Add"
        case .reconnect: "Change"
        case .remove: "Remove"
        }
        return other == page ? "<a href=\"\(other.rawValue)\" aria-current=\"page\">\(words)</a>" : "<a href=\"\(other.rawValue)\">\(words)</a>"
    }

    private var messages: HTML {
        var out: HTML = ""
        if let notice { out += "<p class=\"notice\" role=\"status\">\(notice.words)</p>\n" }
        if let problem { out += "<p class=\"problem\" role=\"alert\">\(problem)</p>\n" }
        return out
    }

    private var wayBack: HTML {
        if let back = session.back { return "<p><a class=\"button\" href=\"\(back)\">Back to CXone</a></p>" }
        guard let untrusted = session.untrustedBack else { return "<p>Close this window to go back to CXone.</p>" }
        return """
            <p>CXone named a way back that is not one of its own addresses, so it is not a link here: <code>\(String(untrusted.prefix(200)))</code></p>
            """
    }

    // MARK: The three pages

    private var content: HTML {
        if offers.isEmpty {
            return "<p>The settings name no channel for this tenant. Your engineers add one under <code>\"channels\"</code>; then reload this page.</p>"
        }
        return switch page {
        case .add: HTML(joining: offers.map(adding))
        case .reconnect: HTML(joining: offers.map(changing))
        case .remove: removing
        }
    }

    private func heading(_ offer: ChannelOffer) -> HTML {
        """
        <h2>\(offer.channel) <span>\(offer.visibility == .direct ? "private messages" : "public posts"), \(offer.platform)</span></h2>
        """
    }

    private func found(_ offer: ChannelOffer) -> ListedChannel? { listed.first(where: offer.matches) }

    private func adding(_ offer: ChannelOffer) -> HTML {
        if let listed = found(offer) {
            return "<section>\(heading(offer))\n<p>CXone has it as <strong>\(listed.name)</strong>.</p>\n\(advice(offer, listed))</section>"
        }
        guard offer.integrationID != nil else { return missingIntegration(offer) }
        let draft = draft.flatMap { $0.offer == offer.idOnExternalPlatform ? $0 : nil }
        guard let definition = draft?.definition ?? offer.definition(id: ChannelDefinition.newID()) else { return missingIntegration(offer) }
        return "<section>\(heading(offer))\n\(form(offer, definition, verb: "Add", preview: draft?.isShown == true))</section>"
    }

    private func changing(_ offer: ChannelOffer) -> HTML {
        guard offer.integrationID != nil else { return missingIntegration(offer) }
        guard let listed = found(offer), var definition = offer.definition(id: "") else {
            return "<section>\(heading(offer))\n<p>CXone does not have it yet. <a href=\"add\">Add it</a> first.</p></section>"
        }
        let draft = draft.flatMap { $0.offer == offer.idOnExternalPlatform ? $0 : nil }
        definition.id = listed.id
        definition.name = listed.name
        definition.flags = definition.flags.map { ($0.name, listed.flags[$0.name] ?? $0.isOn) }
        let shown = draft?.definition ?? definition
        return """
            <section>\(heading(offer))
            \(advice(offer, listed))
            \(form(offer, shown, verb: "Save", preview: draft?.isShown == true))</section>
            """
    }

    private var removing: HTML {
        let ours = listed.filter { channel in offers.contains { $0.integrationID != nil && $0.integrationID == channel.integrationID } }
        if ours.isEmpty { return "<p>CXone has no channel of these integrations. There is nothing to remove.</p>" }
        return HTML(joining: ours.map { channel in
            """
            <section><h2>\(channel.name) <span>\(channel.isPrivate ? "private messages" : "public posts")</span></h2>
            <p>Id <code>\(channel.id)</code>. Deleting it ends its conversations for agents; contacts who write are not answered any more.</p>
            <form method="post" action="remove">
            <input type="hidden" name="key" value="\(session.formKey.revealText())">
            <input type="hidden" name="id" value="\(channel.id)">
            <label class="tick"><input type="checkbox" name="confirm" value="yes" required>
            <span>I am sure that <strong>\(channel.name)</strong> can go</span></label>
            <p class="actions"><button class="danger">Delete</button></p>
            </form></section>
            """
        })
    }

    private func missingIntegration(_ offer: ChannelOffer) -> HTML {
        """
        <section>\(heading(offer))
        <p>The settings do not know the integration yet. Read the Integration ID from CXone's list of integrations, have it entered as
        <code>"integrationId"</code> under <code>channels.\(offer.channel)</code>, and reload this page.</p></section>
        """
    }

    /// Whether the settings know the id that CXone gave, which may differ from the one that was asked for.
    private func advice(_ offer: ChannelOffer, _ listed: ListedChannel) -> HTML {
        var out: HTML =
            listed.id == offer.channelID
            ? "<p class=\"good\">The settings know its id, <code>\(listed.id)</code>. Messages can go both ways.</p>"
            : """
            <p class="todo">One step is left: enter <code>"\(offer.setting)": "\(listed.id)"</code> under <code>channels.\(offer.channel)</code> in the
            settings. Until then its messages are not delivered.</p>
            """
        if listed.defaultSkill == nil {
            out += "\n<p>In CXone, give the channel a default skill and add it to the skill's routing queue, so that its contacts reach agents.</p>"
        }
        return out
    }

    // MARK: The form

    private func form(_ offer: ChannelOffer, _ definition: ChannelDefinition, verb: String, preview: Bool) -> HTML {
        let name = offer.idOnExternalPlatform
        let ticks = offer.switches.map { item -> HTML in
            let isOn = definition.flags.first { $0.name == item.name }?.isOn ?? item.isOn
            let checked: HTML = isOn ? " checked" : ""
            return "<label class=\"tick\"><input type=\"checkbox\" name=\"\(item.name)\" value=\"yes\"\(checked)> \(item.words)</label>"
        }
        let fixed: HTML = page == .reconnect || offer.channelID != nil ? " readonly" : ""
        return """
            <form method="post" action="\(page.rawValue)">
            <input type="hidden" name="key" value="\(session.formKey.revealText())">
            <input type="hidden" name="offer" value="\(name)">
            <label for="name-\(name)">Name</label>
            <input id="name-\(name)" name="name" value="\(definition.name)" required maxlength="100" aria-describedby="about-name-\(name)">
            <p class="hint" id="about-name-\(name)">Agents see it at every message.</p>
            <label for="id-\(name)">Id</label>
            <input id="id-\(name)" name="id" value="\(definition.id)" required maxlength="128" spellcheck="false"\(fixed) aria-describedby="about-id-\(name)">
            <p class="hint" id="about-id-\(name)">Names the channel in CXone's calls. It cannot be changed later.</p>
            <label for="script-\(name)">Studio script</label>
            <input id="script-\(name)" name="studioScript" value="\(definition.studioScript ?? "")" maxlength="512" aria-describedby="about-script-\(name)">
            <p class="hint" id="about-script-\(name)">Optional: the script that routes its contacts. Without one, the default skill decides.</p>
            <fieldset><legend>What agents can do</legend>
            \(HTML(joining: ticks))
            </fieldset>
            <p class="actions"><button name="action" value="save">\(verb)</button>
            <button class="quiet" name="action" value="preview" formaction="\(page.rawValue)#call">Show the call first</button></p>
            </form>
            \(preview ? call(definition) : "")
            """
    }

    private func call(_ definition: ChannelDefinition) -> HTML {
        """
        <h3 id="call">This is what would be sent</h3>
        <pre tabindex="0" aria-labelledby="call">POST \(session.root)/dfo/3.0/channels

        \(definition.shown)</pre>
        """
    }
}
