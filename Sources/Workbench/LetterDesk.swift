package import ChannelCatalog
package import Conversation
package import Delivery
package import HTTP
import Store
package import Time

/// `causeway letters`: messages that were given up, for whoever looks after the channels. What people wrote is shown only when it is asked for.
package struct LetterDesk: Sendable {
    private let letters: DeadLetters
    private let channels: [Channel]
    private let inbox: InboundDelivery
    private let outbox: OutboundDelivery
    private let time: any TimeSource

    package init(_ letters: DeadLetters, channels: [Channel], inbox: InboundDelivery, outbox: OutboundDelivery, time: any TimeSource) {
        self.letters = letters
        self.channels = channels
        self.inbox = inbox
        self.outbox = outbox
        self.time = time
    }

    /// - Parameter sleep: Suspends until an instant: `EventLoop.sleep`.
    package init(
        _ settings: MessagingSettings, over transport: any HTTPTransport, time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void
    ) throws {
        guard let place = settings.store else { throw SystemFailure(saying: "the settings name no \"store\", so no message is kept") }
        let store = place.open(over: transport, time: time)
        let centres = settings.contactCentres(over: transport, store: store, time: time, sleep: sleep)
        self.init(
            DeadLetters(store: store, time: time), channels: settings.channels(over: transport, store: store, time: time),
            inbox: InboundDelivery(
                centres: centres, store: store, files: settings.fileSharing(over: transport, centres: centres, time: time), time: time, sleep: sleep),
            outbox: OutboundDelivery(centres: centres, store: store, time: time, sleep: sleep), time: time)
    }

    /// Which letters a command means.
    package enum Choice: Sendable {
        /// By their names, or by their keys as the log has them.
        case named([String])
        /// All of a channel, or of every channel.
        case all(of: String?)
    }

    package func list(_ channel: String?) async throws -> [String] {
        let found = try await find(.all(of: channel))
        guard !found.isEmpty else { return ["no message was given up in the last 30 days"] }
        return found.map { found in
            "\(found.name)  \(Timestamp.text(found.letter.at))  \(direction(found.letter)) \(found.channel.name): \(found.letter.reason)"
        }
    }

    package func show(_ name: String, withText: Bool) async throws -> [String] {
        var lines: [String] = []
        for found in try await find(.named([name])) {
            let letter = found.letter
            lines += [
                "name       \(found.name)", "given up   \(Timestamp.text(letter.at))", "direction  \(direction(letter)) \(found.channel.name)",
                "reason     \(letter.reason)", "thread     \(letter.thread.text)", "message    \(letter.message.text)", "key        \(found.key)",
            ]
            guard withText else { continue }
            lines += letter.people.map { "person     \($0)" } + letter.words.map { "text       \(Self.shown($0))" }
        }
        return lines
    }

    /// One after another, in the order in which they were given up.
    package func retry(_ choice: Choice) async throws -> [String] {
        var lines: [String] = []
        for found in try await find(choice) {
            let outcome = found.letter.isInbound ? await inbox.retry(found, by: attempt) : await outbox.retry(found, by: attempt)
            switch outcome {
            case .delivered: lines.append("✓  \(found.name): delivered")
            case .queued: lines.append("✓  \(found.name): waits in the queue of \(found.channel.name)")
            case .givenUp(let reason): lines.append("!  \(found.name): given up again: \(reason)")
            case .notNow(let reason): lines.append("–  \(found.name): not now: \(reason)")
            }
        }
        return lines
    }

    package func drop(_ choice: Choice) async throws -> [String] {
        var lines: [String] = []
        for found in try await find(choice) {
            do throws(StoreFailure) { try await letters.remove(found, by: patience) } catch { throw Self.failure(error) }
            lines.append("dropped \(found.name)")
        }
        return lines
    }

    // MARK: Finding

    private func find(_ choice: Choice) async throws -> [DeadLetters.Found] {
        switch choice {
        case .all(let name):
            if let name, !channels.contains(where: { $0.name == name }) {
                throw SystemFailure(saying: "the settings name no channel \"\(name)\"; there are: \(channels.map(\.name).joined(separator: ", "))")
            }
            var all: [DeadLetters.Found] = []
            for channel in channels where name.map({ $0 == channel.name }) ?? true {
                do throws(StoreFailure) { all += try await letters.all(of: channel, by: patience) } catch { throw Self.failure(error) }
            }
            return all.sorted { $0.letter.at < $1.letter.at }
        case .named(let names):
            let all = try await find(.all(of: nil))
            var chosen: Set<String> = []
            for name in names {
                let keys = all.map(\.key).filter { $0 == name || !name.isEmpty && ($0.split(separator: "/").last ?? "").hasPrefix(name) }
                guard let key = keys.first else {
                    throw SystemFailure(saying: "there is no letter \"\(name)\"; `causeway letters list` shows those that there are")
                }
                guard keys.count == 1 else { throw SystemFailure(saying: "\"\(name)\" begins the names of \(keys.count) letters; give more of it") }
                chosen.insert(key)
            }
            return all.filter { chosen.contains($0.key) }
        }
    }

    private static func failure(_ failure: StoreFailure) -> SystemFailure { SystemFailure(saying: "the store cannot be used: \(failure.rawValue)") }

    private var patience: Instant { time.now().advanced(byMilliseconds: 60_000) }
    private var attempt: Instant { time.now().advanced(byMilliseconds: 20_000) }

    private func direction(_ letter: DeadLetter) -> String { letter.isInbound ? "from" : "to" }

    /// On one line, without characters that would steer the terminal.
    private static func shown(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: " "
            default: scalar
            }
        }))
    }
}
