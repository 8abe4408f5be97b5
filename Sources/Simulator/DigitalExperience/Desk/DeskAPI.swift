import HTTP
import HTTPTypes
import JSON
import Secrets
import Synchronization
import Time

/// The small JSON interface under `/desk`, for `curl` and for tests of whole processes. Described in the folder's README.
extension DigitalExperience {
    func desk(_ request: Request) async -> Response {
        guard isFromHere(request) else { return Response(status: .forbidden) }
        do throws(APIError) {
            return try await deskAnswer(request)
        } catch {
            return .json(HTTPResponse.Status(code: error.status), Array(error.body.bytes))
        }
    }

    /// No page of another site may drive the desk, under whatever name it reaches this machine.
    private func isFromHere(_ request: Request) -> Bool {
        let base = world.withLock { $0.baseURL }
        if let origin = request.fields[.origin], origin != base, !DigitalExperience.isLoopback(WebAddress(origin)?.host ?? "") { return false }
        guard let host = request.fields[HTTPField.Name.hostField] else { return true }
        return DigitalExperience.isLoopback(host.lowercased())
    }

    private static func isLoopback(_ host: String) -> Bool {
        ["127.0.0.1", "localhost", "[::1]"].contains { host == $0 || host.hasPrefix($0 + ":") }
    }

    private func deskAnswer(_ request: Request) async throws(APIError) -> Response {
        let path = request.path.split(separator: "/").dropFirst().map { Percent.decode($0) ?? "" }
        let query = Percent.pairs(request.target.dropFirst(request.path.count + 1)) ?? []
        func one(_ name: String) -> String? { query.first { $0.name == name }?.value }
        switch (request.method, path.first ?? "", path.count) {
        case (.get, "", _): return ok(overview)
        case (.get, "log", 1):
            return Response(status: .ok, fields: [.contentType: "text/plain; charset=utf-8"], body: Array(log.utf8))
        case (.get, "counters", 1): return ok(RawJSON { counters.write(to: &$0) })
        case (.get, "inbox", 1): return ok(inbox)
        case (.get, "contacts", 2): return ok(try caseForDesk(path[1]))
        case (.get, "switches", 1): return ok(Switch.list(behaviour))
        case (.get, "faults", 1): return ok(faultsForDesk)
        case (.get, "behaviour", 1): return ok(RawJSON { behaviour.write(to: &$0) })
        case (.patch, "behaviour", 1):
            let body = try body(request, DeskShapes.behaviour)
            behave { $0.apply(body) }
            return ok(RawJSON { behaviour.write(to: &$0) })
        case (.post, "faults", 1):
            let body = try body(request, DeskShapes.fault)
            if let fault = Fault(body) { behave { $0.faults.append(fault) } }
            return Response(status: .noContent)
        case (.delete, "faults", 1):
            behave { $0.faults = [] }
            if one("history") == "1" { world.withLock { $0.journal.taken = [] } }
            return Response(status: .noContent)
        case (.delete, "messages", 1):
            forget()
            return Response(status: .noContent)
        case (.delete, "tokens", 1):
            revokeTokens()
            forgetCallbackTokens()
            return Response(status: .noContent)
        case (.get, "integrations", 1): return ok(RawJSON { $0.array { list in for form in integrations { form.write(to: &list) } } })
        case (.post, "integrations", 1):
            guard let form = save(try body(request, DeskShapes.integration)) else {
                throw .invalid([Violation("boxURL", "This field is missing.", "missing")])
            }
            return .json(.created, Array(RawJSON { form.write(to: &$0) }.bytes))
        case (.get, "channels", 1): return ok(list(channels) { $0.write($1, to: &$2) })
        case (.post, "channels", 1):
            guard let channel = addChannel(try body(request, DeskShapes.channel)) else {
                throw .invalid([Violation("integration", "The integration is unknown, or a flag is.", "notFound")])
            }
            return .json(.created, Array(list([channel]) { $0.write($1, to: &$2) }.bytes.dropFirst().dropLast()))
        case (.get, "threads", 1): return ok(list(threads) { $0.write($1, to: &$2) })
        case (.get, "contacts", 1): return ok(list(contacts) { $0.write($1, to: &$2) })
        case (.get, "messages", 1):
            let contact = one("contact")
            let found = messages(on: one("channel"), in: one("thread")).filter { contact == nil || $0.contact == contact }
            return ok(list(found) { $0.writeForDesk($1, to: &$2) })
        case (.get, "pages", 2):
            guard let page = Page(rawValue: path[1]),
                let url = pageURL(page, integration: one("integration"), apiHost: one("apiHost"), backURL: one("backUrl"))
            else { throw .notFound("The integration has no such page.") }
            return ok(RawJSON { $0.object { $0.field("url", url) } })
        case (.get, "pages", 3) where path[2] == "open":
            // What CXone's button does in the administrator's browser.
            guard let page = Page(rawValue: path[1]), let url = pageURL(page, integration: one("integration"), backURL: one("backUrl")) else {
                throw .notFound("The integration has no such page.")
            }
            return Response(status: .seeOther, fields: [.location: url, .cacheControl: "no-store"])
        case (.post, "files", 1): return keep(request)
        case (.post, "call", 1):
            let body = try body(request, DeskShapes.call)
            return answer(await call(
                body["method"]?.string.flatMap { HTTPRequest.Method($0) } ?? .post, body["path"]?.string ?? "/",
                body["body"].map { RawJSON($0) } ?? .emptyObject, integration: body["integration"]?.string))
        case (.post, "contacts", 3): return try await act(on: path[1], path[2], request)
        case (.post, "channels", 3) where path[2] == "start": return try await begin(path[1], request)
        default: throw .notFound("The desk knows no \(request.method.rawValue) \(request.path).")
        }
    }

    // MARK: Agents

    private func act(on contact: String, _ action: String, _ request: Request) async throws(APIError) -> Response {
        guard world.withLock({ $0.contacts[contact] }) != nil else { throw .notFound("Contact \"\(contact)\" was not found.") }
        switch action {
        case "reply":
            let body = try body(request, DeskShapes.reply)
            if let refusal = mayAnswer(contact, body["agent"]?.integer ?? 4711) { return answer(Sending.refused(refusal)) }
            return answer(await reply(to: contact, Draft(body), as: body["agent"]?.integer ?? 4711))
        case "typing":
            let body = try body(request, DeskShapes.typing)
            return answer(await type(body["isTyping"]?.bool ?? true, in: contact, as: body["agent"]?.integer ?? 4711))
        case "close":
            let body = try body(request, DeskShapes.close)
            let status = body["status"]?.string.flatMap(Contact.Status.init) ?? .closed
            return answer(await close(contact, to: status, as: body["agent"]?.integer ?? 4711))
        case "assign":
            let body = try body(request, DeskShapes.assign)
            try assign(contact, to: body["to"]?.integer, by: body["agent"]?.integer ?? 4711)
        case "transfer":
            let body = try body(request, DeskShapes.transfer)
            try transfer(contact, to: body["skill"]?.integer ?? 0, by: body["agent"]?.integer ?? 4711)
        case "read": read(contact)
        default: throw .notFound("A contact has no action \(action).")
        }
        return Response(status: .noContent)
    }

    private func begin(_ channel: String, _ request: Request) async throws(APIError) -> Response {
        let body = try body(request, DeskShapes.start)
        let recipients = (body["recipients"]?.elements.map { $0 } ?? []).map {
            Recipient(
                $0["idOnExternalPlatform"]?.string ?? "", name: $0["name"]?.string, isPrimary: $0["isPrimary"]?.bool ?? true,
                isPrivate: $0["isPrivate"]?.bool ?? true)
        }
        return answer(await start(channel, with: recipients, body))
    }

    private func start(_ channel: String, with recipients: [Recipient], _ body: JSON) async -> Sending {
        await start(on: channel, with: recipients, Draft(body), as: body["agent"]?.integer ?? 4711)
    }

    /// The message, or 502 with what the agent reads.
    private func answer(_ sending: Sending) -> Response {
        let body = RawJSON { $0.object { object in
            object.field("attempts", sending.attempts)
            object.field("status", sending.status)
            object.field("failure", sending.failure)
            if let message = sending.message {
                object.name("message")
                world.withLock { $0.writeForDesk(message, to: &object) }
            }
        } }
        return .json(sending.message == nil ? .badGateway : .ok, Array(body.bytes))
    }

    /// What the middleware answered to a callback; 200 with no status when none was made.
    private func answer(_ result: CallbackResult?) -> Response {
        ok(RawJSON { $0.object { object in
            object.field("attempts", result?.attempts ?? 0)
            object.field("status", result?.status)
        } })
    }

    /// A file that an agent attaches: kept for ten minutes under an unguessable URL.
    private func keep(_ request: Request) -> Response {
        let epoch = time.epochMilliseconds()
        let url = world.withLock { world in
            let id = Fresh.uuid()
            world.files[id] = World.StoredFile(
                mimeType: request.fields[.contentType] ?? "application/octet-stream", octets: request.body, expires: epoch + 600_000)
            return world.fileURL(id)
        }
        return .json(.created, Array(RawJSON { $0.object { $0.field("url", url) } }.bytes))
    }

    // MARK: Bodies

    private func body(_ request: Request, _ shape: Shape) throws(APIError) -> JSON {
        let json: JSON
        do {
            json = try JSON(parsing: request.body.isEmpty ? Array("{}".utf8) : request.body)
        } catch {
            throw .invalid([Violation(nil, "Syntax error: \(error)", "syntax")])
        }
        let found = shape.violations(of: json, refusingUnknown: true)
        guard found.isEmpty else { throw .invalid(found) }
        return json
    }

    private func ok(_ body: RawJSON) -> Response { .json(.ok, Array(body.bytes)) }

    private func list<Element>(_ elements: [Element], _ write: (World, Element, inout JSONWriter) -> Void) -> RawJSON {
        world.withLock { world in
            RawJSON { $0.array { list in for element in elements { write(world, element, &list) } } }
        }
    }

    private var overview: RawJSON {
        let (tenant, base) = world.withLock { ($0.tenant, $0.baseURL) }
        return RawJSON { $0.object { object in
            object.field("api", "\(base)/dfo/3.0")
            object.field("issuer", base)
            object.field("brandId", tenant.brandID)
            object.field("tenantId", tenant.tenantID)
            object.field("clientId", tenant.credentials.clientID)
            object.field("accessKeyId", tenant.credentials.accessKeyID)
            object.field("integrations", array: { list in for form in integrations { list.value(form.id) } })
            object.field("channels", array: { list in for channel in channels { list.value(channel.id) } })
        } }
    }
}

extension HTTPField.Name {
    /// Where the gateway puts it; `nil` never happens, the name is a valid one.
    static var hostField: HTTPField.Name { HTTPField.Name("Host") ?? .userAgent }
}

extension World {
    /// A message with what tests and people at the desk want to know beside it.
    func writeForDesk(_ message: Message, to writer: inout JSONWriter) {
        writer.object { object in
            object.field("sequence", message.sequence)
            object.field("id", message.id)
            object.field("idOnExternalPlatform", message.idOnExternalPlatform)
            object.field("channel", message.thread.channel)
            object.field("thread", message.thread.idOnExternalPlatform)
            object.field("contact", message.contact)
            object.field("direction", message.direction.rawValue)
            object.field("createdAtWithMilliseconds", message.createdAtWithMilliseconds)
            object.field("text", message.text)
            object.field("messageContent", message.content)
            object.field("author", message.author)
            object.field("agent", message.agent)
            object.field("replyTo", message.replyTo)
            object.name("attachments")
            object.attachments(message.attachments)
            object.field("creates", message.creates)
            object.field("isDeleted", message.isDeleted)
            object.field("statuses", array: { list in for status in message.statuses { list.value(status.status) } })
            object.field("failure", message.statuses.last { $0.status == "failed" }?.reason)
            object.field("arrivedAt", Int(message.arrivedAt))
            object.field("url", message.url)
            object.field("title", message.title)
            object.field("isRead", message.isRead)
            if let agent = message.agent { object.field("agentName", user(agent)?.name) }
        }
    }
}

extension Integration {
    /// The form without its secrets.
    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("id", id)
            object.field("name", name)
            object.field("boxURL", boxURL)
            object.field("authorizationURL", authorizationURL)
            object.field("clientID", clientID)
            object.field("usesOutboundV2", usesOutboundV2)
            object.field("addURL", addURL)
            object.field("reconnectURL", reconnectURL)
            object.field("removeURL", removeURL)
            object.field("eventsURL", eventsURL)
            object.field("eventsShape", eventsShape.rawValue)
        }
    }
}

extension Counters {
    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("created", created)
            object.field("duplicates", duplicates)
            object.field("breaches", object: { list in
                for (name, count) in breaches.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { list.field(name.rawValue, count) }
            })
            object.field("overlaps", overlaps)
            object.field("disorders", disorders)
            object.field("regressions", regressions)
            object.field("unauthorized", unauthorized)
            object.field("signIns", signIns)
            object.field("refused", refused)
            object.field("unknown", unknown)
            object.field("callbacks", callbacks)
            object.field("badAnswers", badAnswers)
            object.field("tokensFetched", tokensFetched)
        }
    }
}
