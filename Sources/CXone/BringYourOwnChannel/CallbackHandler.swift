package import Conversation
package import HTTP
import HTTPTypes
import JSON
package import Store
package import Time

/// Serves what CXone's Digital Experience calls below the Integration Box URL (`byoc.md` §3), the token endpoint apart: total, any number at
/// a time, nothing kept between requests.
///
/// Order: transport, token, route and method, channel, size, media type, JSON; then the call. Whoever has no valid token learns and changes
/// nothing.
package struct CallbackHandler: Handler {
    package enum Call: Sendable, CaseIterable { case outbound, recipients, senderAction, unknown }

    private let calls: Set<Call>
    private let callers: CallbackCallers
    private let tokens: TokenHandler
    private let mapped: [MappedCallback]
    private let unknown: UnknownCallbacks
    private let allowsPlainHTTP: Bool
    private let time: any TimeSource
    let channels: [Channel]
    let outbox: (any Outbox)?
    let clock: CallbackClock

    /// Octets of a body (`security.md` §9).
    package static let mostOctets = 1 << 20

    /// - Parameters:
    ///   - calls: What this function serves; others are unknown to it.
    ///   - store: Where unknown callbacks are noted; `nil`: in the log only.
    ///   - sleep: Suspends until an instant and ends early when its task is cancelled: `EventLoop.sleep`.
    package init(
        _ settings: BringYourOwnChannelSettings, serving calls: Set<Call>, channels: [Channel], outbox: (any Outbox)?,
        store: (any KeyValueStore)?, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void
    ) {
        self.calls = calls
        self.channels = channels
        self.outbox = outbox
        self.time = time
        callers = CallbackCallers(settings)
        tokens = TokenHandler(settings, time: time)
        mapped = settings.callbacks.map { MappedCallback($0) }
        unknown = UnknownCallbacks(store: store, time: time)
        allowsPlainHTTP = settings.allowPlainHTTP
        clock = CallbackClock(time: time, sleep: sleep)
    }

    package func respond(to request: Request) async -> Response {
        let path = CallbackPath(request)
        var response = await response(to: request, path)
        // Ids of threads may be numbers of telephones.
        response.route = UnknownCallbacks.Shape.pattern(path.segments)
        return response
    }

    private func response(to request: Request, _ path: CallbackPath) async -> Response {
        let route = CallbackRoute(request, path, mapped: calls.contains(.unknown) ? mapped : [])
        if case .token? = route?.action { return tokens.token(request) }
        do throws(CallbackProblem) {
            if request.front.isSecure == false, !(allowsPlainHTTP && ExchangeRoute.isLoopback(request.front.peer)) { throw .notSecure }
            let caller = try callers.caller(of: request.fields, now: time.epochMilliseconds())
            guard let route, serves(route.action) else { return await notKnown(request, path, caller) }
            guard request.method == .post || route.isMapped else {
                await note(request, path, caller)
                throw .methodNotAllowed
            }
            guard let response = try await serve(route, request, caller) else { return await notKnown(request, path, caller) }
            return response
        } catch {
            return error.response
        }
    }

    private func serves(_ action: CallbackSettings.Action) -> Bool {
        switch action {
        case .outbound, .legacy: calls.contains(.outbound)
        case .recipients: calls.contains(.recipients) || calls.contains(.unknown)
        case .senderAction: calls.contains(.senderAction) || calls.contains(.unknown)
        case .token, .ignore, .delete, .hide, .like, .share: calls.contains(.unknown)
        }
    }

    /// - Returns: `nil` when the path only looked like one of ours.
    private func serve(_ route: CallbackRoute, _ request: Request, _ caller: CallbackCaller) async throws(CallbackProblem) -> Response? {
        guard request.body.count <= Self.mostOctets else { throw .tooLarge }
        switch route.action {
        case .token: return nil
        case .ignore:
            return Response(status: HTTPResponse.Status(code: route.status), notes: [Note("outcome", "ignored"), Note("client", caller.client)])
        case .delete, .hide, .like, .share:
            throw CallbackProblem(.unprocessableContent, "notSupported", "This channel cannot \(route.action.rawValue) messages.")
        case .legacy: return try await legacy(request, post: route.ids["post"], caller)
        case .outbound, .recipients, .senderAction: break
        }
        guard let id = route.ids["channel"], let (channel, place) = channel(id, for: caller) else {
            if route.isFolded { return nil }
            throw .unknownChannel
        }
        switch route.action {
        case .recipients: return try await recipients(request, channel)
        case .senderAction: return await senderAction(request, channel, thread: route.ids["thread"])
        default: return try await outbound(request, channel, place)
        }
    }

    /// The channel of that id, when the caller may use it and agents may write through it. Every channel is looked at, so that one of
    /// another client is as unknown as one that does not exist, and takes as long.
    func channel(_ id: String, for caller: CallbackCaller) -> (Channel, PointOfContact)? {
        var found: (Channel, PointOfContact)?
        for channel in channels {
            let isOpen = isOpen(channel, to: caller)
            for place in channel.pointsOfContact where isSame(place.id, id) && isOpen && found == nil { found = (channel, place) }
        }
        return found
    }

    func isOpen(_ channel: Channel, to caller: CallbackCaller) -> Bool {
        channel.capabilities.sends && caller.channels.map { $0.contains { isSame($0, channel.name) } } ?? true
    }

    // MARK: Unknown paths (§3.6)

    private func notKnown(_ request: Request, _ path: CallbackPath, _ caller: CallbackCaller) async -> Response {
        var problem = CallbackProblem.notFound
        problem.notes = await note(request, path, caller)
        return problem.response
    }

    @discardableResult
    private func note(_ request: Request, _ path: CallbackPath, _ caller: CallbackCaller) async -> [Note] {
        guard calls.contains(.unknown) else { return [] }
        let shape = UnknownCallbacks.Shape(request, path)
        let count = await unknown.note(shape, octets: request.body.count, client: caller.client, by: clock.now().advanced(byMilliseconds: 1000))
        return [
            Note("client", caller.client), Note("callback", "\(shape.method) \(shape.path)"), Note("fields", shape.fields.joined(separator: ",")),
            Note("octets", request.body.count),
        ] + (count.map { [Note("seen", $0)] } ?? [])
    }
}

/// When callbacks must be answered (`security.md` §8).
struct CallbackClock: Sendable {
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void

    func now() -> Instant { time.now() }
    func epochMilliseconds() -> Int { Int(time.epochMilliseconds()) }

    /// 4.5 s from now, or half a second before the platform that runs us gives up.
    func deadline(_ request: Request, milliseconds: Int = 4500) -> Instant {
        let own = time.now().advanced(byMilliseconds: milliseconds)
        guard let host = request.front.deadline else { return own }
        return min(own, Instant(nanoseconds: host.nanoseconds > 500_000_000 ? host.nanoseconds - 500_000_000 : 0))
    }

    /// What `work` gives, or `late` when it is not there a moment after the deadline: ports keep deadlines themselves, this is for the day
    /// when one does not.
    func keep<Value: Sendable>(_ deadline: Instant, late: Value, _ work: @escaping @Sendable () async -> Value) async -> Value {
        let sleep = sleep
        return await withTaskGroup(of: Value?.self) { group in
            group.addTask { await work() }
            group.addTask {
                await sleep(deadline.advanced(byMilliseconds: 200))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? late
        }
    }
}

/// A path that the settings give a meaning.
struct MappedCallback: Sendable {
    let method: String
    let pattern: CallbackPattern
    let action: CallbackSettings.Action
    let status: Int

    init(_ settings: CallbackSettings) {
        method = settings.method.rawValue
        pattern = CallbackPattern(settings.path)
        action = settings.action
        status = settings.status
    }
}

/// Which call a request is.
struct CallbackRoute {
    let action: CallbackSettings.Action
    let ids: [String: String]
    var isMapped = false
    /// Whether an id was put together from several segments.
    var isFolded = false
    var status = 204

    /// What the settings say comes first, then what is known; `nil`: unknown.
    init?(_ request: Request, _ path: CallbackPath, mapped: [MappedCallback]) {
        for callback in mapped where callback.method == request.method.rawValue {
            guard let ids = path.ids(callback.pattern) else { continue }
            (action, self.ids, isMapped, status) = (callback.action, ids, true, callback.status)
            return
        }
        for isFolded in [false, true] {
            for (action, pattern) in Self.known {
                guard let ids = path.ids(pattern, folded: isFolded) else { continue }
                (self.action, self.ids, self.isFolded) = (action, ids, isFolded)
                return
            }
        }
        return nil
    }

    private static let known: [(CallbackSettings.Action, CallbackPattern)] =
        CallbackPattern.recipients.map { (.recipients, $0) } + CallbackPattern.senderAction.map { (.senderAction, $0) }
        + CallbackPattern.outbound.map { (.outbound, $0) } + CallbackPattern.legacy.map { (.legacy, $0) }
}
