import Conversation
import EventLoop
import Store
import Time

/// Sends the parts of one message that its platform does not have yet, and remembers each as soon as it has it.
struct OutboundSending: Sendable {
    let channel: Channel
    let outbound: any OutboundChannel
    let claims: OutboundClaims
    let sent: SentRecords
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void

    /// More parts than these are a text that nobody wants in messages.
    private static let mostParts = 40
    /// Milliseconds that stay for recording after the last part.
    private static let reserve = 300
    /// Milliseconds below which an attempt is not worth beginning.
    private static let leastMilliseconds = 50

    enum Outcome: Sendable {
        /// All parts are there.
        case sent(Delivery, choices: [OutboundContent.Choice])
        case failed(ChannelError)
        /// Somebody else took over: we overran the time that we are believed in.
        case lost
        case unavailable
        /// Others have to go first; nothing was sent.
        case waiting
    }

    /// - Parameters:
    ///   - held: Says afterwards which parts are there. Its record is `done` in the store only after `finish`.
    ///   - id: Under which CXone knows the message already, where it was accepted before it was sent.
    func send(
        _ message: OutboundMessage, in thread: ThreadID, as id: MessageID? = nil, _ held: inout OutboundClaims.Held, by deadline: Instant
    ) async -> Outcome {
        var message = message
        message.key = held.record.key
        let sendBy = deadline.advanced(byMilliseconds: -Self.reserve)
        var degraded = MessageDegrading.parts(of: message, in: thread, for: channel.capabilities, by: sendBy)
        guard !degraded.parts.isEmpty else {
            return .failed(ChannelError(.contentRefused, reason: "nothing to send", sentence: "The message is empty.", mayHaveArrived: false))
        }
        guard degraded.parts.count <= Self.mostParts else {
            return .failed(ChannelError(
                .tooLarge, reason: "\(degraded.parts.count) parts", sentence: "The message is too long for this channel.", mayHaveArrived: false))
        }
        let isResumed = !held.record.sent.isEmpty
        for (index, part) in degraded.parts.enumerated() where !held.record.sent.contains(where: { $0.key == part.key }) {
            switch await send(part, &held, &degraded.losses, by: deadline) {
            case .failure(let failure): return failure
            case .success(let sentPart):
                held.record.sent.append(.init(key: part.key, sent: sentPart))
                held.record.sending = false
            }
            guard index < degraded.parts.count - 1 else { break }
            guard await recordProgress(&held, part: index, of: degraded.parts.count, id, thread, message.visibility, by: deadline) else { return .lost }
        }
        await remember(held, from: isResumed ? 0 : degraded.parts.count - 1, of: degraded.parts.count, id, thread, message.visibility, by: deadline)
        guard let first = held.record.sent.first?.sent else { return .unavailable }
        let delivery = Delivery(
            message: id ?? first.id, thread: thread, occurred: first.occurred ?? Int(time.epochMilliseconds()), url: first.url,
            people: message.recipients, losses: degraded.losses)
        return .sent(delivery, choices: degraded.choices)
    }

    // MARK: One part

    private enum PartResult { case success(SentPart), failure(Outcome) }

    private func send(
        _ part: OutboundPart, _ held: inout OutboundClaims.Held, _ losses: inout [String], by deadline: Instant
    ) async -> PartResult {
        if channel.capabilities.deliveryClass == .mayDrop {
            held.record.sending = true
            guard await claims.update(&held, by: deadline) else { return .failure(.unavailable) }
        }
        do throws(ChannelError) {
            return .success(try await attempts(part))
        } catch {
            guard let words = withoutFiles(part, after: error) else { return .failure(.failed(error)) }
            do throws(ChannelError) {
                let sent = try await attempts(words)
                losses.append("fileRefused")
                return .success(sent)
            } catch { return .failure(.failed(error)) }
        }
    }

    /// Up to two more attempts while there is time, where the platform has certainly not taken the part or knows it again by its key.
    private func attempts(_ part: OutboundPart) async throws(ChannelError) -> SentPart {
        var attempt = 0
        while true {
            guard part.deadline.milliseconds(since: time.now()) >= Self.leastMilliseconds else {
                throw ChannelError(.timedOut, reason: "no time left to send", mayHaveArrived: false)
            }
            do throws(ChannelError) {
                return try await outbound.send(part)
            } catch {
                attempt += 1
                guard attempt <= 2, error.isTransient, error.code != .unauthorized, error.code != .cancelled,
                    !error.mayHaveArrived || channel.capabilities.deliveryClass == .once
                else { throw error }
                let pause = max(0, error.retryAfterMilliseconds ?? 100 * attempt * attempt)
                let next = time.now().advanced(byMilliseconds: pause)
                guard next.advanced(byMilliseconds: Self.leastMilliseconds) < part.deadline else { throw error }
                await sleep(next)
            }
        }
    }

    /// A file that the platform does not take after all goes as its name, so that the contact knows of it (`byoc.md` §9).
    private func withoutFiles(_ part: OutboundPart, after error: ChannelError) -> OutboundPart? {
        guard !part.files.isEmpty, error.code == .contentRefused || error.code == .tooLarge else { return nil }
        var text = MessageDegrading.words(for: part.files)
        switch part.body {
        case nil: break
        case .text(let words): text = words + "\n" + text
        case .choices, .link, .card: return nil
        }
        if let limit = channel.capabilities.textLimit, text.utf16.count > limit { return nil }
        var part = part
        part.body = .text(text)
        part.files = []
        return part
    }

    // MARK: Remembering

    private func recordProgress(
        _ held: inout OutboundClaims.Held, part: Int, of count: Int, _ id: MessageID?, _ thread: ThreadID, _ visibility: Visibility,
        by deadline: Instant
    ) async -> Bool {
        held.record.patience = max(0, deadline.milliseconds(since: time.now())) + OutboundClaims.grace
        let copy = held
        async let kept: Void = remember(copy, from: part, to: part, of: count, id, thread, visibility, by: deadline)
        let isOurs = await claims.update(&held, by: deadline)
        await kept
        return isOurs
    }

    /// Writes by which receipts and echoes find the message. Without it comfort is lost, never a message.
    private func remember(
        _ held: OutboundClaims.Held, from first: Int, to last: Int? = nil, of count: Int, _ id: MessageID?, _ thread: ThreadID,
        _ visibility: Visibility, by deadline: Instant
    ) async {
        guard let main = id ?? held.record.sent.first?.sent.id else { return }
        for (index, part) in held.record.sent.enumerated() where index >= first && index <= last ?? .max {
            let record = SentRecord(message: main, thread: thread, visibility: visibility, part: index, parts: count)
            for _ in 0..<2 {
                do throws(StoreFailure) {
                    try await sent.keep(record, of: part.sent.id, in: channel, by: deadline)
                    break
                } catch { continue }
            }
        }
    }
}
