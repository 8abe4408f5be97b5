import HTTP
import HTTPTypes
import JSON
import Simulator
import Synchronization
import Time

/// `/hole`: what the platform's page shows and what people do on it.
extension WateringHole {
    func page(_ request: Request) async -> Response {
        let path = request.path.split(separator: "/").dropFirst().map { Percent.decode($0) ?? "" }
        defer { if request.method != .get { onChange() } }
        switch (request.method, path.first ?? "", path.count) {
        case (.get, "", 0): return .json(state)
        case (.delete, "", 0):
            world.withLock { world in
                let (outbox, isSending) = (world.outbox, world.isSending)
                world = HoleWorld()
                (world.outbox, world.isSending) = (outbox, isSending)
            }
            return Response(status: .noContent)
        case (.post, "upload", 1): return keep(request)
        case (.delete, "faults", 1):
            world.withLock { $0.faults = [] }
            return Response(status: .noContent)
        case (.post, _, _): break
        default: return .problem(.notFound, "The Watering Hole knows no \(request.method.rawValue) \(request.path).")
        }
        guard let json = try? JSON(parsing: request.body.isEmpty ? Array("{}".utf8) : request.body), json.kind == .object else {
            return .problem(.badRequest, "The body must be a JSON object.")
        }
        switch (path.first ?? "", path.count) {
        case ("faults", 1):
            guard let kind = json["kind"]?.string.flatMap(HoleFault.Kind.init) else { return .problem(.badRequest, "There is no such fault.") }
            let count = min(max(1, json["count"]?.integer ?? 1), 1000)
            world.withLock { $0.faults.append(HoleFault(kind: kind, count: count)) }
            return Response(status: .noContent)
        case ("messages", 1): return write(json)
        case ("threads", 3): return act(on: path[1], path[2], json)
        case ("threads", 5) where path[2] == "messages": return change(path[3], in: path[1], path[4], json)
        default: return .problem(.notFound, "The Watering Hole knows no \(request.method.rawValue) \(request.path).")
        }
    }

    /// A file that somebody picked: the body, its type, and `?name=`.
    private func keep(_ request: Request) -> Response {
        let query = Percent.pairs(request.target.dropFirst(request.path.count + 1)) ?? []
        let name = query.first { $0.name == "name" }?.value ?? "file"
        let file = HoleFile(
            id: Fresh.uuid(), name: String(name.prefix(120)), mediaType: HoleFile.mediaType(request.fields[.contentType]), octets: request.body)
        world.withLock { $0.keep(file) }
        return .json(.created, Array(RawJSON { $0.object { object in
            object.field("id", file.id)
            object.field("name", file.name)
        } }.bytes))
    }

    // MARK: Writing

    private func write(_ json: JSON) -> Response {
        guard let person = HolePerson.all.first(where: { $0.id == json["as"]?.string }) else { return .problem(.badRequest, "Say who writes: `as`.") }
        let isPost = json["visibility"]?.string == "post"
        let (text, choice) = (json["text"]?.string ?? "", json["choice"])
        let files = json["files"]?.elements.compactMap(\.string) ?? []
        guard !text.isEmpty || choice != nil || !files.isEmpty else { return .problem(.badRequest, "Write something, or attach a file.") }
        guard text.count <= 20_000 else { return .problem(.badRequest, "Shorten it to 20000 characters.") }
        let epoch = time.epochMilliseconds()
        let made: (thread: String, message: HoleMessage)? = world.withLock { world in
            var thread = json["thread"]?.string
            if !isPost { thread = world.talk(of: person.id) }
            let id = world.nextID(thread == nil ? "p" : "m")
            if thread == nil {
                world.threads[id] = HoleThread(id: id, isPost: true, title: json["title"]?.string, person: nil)
                thread = id
            }
            guard let thread, let known = world.threads[thread] else { return nil }
            var message = HoleMessage(
                id: id, author: person.id, text: choice?["title"]?.string ?? text, files: files.filter { world.files[$0] != nil }, time: epoch, state: .waiting)
            message.replyTo = json["replyTo"]?.string ?? (known.isPost && !known.messages.isEmpty ? thread : nil)
            message.isQuote = json["quote"]?.bool ?? false
            world.threads[thread]?.isEnded = false
            world.add(message, to: thread)
            return (thread, message)
        }
        guard let made else { return .problem(.notFound, "There is no such post.") }
        tellMessage("message", made.message, in: made.thread, choice: choice)
        return .json(.created, Array(RawJSON { $0.object { object in
            object.field("id", made.message.id)
            object.field("thread", made.thread)
        } }.bytes))
    }

    private func tellMessage(_ type: String, _ message: HoleMessage, in thread: String, choice: JSON? = nil) {
        let (files, known) = world.withLock { world in (message.files.compactMap { world.files[$0] }, world.threads[thread]) }
        guard let known, let person = HolePerson.all.first(where: { $0.id == message.author }) else { return }
        tell(thread, message: message.id) { event in
            event.field("type", type)
            event.field("id", message.id)
            event.field("thread", thread)
            event.field("threadName", known.title)
            event.field("visibility", known.isPost ? "post" : "direct")
            event.field("from", object: { from in
                from.field("id", person.id)
                from.field("firstName", person.firstName)
                from.field("lastName", person.lastName)
            })
            if let choice {
                event.field("choice", object: { object in
                    object.field("title", choice["title"]?.string ?? "")
                    object.field("value", choice["value"]?.string)
                })
            } else if !message.text.isEmpty {
                event.field("text", message.text)
            }
            if !files.isEmpty {
                event.field("files", array: { list in
                    for file in files {
                        list.object { entry in
                            entry.field("url", "\(base)/hole/files/\(file.id)")
                            entry.field("name", file.name)
                            entry.field("mediaType", file.mediaType)
                            entry.field("size", file.octets.count)
                        }
                    }
                })
            }
            event.field("replyTo", message.replyTo)
            if message.replyTo != nil { event.field("quote", message.isQuote) }
            if known.isPost, message.id == thread { event.field("title", known.title) }
            event.field("time", Int(type == "edit" ? time.epochMilliseconds() : message.time))
        }
    }

    // MARK: Acting

    private func act(on thread: String, _ action: String, _ json: JSON) -> Response {
        guard let known = world.withLock({ $0.threads[thread] }) else { return .problem(.notFound, "There is no such conversation.") }
        switch action {
        case "typing":
            tell(thread, isFleeting: true) { event in
                event.field("type", "typing")
                event.field("thread", thread)
                event.field("visibility", known.isPost ? "post" : "direct")
                event.field("on", json["on"]?.bool ?? true)
            }
        case "seen":
            guard let last = known.messages.last(where: { $0.author == nil }), !last.isSeen else { break }
            world.withLock { world in
                for message in known.messages where message.author == nil { world.edit(thread, message.id) { $0.isSeen = true } }
            }
            report(last.id, in: thread, "seen")
        case "end":
            world.withLock { $0.threads[thread]?.isEnded = true }
            tell(thread) { event in
                event.field("type", "ending")
                event.field("thread", thread)
                event.field("visibility", known.isPost ? "post" : "direct")
            }
        default: return .problem(.notFound, "A conversation has no action \(action).")
        }
        return Response(status: .noContent)
    }

    private func change(_ id: String, in thread: String, _ action: String, _ json: JSON) -> Response {
        guard let known = world.withLock({ $0.threads[thread] }), var message = known.messages.first(where: { $0.id == id }), message.author != nil else {
            return .problem(.notFound, "There is no such message of a person.")
        }
        switch action {
        case "edit":
            guard let text = json["text"]?.string, !text.isEmpty else { return .problem(.badRequest, "Write something.") }
            (message.text, message.isEdited, message.state) = (text, true, .waiting)
            tellMessage("edit", message, in: thread)
        case "delete":
            (message.isDeleted, message.text, message.files) = (true, "", [])
            tell(thread, message: id) { event in
                event.field("type", "deletion")
                event.field("message", id)
                event.field("thread", thread)
                event.field("visibility", known.isPost ? "post" : "direct")
            }
        case "again":
            guard message.state == .failed else { return Response(status: .noContent) }
            (message.state, message.problem) = (.waiting, nil)
            tellMessage("message", message, in: thread)
        default: return .problem(.notFound, "A message has no action \(action).")
        }
        let changed = message
        world.withLock { $0.edit(thread, id) { $0 = changed } }
        return Response(status: .noContent)
    }
}
