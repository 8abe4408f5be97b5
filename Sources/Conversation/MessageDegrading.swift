package import Time

/// An agent's message as the channel can carry it.
package struct DegradedMessage: Sendable {
    /// In the order in which they are sent; the first stands for the whole. Empty when the message says nothing and has no files.
    package var parts: [OutboundPart] = []
    /// What the contact can now choose from, with the titles that are shown; by them, or by their numbers, an answer is understood.
    package var choices: [OutboundContent.Choice] = []
    /// What the contact sees otherwise than the agent wrote it, as short names for the log.
    package var losses: [String] = []
}

/// Brings an agent's message into the nearest form that a channel can carry, once, in the middle (`byoc.md` §10): adapters get only what their
/// capabilities promise, and nothing is dropped without a trace.
package enum MessageDegrading {
    /// - Parameter thread: Where it goes; the message itself may not know yet.
    package static func parts(
        of message: OutboundMessage, in thread: ThreadID, for capabilities: ChannelCapabilities, by deadline: Instant
    ) -> DegradedMessage {
        var out = DegradedMessage()
        var bodies: [OutboundPart.Body] = []
        var carried = message.files
        var names: [String] = []
        if capabilities.files <= 0, !carried.isEmpty {
            names = carried.map { name(of: $0) }
            carried = []
            out.losses.append("filesAsNames")
        }
        add(message.content, names, capabilities, &bodies, &out)

        // Buttons stand last: many platforms take them away when anything follows.
        let filesComeFirst = if case .choices = bodies.last { true } else { false }
        var groups = chunks(carried, of: max(1, capabilities.files))
        var pieces: [(body: OutboundPart.Body?, files: [OutboundFile])] = bodies.map { ($0, []) }
        if capabilities.combinesTextAndFiles, case .text = bodies.last, let first = groups.first {
            pieces[pieces.count - 1].files = first
            groups.removeFirst()
        }
        let files: [(body: OutboundPart.Body?, files: [OutboundFile])] = groups.map { (nil, $0) }
        pieces = filesComeFirst ? files + pieces : pieces + files

        let quotes = capabilities.quotes || message.visibility == .post
        if message.isQuote, message.replyTo != nil, !quotes { out.losses.append("quoteDropped") }
        for (index, piece) in pieces.enumerated() {
            // Every part of an answer to a comment hangs under it; a quotation stands above the first only.
            let answers = quotes && (index == 0 || message.visibility == .post)
            out.parts.append(OutboundPart(
                body: piece.body, files: piece.files, key: key(message.key, index), visibility: message.visibility, thread: thread,
                recipients: message.recipients, replyTo: answers ? message.replyTo : nil, isQuote: answers && message.isQuote,
                title: index == 0 ? message.title : nil, author: message.author, deadline: deadline))
        }
        return out
    }

    /// The key of one part: the message's own for the first, so that most platforms see the very key that CXone's message has.
    package static func key(_ key: String, _ index: Int) -> String { index == 0 ? key : "\(key)-\(index)" }

    /// A file in words, for a channel or a platform that does not take it. Its URL would be dead by the time it is read.
    package static func words(for files: [OutboundFile]) -> String { files.map { name(of: $0) }.joined(separator: "\n") }

    /// Said when there is nothing else to say.
    package static let neutral = "[This message cannot be shown here.]"

    // MARK: Content

    private static func add(
        _ content: OutboundContent, _ names: [String], _ capabilities: ChannelCapabilities, _ bodies: inout [OutboundPart.Body],
        _ out: inout DegradedMessage
    ) {
        switch content {
        case .none: text([], names, capabilities, &bodies, &out)
        case .text(let text): self.text([text], names, capabilities, &bodies, &out)
        case .link(let link):
            if capabilities.showsLinks {
                text([], names, capabilities, &bodies, &out)
                bodies.append(.link(link))
            } else {
                out.losses.append("linkAsText")
                text([link.title == link.url ? "" : link.title, link.url], names, capabilities, &bodies, &out)
            }
        case .card(let card, let kind, let words):
            if capabilities.cards.contains(kind) {
                text([], names, capabilities, &bodies, &out)
                bodies.append(.card(card, kind: kind))
            } else {
                out.losses.append("cardAsText")
                text([isBlank(words) ? neutral : words], names, capabilities, &bodies, &out)
            }
        case .choices(let choices): add(choices, names, capabilities, &bodies, &out)
        }
    }

    private static func add(
        _ content: OutboundContent.Choices, _ names: [String], _ capabilities: ChannelCapabilities, _ bodies: inout [OutboundPart.Body],
        _ out: inout DegradedMessage
    ) {
        var choices = content.choices
        for index in choices.indices { choices[index].title = title(of: choices[index], number: index + 1) }
        out.choices = choices
        guard !choices.isEmpty else { return text([content.title ?? "", content.text], names, capabilities, &bodies, &out) }
        guard choices.count <= capabilities.choices else {
            out.losses.append("choicesAsText")
            let lines = choices.enumerated().map { line($1, number: $0 + 1) }
            return text([content.title ?? "", content.text] + lines, names, capabilities, &bodies, &out)
        }
        var native = content
        native.choices = choices
        let words = [content.title ?? "", content.text].filter { !isBlank($0) }.joined(separator: "\n")
        if let limit = capabilities.textLimit, words.utf16.count > limit {
            // Everything but the end goes ahead; the end stands above the buttons.
            text([words], names, capabilities, &bodies, &out)
            guard case .text(let last)? = bodies.popLast() else { return }
            native = .init(text: last, choices: choices)
        } else {
            text([], names, capabilities, &bodies, &out)
        }
        bodies.append(.choices(native))
    }

    /// `2. Large – for six people https://…`
    private static func line(_ choice: OutboundContent.Choice, number: Int) -> String {
        var line = "\(number). \(choice.title)"
        if let description = choice.description, !isBlank(description), description != choice.title { line += " – \(description)" }
        if let url = choice.url, !isBlank(url), url != choice.title { line += " \(url)" }
        return line
    }

    private static func title(of choice: OutboundContent.Choice, number: Int) -> String {
        [choice.title, choice.description, choice.value, choice.url].compactMap { $0 }.first { !isBlank($0) } ?? "\(number)"
    }

    private static func text(
        _ words: [String], _ names: [String], _ capabilities: ChannelCapabilities, _ bodies: inout [OutboundPart.Body],
        _ out: inout DegradedMessage
    ) {
        let whole = (words + names).filter { !isBlank($0) }.joined(separator: "\n")
        guard !whole.isEmpty else { return }
        guard let limit = capabilities.textLimit else { return bodies.append(.text(whole)) }
        var cutInside = false
        for piece in TextCutting.pieces(of: whole, limit: limit, cutInside: &cutInside) { bodies.append(.text(piece)) }
        if cutInside { out.losses.append("characterCut") }
    }

    private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

    /// A file's name on one line: neither control characters nor marks that turn the reading direction, and of bounded length.
    private static func name(of file: OutboundFile) -> String {
        var name = ""
        for scalar in file.name.unicodeScalars.prefix(200) {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: continue
            case .format where !(scalar == "\u{200D}" || scalar == "\u{200C}"): continue
            default: name.unicodeScalars.append(scalar)
            }
        }
        return "📎 " + (isBlank(name) ? "…" : name)
    }

    private static func chunks(_ files: [OutboundFile], of size: Int) -> [[OutboundFile]] {
        var chunks: [[OutboundFile]] = []
        for file in files {
            if let last = chunks.last, last.count < size { chunks[chunks.count - 1].append(file) } else { chunks.append([file]) }
        }
        return chunks
    }
}
