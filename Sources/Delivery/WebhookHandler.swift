package import Conversation
package import HTTP
import HTTPTypes
import Secrets
package import Store
package import Time

/// `/webhook/{channel}` and what a platform appends to it: what the platform tells goes to the channel's adapter and from there to the inbox.
/// Answered with success only when every event is taken; otherwise the platform's own repetition is the queue (`design.md` §4).
package struct WebhookHandler: Handler {
    private let channels: [String: Channel]
    private let inbox: any Inbox
    private let deliveries: SeenDeliveries
    private let time: any TimeSource
    private let allowsPlainHTTP: Bool

    /// Octets of a body: a homeserver that was away sends all that it kept in one transaction.
    package static let mostOctets = 8 << 20

    /// - Parameters:
    ///   - channels: Those without an inbound side are not there for a caller (B6).
    ///   - allowsPlainHTTP: Serve unencrypted requests from this machine.
    package init(channels: [Channel], inbox: any Inbox, store: any KeyValueStore, time: any TimeSource, allowsPlainHTTP: Bool = false) {
        self.channels = Dictionary(
            channels.filter { $0.inbound != nil && $0.capabilities.receives }.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.inbox = inbox
        deliveries = SeenDeliveries(store: store)
        self.time = time
        self.allowsPlainHTTP = allowsPlainHTTP
    }

    package func respond(to request: Request) async -> Response {
        if request.front.isSecure == false, !(allowsPlainHTTP && WebhookRoute.isLoopback(request.front.peer)) {
            return WebhookProblem.notSecure.response
        }
        guard let route = WebhookRoute(request), let channel = channels[route.channel], let adapter = channel.inbound else {
            return WebhookProblem.notFound.response
        }
        guard request.method != .trace, request.method != .connect else {
            var problem = WebhookProblem.methodNotAllowed.response
            problem.fields[.allow] = "GET, POST, PUT"
            return problem
        }
        let deadline = deadline(request, channel)
        let webhook: Webhook
        do throws(WebhookRefusal) {
            webhook = try await adapter.read(request, path: route.rest, by: deadline)
        } catch {
            var problem = WebhookProblem(error.code).response(
                notes: Self.notes(channel) + (error.reason.isEmpty ? [] : [Note("reason", error.reason)]))
            if let allow = error.allow { problem.fields[.allow] = allow }
            return problem
        }
        switch webhook {
        case .answer(var answer, let reason):
            answer.notes += Self.notes(channel) + [Note("outcome", reason.description)]
            return answer
        case .events(let events, let answer, let delivery):
            guard let delivery else { return await answered(answer, to: events, from: channel, by: deadline) }
            switch await deliveries.standing(of: delivery, request.body, in: channel, by: deadline) {
            case .new: break
            case .repeated: return answer.noting(Self.notes(channel) + [Note("outcome", "repeated")])
            case .otherContent: return WebhookProblem.otherContent.response(notes: Self.notes(channel))
            case .unavailable(let failure): return Self.notNow(1000, Self.notes(channel) + [Note("reason", "store: \(failure.rawValue)")])
            }
            let response = await answered(answer, to: events, from: channel, by: deadline)
            if response.status.kind == .successful { await deliveries.keep(delivery, request.body, in: channel, by: deadline) }
            return response
        }
    }

    private func answered(_ answer: Response, to events: [InboundEvent], from channel: Channel, by deadline: Instant) async -> Response {
        let acceptance = await inbox.accept(events, from: channel, by: deadline)
        let notes = Self.notes(channel, acceptance)
        guard case .notNow(let milliseconds, let reason) = acceptance.outcome else { return answer.noting(notes) }
        return Self.notNow(milliseconds, notes + [Note("reason", reason)])
    }

    private static func notNow(_ milliseconds: Int, _ notes: [Note]) -> Response {
        var problem = WebhookProblem.notNow.response(notes: notes)
        problem.fields[.retryAfter] = String(min(3600, max(1, milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0))))
        return problem
    }

    /// Before the platform stops waiting, and before the host ends us.
    private func deadline(_ request: Request, _ channel: Channel) -> Instant {
        let now = time.now()
        let arrived = request.front.arrived.nanoseconds == 0 ? now : min(request.front.arrived, now)
        let own = arrived.advanced(byMilliseconds: channel.inboundOptions.window)
        return request.front.deadline.map { min(own, $0.advanced(byMilliseconds: -500)) } ?? own
    }

    private static func notes(_ channel: Channel, _ acceptance: Acceptance? = nil) -> [Note] {
        var notes = [Note("channel", channel.name)]
        guard let acceptance else { return notes }
        notes.append(Note("outcome", acceptance.outcome == .taken ? "taken" : "notNow"))
        if acceptance.taken > 0 { notes.append(Note("taken", acceptance.taken)) }
        if acceptance.repeated > 0 { notes.append(Note("repeated", acceptance.repeated)) }
        if acceptance.ignored > 0 { notes.append(Note("ignored_events", acceptance.ignored)) }
        if acceptance.putAside > 0 { notes.append(Note("put_aside_events", acceptance.putAside)) }
        return notes + acceptance.notes
    }
}

extension Response {
    fileprivate func noting(_ notes: [Note]) -> Response {
        var response = self
        response.notes += notes
        return response
    }
}

/// Deliveries that were taken, for as long as their signature would still be accepted, and longer (`security.md` §3).
struct SeenDeliveries: Sendable {
    let store: any KeyValueStore

    enum Standing {
        case new, repeated, otherContent
        case unavailable(StoreFailure)
    }

    /// Milliseconds; twice the tolerance of timestamps, and room.
    private static let life = 900_000

    func standing(of delivery: String, _ body: [UInt8], in channel: Channel, by deadline: Instant) async -> Standing {
        switch await store.get(key(delivery, channel), by: deadline) {
        case .value(let value): value.octets == Digest.sha256(body) ? .repeated : .otherContent
        case .absent, .conflict: .new
        case .unavailable(let failure): .unavailable(failure)
        }
    }

    /// When this fails, a repeat is taken again and finds each of its messages taken.
    func keep(_ delivery: String, _ body: [UInt8], in channel: Channel, by deadline: Instant) async {
        _ = await store.put(key(delivery, channel), Digest.sha256(body), life: Self.life, by: deadline)
    }

    private func key(_ delivery: String, _ channel: Channel) -> StoreKey {
        StoreKey(tenant: channel.tenant, purpose: "delivery", id: channel.name + "\u{0}" + delivery)
    }
}

/// Which channel a request's path names, and what follows.
struct WebhookRoute {
    let channel: String
    /// Without leading slash, still encoded.
    let rest: Substring

    private static let name = "/webhook"

    init?(_ request: Request) {
        var path = request.path
        let prefix = request.front.prefix
        if !prefix.isEmpty, path == prefix || path.hasPrefix(prefix + "/") { path = path.dropFirst(prefix.count) }
        // Where the mount point does not say it already, the function's own name leads the path.
        if !prefix.hasSuffix(Self.name), path.hasPrefix(Self.name + "/") { path = path.dropFirst(Self.name.count) }
        guard path.first == "/" else { return nil }
        let segment = path.dropFirst().prefix { $0 != "/" }
        // Names of channels are plain; an encoded one is nobody's.
        guard !segment.isEmpty, !segment.contains("%") else { return nil }
        channel = String(segment)
        rest = path.dropFirst(1 + segment.count).drop { $0 == "/" }
    }

    /// Whether the peer is on this machine. A Unix socket has no address.
    static func isLoopback(_ peer: String?) -> Bool {
        guard let peer, !peer.isEmpty else { return true }
        return peer.hasPrefix("127.") || peer == "::1" || peer.hasPrefix("::ffff:127.") || peer.hasPrefix("unix:")
    }
}

/// What a platform is answered when its request is not served: a problem document (RFC 9457), constant for each kind.
enum WebhookProblem: String {
    case unauthenticated, malformed, notFound, methodNotAllowed, tooLarge, wrongMediaType, notSecure, notNow, otherContent

    init(_ code: WebhookRefusal.Code) {
        self = switch code {
        case .unauthenticated: .unauthenticated
        case .malformed: .malformed
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .tooLarge: .tooLarge
        case .wrongMediaType: .wrongMediaType
        case .notNow: .notNow
        }
    }

    private var status: HTTPResponse.Status {
        switch self {
        case .unauthenticated: .unauthorized
        case .malformed: .badRequest
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .tooLarge: .contentTooLarge
        case .wrongMediaType: .unsupportedMediaType
        case .notSecure: .forbidden
        case .otherContent: .unprocessableContent
        case .notNow: .serviceUnavailable
        }
    }

    private var title: StaticString {
        switch self {
        case .unauthenticated: "The request does not prove who sends it."
        case .malformed: "The request cannot be read."
        case .notFound: "There is nothing here."
        case .methodNotAllowed: "This method is not served here."
        case .tooLarge: "The body is too large."
        case .wrongMediaType: "The body is of a media type that is not read here."
        case .otherContent: "This delivery was taken before with another content."
        case .notSecure: "The request must come over TLS."
        case .notNow: "This cannot be taken now; send it again."
        }
    }

    var response: Response { response(notes: []) }

    func response(notes: [Note]) -> Response {
        let body = #"{"type":"urn:causeway:problem:\#(rawValue)","title":"\#(title)","status":\#(status.code)}"#
        var fields: HTTPFields = [.contentType: "application/problem+json"]
        if self == .notNow { fields[.retryAfter] = "1" }
        return Response(status: status, fields: fields, body: Array(body.utf8), notes: [Note("problem", rawValue)] + notes)
    }
}
