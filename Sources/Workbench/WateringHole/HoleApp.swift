import HTTP
import HTTPTypes
import JSON
import Simulator
import Synchronization
import Time

/// `POST /hole/app`: what agents write, as the middleware's `webhook` channel posts it.
extension WateringHole {
    func take(_ request: Request) async -> Response {
        guard request.method == .post else { return .problem(.methodNotAllowed, "Only POST is served.") }
        guard let id = signature.verify(request, seconds: time.epochMilliseconds() / 1000) else {
            return .problem(.unauthorized, "No valid signature.")
        }
        guard let json = try? JSON(parsing: request.body), let type = json["type"]?.string else { return .problem(.badRequest, "The body is no event.") }
        let fault = world.withLock { $0.takeFault(type == "message" ? Set(HoleFault.Kind.allCases) : [.down, .busy, .slow, .html]) }
        if let fault { world.withLock { $0.met(fault, id, at: time.epochMilliseconds()) } }
        if let refusal = await refusal(fault) {
            onChange()
            return refusal
        }
        switch world.withLock({ $0.claim(id) }) {
        case .free: break
        case .answered(let before):
            world.withLock { $0.settle(id, isRepeat: true, at: time.epochMilliseconds()) }
            onChange()
            return .json(.ok, before)
        case .busy:
            var response = Response.problem(.serviceUnavailable, "This delivery is being taken at this moment.")
            response.fields[.retryAfter] = "1"
            return response
        }
        defer { world.withLock { _ = $0.claimed.remove(id) } }
        let response = switch type {
        case "message": await show(json, fault)
        case "typing": showTyping(json)
        case "ended": end(json)
        case "check": check(json["recipient"])
        case "open": open(json)
        default: Response.problem(.badRequest, "There is no event \(type).")
        }
        if response.status == .ok {
            world.withLock { world in
                world.remember(id, response.body)
                world.settle(id, isRepeat: false, at: time.epochMilliseconds())
            }
        }
        onChange()
        // Whoever waited has gone by now; what was shown stays shown.
        if fault == .late { await sleep(time.now().advanced(byMilliseconds: 30_000)) }
        return response
    }

    private func refusal(_ fault: HoleFault.Kind?) async -> Response? {
        switch fault {
        case .down: return .problem(.serviceUnavailable, "The Watering Hole is down.")
        case .busy:
            var response = Response.problem(.tooManyRequests, "The Watering Hole is busy.")
            response.fields[.retryAfter] = "2"
            return response
        case .html:
            return Response(status: .badGateway, fields: [.contentType: "text/html"], body: Array("<html><body><h1>502 Bad Gateway</h1></body></html>".utf8))
        case .refuse: return refuse(.unprocessableContent, "recipientRefused", "This person takes no messages at the Watering Hole.")
        case .gone: return refuse(.notFound, "threadGone", "This conversation was deleted at the Watering Hole.")
        case .slow:
            await sleep(time.now().advanced(byMilliseconds: 8000))
            return nil
        case .late, .fails, nil: return nil
        }
    }

    private func refuse(_ status: HTTPResponse.Status, _ code: String, _ reason: String) -> Response {
        .json(status, Array(RawJSON { $0.object { object in
            object.field("code", code)
            object.field("reason", reason)
        } }.bytes))
    }

    private func show(_ json: JSON, _ fault: HoleFault.Kind?) async -> Response {
        let thread = json["thread"]?.string ?? ""
        guard world.withLock({ $0.threads[thread] != nil }) else { return refuse(.notFound, "threadGone", "The Watering Hole has no conversation of that id.") }
        let epoch = time.epochMilliseconds()
        var message = HoleMessage(
            id: world.withLock { $0.nextID("a") }, author: nil, authorName: json["author"]?.string, text: json["text"]?.string ?? "",
            heading: json["heading"]?.string, choices: json["choices"].map { RawJSON($0) }, link: json["link"].map { RawJSON($0) },
            replyTo: json["replyTo"]?.string, isQuote: json["quote"]?.bool ?? false, time: epoch, state: .received)
        for file in json["files"]?.elements.map({ $0 }) ?? [] {
            let name = file["name"]?.string ?? "file"
            if let kept = await fetch(file["url"]?.string ?? "", name) { message.files.append(kept) } else { message.lostFiles.append(name) }
        }
        let shown = message
        world.withLock { world in
            world.add(shown, to: thread)
            world.threads[thread]?.agentTypesUntil = 0
        }
        var response = Response.json(RawJSON { $0.object { object in
            object.field("id", shown.id)
            object.field("time", Int(epoch))
        } })
        response.afterwards = { _ in self.report(shown.id, in: thread, fault == .fails ? "failed" : "delivered") }
        return response
    }

    func report(_ message: String, in thread: String, _ status: String) {
        guard let isPost = world.withLock({ $0.threads[thread]?.isPost }) else { return }
        tell(thread) { event in
            event.field("type", "receipt")
            event.field("message", message)
            event.field("thread", thread)
            event.field("visibility", isPost ? "post" : "direct")
            event.field("status", status)
            if status == "failed" { event.field("reason", "The Watering Hole could not show it.") }
            if status == "seen" { event.field("upTo", true) }
            event.field("time", Int(time.epochMilliseconds()))
        }
    }

    /// An agent's file: its URL is short-lived, so it is fetched at once and kept here.
    private func fetch(_ url: String, _ name: String) async -> String? {
        let call = Call(method: .get, url: url, deadline: time.now().advanced(byMilliseconds: 10_000), responseLimit: 20 << 20)
        guard let answer = try? await network.send(call), answer.status == .ok else { return nil }
        let file = HoleFile(
            id: Fresh.uuid(), name: name, mediaType: HoleFile.mediaType(answer.fields[.contentType]), octets: answer.body)
        world.withLock { $0.keep(file) }
        return file.id
    }

    private func showTyping(_ json: JSON) -> Response {
        let until = json["on"]?.bool == false ? 0 : time.epochMilliseconds() + 10_000
        world.withLock { $0.threads[json["thread"]?.string ?? ""]?.agentTypesUntil = until }
        return .json(.emptyObject)
    }

    private func end(_ json: JSON) -> Response {
        world.withLock { $0.threads[json["thread"]?.string ?? ""]?.isEnded = true }
        return .json(.emptyObject)
    }

    private func check(_ recipient: JSON?) -> Response {
        guard let person = HolePerson.all.first(where: { $0.id == recipient?["id"]?.string }) else {
            return refuse(.unprocessableContent, "recipientRefused", "Nobody at the Watering Hole has that id.")
        }
        guard !person.hasLeft else { return refuse(.unprocessableContent, "recipientRefused", "\(person.firstName) has left the Watering Hole.") }
        return .json(.emptyObject)
    }

    private func open(_ json: JSON) -> Response {
        let checked = check(json["recipients"]?.elements.first { _ in true })
        guard checked.status == .ok, let person = json["recipients"]?.elements.first(where: { _ in true })?["id"]?.string else { return checked }
        let thread = world.withLock { world in
            guard json["visibility"]?.string == "post" else { return world.talk(of: person) }
            let id = world.nextID("p")
            world.threads[id] = HoleThread(id: id, isPost: true, title: json["name"]?.string, person: nil)
            return id
        }
        world.withLock { $0.threads[thread]?.isEnded = false }
        return .json(RawJSON { $0.object { $0.field("thread", thread) } })
    }
}

extension HoleWorld {
    fileprivate enum Claim {
        case free, busy
        case answered([UInt8])
    }

    /// Each delivery is taken once, also when it comes again while the first is still on its way.
    fileprivate mutating func claim(_ id: String) -> Claim {
        if let answer = taken[id] {
            repeats += 1
            return .answered(answer)
        }
        return claimed.insert(id).inserted ? .free : .busy
    }
}

extension HoleFile {
    /// A type that is safe to send back as a field.
    static func mediaType(_ text: String?) -> String {
        guard let text, text.utf8.count <= 100, text.contains("/"), text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return "application/octet-stream" }
        return text
    }
}
