package import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// The JSON interface under `/hub`, for the desk's page and for tests. Described in the folder's README.
extension VirtualAgentHub {
    package func respond(to request: Request) async -> Response {
        do throws(HubProblem) {
            return try await answer(request)
        } catch {
            return .json(HTTPResponse.Status(code: error.status), Array(RawJSON { $0.object { object in
                object.field("message", error.message)
                guard !error.errors.isEmpty else { return }
                object.field("errors", array: { list in
                    for entry in error.errors {
                        list.object { item in
                            item.field("field", entry.field)
                            item.field("message", entry.message)
                        }
                    }
                })
            } }.bytes))
        }
    }

    private func answer(_ request: Request) async throws(HubProblem) -> Response {
        let path = request.path.split(separator: "/").dropFirst().map { Percent.decode($0) ?? "" }
        switch (path.first ?? "", path.count) {
        case ("", _) where request.method == .get: return ok(RawJSON { overview(&$0) })
        case ("apps", 1...): return try await apps(request, Array(path.dropFirst()))
        case ("interactions", 1...): return try await interactions(request, Array(path.dropFirst()))
        case ("switches", 1) where request.method == .get: return ok(HubSwitches.list(behaviour))
        case ("behaviour", 1): return try switches(request)
        case ("faults", 1): return try agentFaults(request)
        case ("standard-bot", 1) where request.method == .post:
            let body = try body(request, .object([.required("app", .filledText)]))
            guard let results = await standardBot(body["app"]?.string ?? "") else { throw HubProblem(404, "There is no such app.") }
            return ok(RawJSON { $0.array { list in for result in results { result.write(to: &list) } } })
        default: throw unknown(request)
        }
    }

    private func unknown(_ request: Request) -> HubProblem {
        HubProblem(404, "The hub knows no \(request.method.rawValue) \(request.path).")
    }

    private func overview(_ writer: inout JSONWriter) {
        let behaviour = behaviour
        writer.object { object in
            object.field("apps", array: { list in for app in apps { app.write(to: &list, behaviour) } })
            object.field("actions", array: { list in
                for action in StudioAction.allCases {
                    list.object { entry in
                        entry.field("name", action.rawValue)
                        entry.field("title", action.title)
                        entry.field("medium", action.medium.rawValue)
                        entry.field("isAvailable", action.refusal == nil)
                        entry.field("why", action.refusal)
                        entry.field("branches", array: { list in for branch in action.branches(behaviour) { list.value(branch.rawValue) } })
                    }
                }
            })
            object.field("interactions", array: { list in for interaction in interactions { interaction.writeBrief(to: &list) } })
            object.name("behaviour")
            behaviour.write(to: &object)
        }
    }

    // MARK: Apps

    private func apps(_ request: Request, _ path: [String]) async throws(HubProblem) -> Response {
        let behaviour = behaviour
        switch (request.method, path.count) {
        case (.get, 0): return ok(RawJSON { $0.array { list in for app in apps { app.write(to: &list, behaviour) } } })
        case (.get, 1):
            guard let app = app(path[0]) else { throw HubProblem(404, "There is no app \(path[0]).") }
            return ok(RawJSON { app.write(to: &$0, behaviour) })
        case (.put, 1):
            guard !path[0].isEmpty, path[0].utf8.count <= 100 else { throw HubProblem(400, "An app's name has 1 to 100 octets.") }
            let form = try body(request, HubApp.shape)
            let known = app(path[0])
            let made = try HubApp(form, name: path[0], known: known)
            add(made)
            return .json(known == nil ? .created : .ok, Array(RawJSON { made.write(to: &$0, behaviour) }.bytes))
        case (.delete, 1):
            removeApp(path[0])
            return Response(status: .noContent)
        case (.post, 2) where path[1] == "test":
            guard let interaction = await test(path[0]), let turn = interaction.turns.last else { throw HubProblem(404, "There is no app \(path[0]).") }
            return ok(RawJSON { turn.write(to: &$0, interaction: interaction.id) })
        default: throw unknown(request)
        }
    }

    // MARK: Interactions

    private func interactions(_ request: Request, _ path: [String]) async throws(HubProblem) -> Response {
        switch (request.method, path.count) {
        case (.get, 0): return ok(RawJSON { $0.array { list in for interaction in interactions { interaction.writeBrief(to: &list) } } })
        case (.post, 0): return try await begin(request)
        case (.delete, 0):
            forget()
            return Response(status: .noContent)
        default: break
        }
        guard let id = path.first, let interaction = interaction(id) else { throw HubProblem(404, "There is no interaction \(path.first ?? "").") }
        switch (request.method, path.dropFirst().first ?? "", path.count) {
        case (.get, "", 1): return shown(interaction)
        case (.delete, "", 1):
            forget(id)
            return Response(status: .noContent)
        case (.post, "input", 2):
            let body = try body(request, Self.input)
            return shown(try await act(
                id, try Self.command(body), isEarly: body["whilePlaying"]?.bool ?? false, payload: body["customPayload"].map { RawJSON($0) }))
        case (.post, "faults", 2):
            let body = try body(request, .object([.required("kind", .choice(of: HubFault.self))]))
            if let fault: HubFault = body["kind"]?.choice() { _ = order(fault, for: id) }
            return self.interaction(id).map(shown) ?? Response(status: .noContent)
        case (.delete, "faults", 2):
            _ = clearFaults(of: id)
            return Response(status: .noContent)
        case (.get, "audio", 4): return try sound(of: interaction, path[2], path[3])
        default: throw unknown(request)
        }
    }

    private func begin(_ request: Request) async throws(HubProblem) -> Response {
        let body = try body(request, .object([
            .required("app", .filledText), .nullable("from", .text), .optional("customPayload", .anyObject),
            .optional("timers", .choice(of: HubInteraction.Timers.self)),
        ]))
        let begun = await self.begin(
            body["app"]?.string ?? "", from: body["from"]?.string, customPayload: body["customPayload"].map { RawJSON($0) },
            timers: body["timers"]?.choice() ?? .keys)
        guard let begun else { throw HubProblem(404, "There is no app \(body["app"]?.string ?? "").") }
        return .json(.created, Array(RawJSON { begun.write(to: &$0, now: time.now()) }.bytes))
    }

    private func shown(_ interaction: HubInteraction) -> Response { ok(RawJSON { interaction.write(to: &$0, now: time.now()) }) }

    private func sound(of interaction: HubInteraction, _ turn: String, _ index: String) throws(HubProblem) -> Response {
        guard let turn = Int(turn), let index = Int(index), let found = interaction.turns.first(where: { $0.number == turn }),
            found.says.indices.contains(index), let sound = found.says[index].sound
        else { throw HubProblem(404, "Nothing was said there by sound.") }
        return Response(status: .ok, fields: [.contentType: "audio/wav", .cacheControl: "no-store"], body: sound)
    }

    private static let input: Shape = .object([
        .optional("text", .filledText), .optional("key", .filledText), .optional("clear", .boolean), .optional("silence", .boolean),
        .optional("audio", .text), .optional("choice", .filledText), .optional("hangUp", .boolean), .optional("pause", .integer),
        .optional("whilePlaying", .boolean), .optional("customPayload", .anyObject),
    ])

    private static func command(_ body: JSON) throws(HubProblem) -> HubCommand {
        var found: [HubCommand] = []
        for member in body.members {
            switch member.name {
            case "text": found.append(.text(member.value.string ?? ""))
            case "key":
                let keys = member.value.string ?? ""
                guard keys.utf8.count <= 100, keys.allSatisfy({ "0123456789*#".contains($0) }) else {
                    throw HubProblem(400, "A telephone has the keys 0 to 9, * and #.", [Violation("key", "There is no such key.", "key")])
                }
                found.append(.keys(keys))
            case "clear": found.append(.clear)
            case "silence": found.append(.silence)
            case "hangUp": found.append(.hangUp)
            case "choice": found.append(.choice(member.value.string ?? ""))
            case "pause": found.append(.pause(member.value.integer ?? 0))
            case "audio":
                guard let file = Base64.decode((member.value.string ?? "").utf8) else {
                    throw HubProblem(400, "The sound is no base64.", [Violation("audio", "This value is no base64.", "format")])
                }
                found.append(.sound(file))
            default: break
            }
        }
        guard let command = found.first, found.count == 1 else {
            throw HubProblem(400, "An input is exactly one of text, key, clear, silence, audio, choice, hangUp and pause.")
        }
        return command
    }

    // MARK: Switches and faults

    private func switches(_ request: Request) throws(HubProblem) -> Response {
        switch request.method {
        case .get: break
        case .patch:
            let form = try body(request, HubBehaviour.shape)
            behave { $0.apply(form) }
        default: throw unknown(request)
        }
        return ok(RawJSON { behaviour.write(to: &$0) })
    }

    private func agentFaults(_ request: Request) throws(HubProblem) -> Response {
        switch request.method {
        case .get: break
        case .post: faultAgent.order(FaultAgent.Order(try body(request, FaultAgent.Order.shape)))
        case .delete: faultAgent.behave()
        default: throw unknown(request)
        }
        if request.method != .get { onChange() }
        return ok(RawJSON { $0.array { list in for order in faultAgent.toCome { order.write(to: &list) } } })
    }

    // MARK: Bodies

    private func body(_ request: Request, _ shape: Shape) throws(HubProblem) -> JSON {
        let json: JSON
        do {
            json = try JSON(parsing: request.body.isEmpty ? Array("{}".utf8) : request.body)
        } catch {
            throw HubProblem(400, "The body is no JSON: \(error)")
        }
        let found = shape.violations(of: json, refusingUnknown: true)
        guard found.isEmpty else {
            throw HubProblem(400, found.map { "\($0.field ?? "The body"): \($0.message)" }.joined(separator: " "), found)
        }
        return json
    }

    private func ok(_ body: RawJSON) -> Response { .json(.ok, Array(body.bytes)) }
}
