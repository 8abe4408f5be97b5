package import Conversation
import JSON
package import Store
import Time

/// A file of a conversation.
struct ChatFile: Equatable {
    let id: String
    var name: String
    var type: String
    var size: Int
    /// Where `FileKeeping` has it; never told to a browser.
    var reference: String

    /// What a browser gets.
    func write(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("name", name)
        json.field("type", type)
        json.field("size", size)
    }

    init(id: String, name: String, type: String, size: Int, reference: String) {
        self.id = id
        self.reference = reference
        self.name = Self.cleaned(name)
        self.type = type
        self.size = size
    }

    init?(id: String, _ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let name = json["name"]?.string, let type = json["type"]?.string,
            let size = json["size"]?.integer, let reference = json["reference"]?.string, size >= 0
        else { return nil }
        self.init(id: id, name: name, type: type, size: size, reference: reference)
    }

    /// The last part of a name, without control characters and what turns writing round, at most 120 characters.
    static func cleaned(_ name: String) -> String {
        let last = name.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
        let visible = String(String.UnicodeScalarView(last.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
            default: true
            }
        }))
        let trimmed = visible.drop { $0 == "." || $0 == " " }
        return trimmed.isEmpty ? "file" : String(trimmed.prefix(120))
    }
}

/// The files of one channel's conversations: which conversation has which, and under what name. What they hold is kept by `kept`.
package struct ChatFiles: Sendable {
    let store: any KeyValueStore
    let kept: any FileKeeping
    let tenant: String
    let channel: String

    /// Milliseconds: a conversation may go on for longer than a day.
    package static let life = 2 * ChatLog.life

    /// - Parameter kept: Keeps what the files hold, for `life`.
    package init(store: any KeyValueStore, kept: any FileKeeping, tenant: String, channel: String) {
        self.store = store
        self.kept = kept
        self.tenant = tenant
        self.channel = channel
    }

    /// Keeps a file; it is there once the last write, of what describes it, is done.
    /// - Parameter id: The same file gets the same one at each attempt.
    func keep(
        _ octets: [UInt8], id: String, name: String, type: String, in thread: ThreadID, by deadline: Instant
    ) async throws(ChannelError) -> ChatFile {
        let reference = try await kept.keep(octets, mediaType: type, by: deadline)
        let file = ChatFile(id: id, name: name, type: type, size: octets.count, reference: reference)
        var writer = JSONWriter()
        writer.object { json in
            file.write(to: &json)
            json.field("reference", reference)
        }
        if case .unavailable(let failure) = await store.put(key(id, thread), writer.bytes, life: Self.life, by: deadline) { throw Self.error(failure) }
        return file
    }

    func file(_ id: String, in thread: ThreadID, by deadline: Instant) async throws(ChannelError) -> ChatFile? {
        switch await store.get(key(id, thread), by: deadline) {
        case .value(let value): return ChatFile(id: id, value.octets)
        case .absent, .conflict: return nil
        case .unavailable(let failure): throw Self.error(failure)
        }
    }

    func octets(of file: ChatFile, by deadline: Instant) async throws(ChannelError) -> [UInt8] {
        let whole = Whole()
        try await kept.read(file.reference, by: deadline, into: whole)
        return whole.octets
    }

    private static func error(_ failure: StoreFailure) -> ChannelError {
        ChannelError(failure == .timedOut ? .timedOut : .unreachable, reason: "store: \(failure.rawValue)", mayHaveArrived: false)
    }

    private func key(_ id: String, _ thread: ThreadID) -> StoreKey {
        StoreKey(tenant: tenant, purpose: "chat-file", id: channel + "\u{0}" + thread.text + "\u{0}" + id)
    }

    private final class Whole: FileSink, @unchecked Sendable {
        // @unchecked: filled by one task, read behind it.
        var octets: [UInt8] = []
        func begin(mediaType: String?, size: Int?) async throws(ChannelError) { octets.reserveCapacity(min(size ?? 0, 20 << 20)) }
        func write(_ octets: [UInt8]) async throws(ChannelError) { self.octets += octets }
    }
}
