package import Conversation
package import HTTP
import HTTPTypes
import JSON
package import Time

/// Serves `POST /events/contact`, by which an automation tells what became of a contact, and `POST /events/tick`, by which a timer lets work be
/// done that no request brings (`byoc.md` §11, §12).
///
/// Order: method, path, transport, credentials, size, media type, JSON; then the event. What does not end a conversation is noted and answered
/// like what does, because an automation can do nothing about it.
package struct ContactEventsHandler: Handler {
    private let settings: ContactEventsSettings
    private let credentials: CallerCredentials
    private let channels: [Channel]
    private let outbox: any Outbox
    private let ticks: any Ticking
    private let time: any TimeSource

    /// Octets of a body.
    package static let mostOctets = 256 << 10
    /// Milliseconds for one event, and for one round of work.
    private static let eventBudget = 4500
    private static let tickBudget = 20_000

    package init(
        _ settings: ContactEventsSettings, channels: [Channel], outbox: any Outbox, ticks: any Ticking, time: any TimeSource
    ) {
        self.settings = settings
        self.channels = channels
        self.outbox = outbox
        self.ticks = ticks
        self.time = time
        credentials = CallerCredentials(callers: [settings.caller.headers])
    }

    package func respond(to request: Request) async -> Response {
        guard request.method == .post else {
            var response = ExchangeProblem.methodNotAllowed.response
            response.fields[.allow] = "POST"
            return response
        }
        let name = request.path.split(separator: "/").last
        guard name == "contact" || name == "tick" else { return ExchangeProblem.notFound.response }
        if request.front.isSecure == false, !(settings.allowPlainHTTP && ExchangeRoute.isLoopback(request.front.peer)) {
            return ExchangeProblem.notSecure.response
        }
        switch credentials.check(request.fields) {
        case .repeated: return ExchangeProblem.repeatedCredential.response
        case .refused: return Response(status: .unauthorized, notes: [Note("outcome", "unauthorized")])
        case .presented: break
        }
        guard name == "contact" else { return await tick(request) }
        guard request.body.count <= Self.mostOctets else { return ExchangeProblem.tooLarge.response }
        if let problem = ExchangeProblem(mediaTypeOf: request) { return problem.response }
        let json: JSON
        do {
            json = try JSON(parsing: request.body)
        } catch {
            return ExchangeProblem.notJSON.response(with: Note("json", "\(error)"))
        }
        guard json.kind == .object else { return ExchangeProblem.notAnObject.response }
        return await serve(ContactEvent(json), by: deadline(request, Self.eventBudget))
    }

    // MARK: Events

    private func serve(_ event: ContactEvent, by deadline: Instant) async -> Response {
        guard let status = event.status else {
            // A status change that does not say which is a mistake of whoever set the automation up; any other event is of no interest.
            guard event.type == nil || event.type?.hasSuffix("StatusChanged") == true else { return noted("ignored", event) }
            return problem("missingStatus", "The event does not say which status the contact has now.")
        }
        guard settings.endingStatuses.contains(where: { $0.lowercased() == status }) else { return noted("ignored", event) }
        guard !event.isEmpty else { return problem("missingContact", "The event names neither a contact number nor a thread.") }
        guard let (channel, place, thread) = place(of: event) else {
            guard let contact = event.contact, event.channel == nil else { return noted("unknown", event) }
            return answer(await outbox.end(contact: contact, in: channels, by: deadline), event)
        }
        return answer(
            await outbox.end(ThreadID(thread), contact: event.contact, in: channel, visibility: place.visibility, by: deadline), event)
    }

    /// Where the event's thread is. Several points of contact can begin alike, so the longest that fits an internal id counts.
    private func place(of event: ContactEvent) -> (Channel, PointOfContact, String)? {
        var found: (Channel, PointOfContact, String)?
        for channel in channels {
            for place in channel.pointsOfContact where event.channel == nil || event.channel == place.id {
                guard let thread = event.thread(in: place.id) else { continue }
                // A bare external id tells no channel.
                guard event.channel != nil || event.thread == nil || channels.count == 1 && channel.pointsOfContact.count == 1 else { continue }
                if found.map({ $0.1.id.utf8.count < place.id.utf8.count }) ?? true { found = (channel, place, thread) }
            }
        }
        return found
    }

    private func answer(_ outcome: EndingOutcome, _ event: ContactEvent) -> Response {
        switch outcome {
        case .ended: noted("ended", event)
        case .nothingToDo: noted("nothingToDo", event)
        case .failed(let error): notNow(error.retryAfterMilliseconds ?? 5000, "platform: \(error.code.rawValue)", event)
        case .notNow(let wait, let reason): notNow(wait, reason, event)
        }
    }

    private func noted(_ outcome: String, _ event: ContactEvent) -> Response {
        Response(status: .noContent, notes: [Note("outcome", outcome)] + Self.notes(event))
    }

    private func notNow(_ milliseconds: Int, _ reason: String, _ event: ContactEvent) -> Response {
        var response = problem("notNow", "It cannot be done now; send the event again.", status: .serviceUnavailable)
        response.fields[.retryAfter] = String(max(1, (milliseconds + 999) / 1000))
        response.notes += [Note("reason", reason)] + Self.notes(event)
        return response
    }

    private func problem(_ code: String, _ title: String, status: HTTPResponse.Status = .badRequest) -> Response {
        let body = #"{"type":"urn:causeway:problem:\#(code)","title":"\#(title)","status":\#(status.code)}"#
        return Response(
            status: status, fields: [.contentType: "application/problem+json"], body: Array(body.utf8), notes: [Note("outcome", code)])
    }

    /// Names and kinds only; ids of contacts are personal data.
    private static func notes(_ event: ContactEvent) -> [Note] {
        [event.type.map { Note("event", $0) }, event.status.map { Note("status", $0) }].compactMap(\.self)
    }

    // MARK: Ticks

    private func tick(_ request: Request) async -> Response {
        let report = await ticks.tick(by: deadline(request, Self.tickBudget))
        var writer = JSONWriter()
        writer.object { json in
            json.field("sent", report.sent)
            json.field("postponed", report.postponed)
            json.field("failed", report.failed)
            json.field("ended", report.ended)
            json.field("unseen", report.unseen)
        }
        return .json(.ok, writer.bytes, notes: [
            Note("outcome", "ticked"), Note("sent", report.sent), Note("postponed", report.postponed), Note("failed", report.failed),
            Note("ended", report.ended), Note("unseen", report.unseen),
        ])
    }

    private func deadline(_ request: Request, _ milliseconds: Int) -> Instant {
        let own = time.now().advanced(byMilliseconds: milliseconds)
        return request.front.deadline.map { min(own, $0.advanced(byMilliseconds: -500)) } ?? own
    }
}
