import Conversation
import HTTP
import HTTPTypes
import JSON
import Time

// What each of CXone's calls does.

extension CallbackHandler {
    // MARK: Messages (`byoc.md` §3.2, §3.3)

    func outbound(_ request: Request, _ channel: Channel, _ place: PointOfContact) async throws(CallbackProblem) -> Response {
        let callback = try OutboundCallback(reading: CallbackProblem.object(request))
        guard callback.thread != nil || !callback.recipients.isEmpty else {
            throw .malformed(["thread", "idOnExternalPlatform"], "is missing, and so are the recipients")
        }
        let message = callback.message(through: channel, at: place, thread: callback.thread)
        return try await deliver(message, callback, request, channel) { OutboundAnswer.delivered($0, callback, visibility: place.visibility) }
    }

    /// The channel and the thread are in the body; where they are not, the path tells both: `{channelId}_{thread}`.
    func legacy(_ request: Request, post: String?, _ caller: CallbackCaller) async throws(CallbackProblem) -> Response {
        // A path that names a channel of ours is enough to know it by; a body that names another must name one of the caller's too.
        let callback = try OutboundCallback(reading: CallbackProblem.object(request))
        var found: (Channel, PointOfContact)?
        var thread = callback.thread
        if let id = callback.channel {
            found = channel(id, for: caller)
        } else {
            var longest = -1
            for channel in channels where isOpen(channel, to: caller) {
                for place in channel.pointsOfContact where place.id.utf8.count > longest {
                    guard let post, OutboundCallback.external(post, of: place.id) != nil else { continue }
                    (found, longest) = ((channel, place), place.id.utf8.count)
                }
            }
        }
        guard let (channel, place) = found else { throw .unknownChannel }
        if thread == nil, let post { thread = OutboundCallback.external(post, of: place.id) }
        guard thread != nil || !callback.recipients.isEmpty else {
            throw .malformed(["post", "threadIdOnExternalPlatform"], "is missing, and the path does not tell it")
        }
        let message = callback.message(through: channel, at: place, thread: thread)
        return try await deliver(message, callback, request, channel, OutboundAnswer.deliveredLegacy)
    }

    private func deliver(
        _ message: OutboundMessage, _ callback: OutboundCallback, _ request: Request, _ channel: Channel, _ answer: (Delivery) -> Response
    ) async throws(CallbackProblem) -> Response {
        guard callback.content != nil || !callback.files.isEmpty else {
            throw CallbackProblem(
                .unprocessableContent, "empty", "The message is empty.", faults: [(["messageContent"], "holds nothing that could be sent")])
        }
        guard let outbox else { throw OutboundAnswer.notNow(5000, reason: "no outbox") }
        var message = message
        if !channel.showsAuthor { message.author = nil }
        let (letter, deadline) = (message, clock.deadline(request))
        let late = DeliveryOutcome.failed(ChannelError(.timedOut, reason: "no outcome before the deadline"))
        switch await clock.keep(deadline, late: late, { await outbox.deliver(letter, through: channel, by: deadline) }) {
        case .delivered(let delivery):
            var response = answer(delivery)
            // From now on an equal message without an id of its own is another one, but only if this answer arrives (§3.7).
            let clock = clock
            if letter.keyIsDigest {
                response.afterwards = { wasWritten in
                    guard wasWritten else { return }
                    await outbox.answered(letter, through: channel, by: clock.now().advanced(byMilliseconds: 1000))
                }
            }
            return response
        case .running(let wait): throw OutboundAnswer.running(wait)
        case .failed(let error): throw OutboundAnswer.failed(error)
        case .notNow(let wait, let reason): throw OutboundAnswer.notNow(wait, reason: reason)
        }
    }

    // MARK: Recipients (§3.4)

    /// Whom a platform refuses is told with its sentence. What it cannot tell, now or ever, is valid: the message itself will show.
    func recipients(_ request: Request, _ channel: Channel) async throws(CallbackProblem) -> Response {
        let body = CallbackValue(try CallbackProblem.object(request))
        let recipients = try OutboundCallback.recipients(body)
        guard !recipients.isEmpty else { throw Self.invalid("There is nobody to write to.", ["endUserRecipients"], "is empty") }
        guard let opening = channel.opening else {
            guard channel.capabilities.opensThreads else {
                throw Self.invalid("Conversations on this channel are begun by the contact.", ["idOnExternalPlatform"], "cannot be written to first")
            }
            return Self.valid("unchecked")
        }
        let deadline = clock.deadline(request)
        for recipient in recipients {
            let person = Person(PersonID(recipient.id), nickname: recipient.name)
            let late = Checked.refused(ChannelError(.timedOut, reason: "no answer before the deadline"))
            let checked = await clock.keep(deadline, late: late) {
                do throws(ChannelError) {
                    try await opening.check(person, by: deadline)
                    return Checked.fine
                } catch {
                    return Checked.refused(error)
                }
            }
            guard case .refused(let error) = checked else { continue }
            if error.isTransient { return Self.valid("unchecked: \(error.code.rawValue)") }
            throw Self.invalid(error.sentence ?? "This person cannot be written to.", ["idOnExternalPlatform"], error.code.rawValue)
        }
        return Self.valid("valid")
    }

    private enum Checked: Sendable {
        case fine
        case refused(ChannelError)
    }

    private static func valid(_ outcome: String) -> Response {
        .json(.ok, Array(#"{"status":"valid"}"#.utf8), notes: [Note("outcome", outcome)])
    }

    private static func invalid(_ sentence: String, _ path: [String], _ message: String) -> CallbackProblem {
        CallbackProblem(.badRequest, "outboundValidationFailed", sentence, faults: [(path, message)])
    }

    // MARK: Typing (§3.5)

    /// Milliseconds that showing it may hold up the answer.
    private static let patience = 1000

    /// Best effort: whatever becomes of it, the answer is 204, and nothing is tried twice. Nobody waits for a missing `isTypingOff`: channels
    /// show typing for a limited time only (`TypingChannel`).
    func senderAction(_ request: Request, _ channel: Channel, thread: String?) async -> Response {
        var outcome = "ignored"
        if let typing = channel.typing, let thread, let isOn = Self.isTypingOn(request) {
            let deadline = clock.deadline(request, milliseconds: Self.patience)
            outcome = await clock.keep(deadline, late: "late") {
                do throws(ChannelError) {
                    try await typing.showTyping(isOn, in: ThreadID(thread), by: deadline)
                    return isOn ? "typing" : "stopped"
                } catch {
                    return error.code.rawValue
                }
            }
        }
        return Response(status: .noContent, notes: [Note("outcome", outcome)])
    }

    private static func isTypingOn(_ request: Request) -> Bool? {
        guard let json = try? JSON(parsing: request.body) else { return nil }
        let action = (json["senderAction"]?["action"] ?? json["action"])?.string
        return ["istypingon": true, "istypingoff": false][(action ?? "").lowercased()]
    }
}
