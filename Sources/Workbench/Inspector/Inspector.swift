package import HTTP
import HTTPTypes
import JSON
package import Simulator
import Synchronization

/// The interface behind the inspector's page, under `/inspector`. Everything is JSON, nothing is secret; a refusal is `{"message": …}`.
///
/// | | |
/// | --- | --- |
/// | `GET /exchanges?since=17` | the list, rows that changed after that version; `{version, first, limit, rows}` |
/// | `DELETE /exchanges` | forgets all |
/// | `GET /exchanges/{id}?call=0` | one exchange: four panes, what went where, where the time went |
/// | `GET /exchanges/{id}/curl` | the same request for a shell, secrets as variables |
/// | `POST /exchanges/{id}/resend` | `{"body": …}` or `{"text": …}`; what is hidden and was left alone is sent as it was; `{id}` of the new one |
/// | `GET /conversations/{key}` | its exchanges with what each took |
/// | `GET /conversations/{key}/diagram.svg`, `.mmd` | its sequence diagram |
/// | `GET /conversations/{key}/chat` | it as a conversation file, of whom played it |
/// | `PUT /store` | `{"isDown": true}` takes the store away, where `causeway serve` runs it; `isStoreDown` of the list tells |
/// | `POST /diagrams` | a trace file; `{conversations: [{key, title, svg, mermaid}]}` |
package struct Inspector: Handler {
    let log: InspectorLog
    let resenders: [RecordedExchange.Half: any ExchangeResender]
    private let storeSwitch: String?

    /// - Parameter resenders: Who sends requests of each half again, with credentials of the moment.
    /// - Parameter storeSwitch: A file that takes the store down while it is there (`causeway serve`); `nil` where nobody looks at one.
    package init(_ log: InspectorLog, resenders: [RecordedExchange.Half: any ExchangeResender] = [:], storeSwitch: String? = nil) {
        (self.log, self.resenders, self.storeSwitch) = (log, resenders, storeSwitch)
    }

    package func respond(to request: Request) async -> Response {
        let path = request.path.split(separator: "/").dropFirst().map { PathSegment.decoded($0) ?? "" }
        let query = request.target.dropFirst(request.path.count + 1).split(separator: "&")
        func number(_ name: String) -> Int? { query.first { $0.hasPrefix(name + "=") }.flatMap { Int($0.dropFirst(name.count + 1)) } }
        let method = request.method
        switch (path.first ?? "", path.count) {
        case ("exchanges", 1) where method == .get: return list(since: number("since") ?? 0)
        case ("exchanges", 1) where method == .delete:
            log.clear()
            return Response(status: .noContent)
        case ("exchanges", 2...3):
            guard let id = Int(path[1]), let entry = log.entry(id) else {
                return .problem(.notFound, "That exchange is no longer kept: the inspector holds the last \(log.limits.exchanges).")
            }
            return await one(entry, path.count == 3 ? path[2] : "", request, call: number("call"))
        case ("conversations", 2...3) where method == .get:
            let entries = log.entries(of: path[1])
            guard !entries.isEmpty else { return .problem(.notFound, "None of the exchanges that are kept belongs to that conversation.") }
            return conversation(entries, path[1], path.count == 3 ? path[2] : "")
        case ("diagrams", 1) where method == .post: return diagrams(request.body)
        case ("store", 1) where method == .put: return switchStore(request.body)
        default: return .problem(.notFound, "The inspector knows no \(method.rawValue) \(request.path).")
        }
    }

    private func list(since: Int) -> Response {
        log.read { state in
            var writer = JSONWriter(reservingCapacity: 1 << 16)
            writer.object { object in
                object.field("version", state.version)
                object.field("first", state.entries.first?.id ?? state.nextID)
                object.field("limit", log.limits.exchanges)
                object.field("isStoreDown", storeSwitch.map { Files.exists($0) })
                object.field("rows", array: { list in
                    // Matched late, an old one changes too; all are looked at, which is cheap.
                    for entry in state.entries where entry.version > since { entry.row.write(to: &list, id: entry.id, version: entry.version) }
                })
            }
            return .json(.ok, writer.bytes)
        }
    }

    private func switchStore(_ body: [UInt8]) -> Response {
        guard let storeSwitch else { return .problem(.conflict, "The store is not this command's: `causeway serve` starts one that can be taken down.") }
        guard let isDown = (try? JSON(parsing: body))?["isDown"]?.bool else { return .problem(.badRequest, "The body must be {\"isDown\": true} or false.") }
        do {
            if isDown { try Files.write("", to: storeSwitch) } else { Files.remove(storeSwitch) }
        } catch {
            return .problem(.internalServerError, "\(error)")
        }
        return Response(status: .noContent)
    }

    private func one(_ entry: InspectorEntry, _ what: String, _ request: Request, call: Int?) async -> Response {
        switch (request.method, what) {
        case (.get, ""):
            let canResend = entry.exchange.map { resenders[$0.half] != nil } ?? false
            return .json(.ok, Array(RawJSON { ExchangeDetail(entry, call: call).write(to: &$0, entry: entry, canResend: canResend) }.bytes))
        case (.get, "curl"):
            return Response(status: .ok, fields: [.contentType: "text/plain; charset=utf-8"], body: Array(CurlCommand(entry).text.utf8))
        case (.post, "resend"): return await resend(entry, request.body)
        default: return .problem(.notFound, "An exchange has no \(request.method.rawValue) \(what).")
        }
    }

    // MARK: Conversations

    private func conversation(_ entries: [InspectorEntry], _ key: String, _ what: String) -> Response {
        switch what {
        case "":
            return .json(.ok, Array(RawJSON { writer in
                writer.object { object in
                    object.field("key", key)
                    object.field("canSave", Self.isPlayed(entries))
                    object.field("exchanges", array: { list in
                        for entry in entries {
                            list.object { item in
                                item.name("row")
                                entry.row.write(to: &item, id: entry.id, version: entry.version)
                                Waterfall(entry).write(to: &item)
                            }
                        }
                    })
                }
            }.bytes))
        case "diagram.svg": return drawing(SequenceDiagram(entries).svg, "image/svg+xml")
        case "diagram.mmd": return drawing(SequenceDiagram(entries).mermaid, "text/plain; charset=utf-8")
        case "chat":
            guard Self.isPlayed(entries), let id = log.conversation(key) else {
                return .problem(.conflict, "Only what was played here can be saved: this conversation is known from a trace, where keys are hidden.")
            }
            // Whoever plays it knows what was keyed and said.
            return Response(status: .seeOther, fields: [.location: "/hub/interactions/\(PathSegment.encoded(id))/chat", .cacheControl: "no-store"])
        default: return .problem(.notFound, "A conversation has no \(what).")
        }
    }

    private static func isPlayed(_ entries: [InspectorEntry]) -> Bool { entries.contains { $0.exchange?.half == .virtualAgentHub } }

    /// Opened by itself, a drawing may style itself and nothing else.
    private func drawing(_ text: String, _ type: String) -> Response {
        Response(
            status: .ok,
            fields: [
                .contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            ], body: Array(text.utf8))
    }

    private func diagrams(_ file: [UInt8]) -> Response {
        let trace = TraceFile(file)
        guard !trace.conversations.isEmpty else {
            return .problem(.unprocessableContent, "The file holds no turn and no message: choose one that `exchange.trace.file` or `trace.file` names.")
        }
        return .json(.ok, Array(RawJSON { writer in
            writer.object { object in
                object.field("unreadable", trace.unreadable)
                object.field("conversations", array: { list in
                    for conversation in trace.conversations.suffix(200) {
                        let diagram = SequenceDiagram(conversation)
                        list.object { item in
                            item.field("key", conversation.key)
                            item.field("title", diagram.title)
                            item.field("svg", diagram.svg)
                            item.field("mermaid", diagram.mermaid)
                        }
                    }
                })
            }
        }.bytes))
    }
}
