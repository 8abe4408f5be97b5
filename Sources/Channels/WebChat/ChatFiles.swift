package import Conversation
import JSON
import Secrets
package import Store
package import Time

/// A file of a conversation.
struct ChatFile: Equatable {
    let id: String
    var name: String
    var type: String
    var size: Int

    func write(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("name", name)
        json.field("type", type)
        json.field("size", size)
    }

    init(id: String, name: String, type: String, size: Int) {
        self.id = id
        self.name = Self.cleaned(name)
        self.type = type
        self.size = size
    }

    init?(id: String, _ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let name = json["name"]?.string, let type = json["type"]?.string,
            let size = json["size"]?.integer, size >= 0
        else { return nil }
        self.init(id: id, name: name, type: type, size: size)
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

/// The files of one channel's conversations, in the store, in pieces.
package struct ChatFiles: FileSource {
    let store: any KeyValueStore
    let time: any TimeSource
    let tenant: String
    let channel: String

    private static let piece = 384 << 10
    private static let life = 2 * ChatLog.life

    package init(store: any KeyValueStore, time: any TimeSource, tenant: String, channel: String) {
        self.store = store
        self.time = time
        self.tenant = tenant
        self.channel = channel
    }

    /// Keeps a file; it is there once the last write, of what describes it, is done.
    func keep(_ octets: [UInt8], as file: ChatFile, in thread: ThreadID, by deadline: Instant) async throws(StoreFailure) {
        for (index, start) in stride(from: 0, to: octets.count, by: Self.piece).enumerated() {
            let piece = Array(octets[start..<min(start + Self.piece, octets.count)])
            try check(await store.put(pieceKey(file.id, thread, index), piece, life: Self.life, by: deadline))
        }
        var writer = JSONWriter()
        writer.object { file.write(to: &$0) }
        try check(await store.put(key(file.id, thread), writer.bytes, life: Self.life, by: deadline))
    }

    private func check(_ result: StoreResult) throws(StoreFailure) {
        if case .unavailable(let failure) = result { throw failure }
    }

    func file(_ id: String, in thread: ThreadID, by deadline: Instant) async throws(StoreFailure) -> ChatFile? {
        switch await store.get(key(id, thread), by: deadline) {
        case .value(let value): return ChatFile(id: id, value.octets)
        case .absent, .conflict: return nil
        case .unavailable(let failure): throw failure
        }
    }

    /// The octets of a file, or `nil` when a piece is gone.
    func octets(of file: ChatFile, in thread: ThreadID, by deadline: Instant) async throws(StoreFailure) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(file.size)
        while octets.count < file.size {
            switch await store.get(pieceKey(file.id, thread, octets.count / Self.piece), by: deadline) {
            case .value(let value) where !value.octets.isEmpty: octets += value.octets
            case .value, .absent, .conflict: return nil
            case .unavailable(let failure): throw failure
            }
        }
        return octets.count == file.size ? octets : nil
    }

    /// What stands in an inbound message for a file: conversation and file.
    static func reference(to file: ChatFile, in thread: ThreadID) -> String { thread.text + "/" + file.id }

    package func read(_ reference: String, by deadline: Instant, into sink: any FileSink) async throws(ChannelError) {
        let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw ChannelError(.rejected, reason: "no such reference") }
        let (thread, id) = (ThreadID(String(parts[0])), String(parts[1]))
        guard let file = try await known({ () async throws(StoreFailure) in try await self.file(id, in: thread, by: deadline) }) else {
            throw ChannelError(.threadGone, reason: "the file is gone")
        }
        try await sink.begin(mediaType: file.type, size: file.size)
        for index in 0..<max(0, (file.size + Self.piece - 1) / Self.piece) {
            switch await store.get(pieceKey(id, thread, index), by: deadline) {
            case .value(let value): try await sink.write(value.octets)
            case .absent, .conflict: throw ChannelError(.threadGone, reason: "a piece of the file is gone")
            case .unavailable(let failure): throw ChannelError(.unreachable, reason: "store: \(failure.rawValue)")
            }
        }
    }

    private func known<Value>(_ body: () async throws(StoreFailure) -> Value) async throws(ChannelError) -> Value {
        do { return try await body() } catch { throw ChannelError(.unreachable, reason: "store: \(error.rawValue)") }
    }

    private func key(_ id: String, _ thread: ThreadID) -> StoreKey {
        StoreKey(tenant: tenant, purpose: "chat-file", id: channel + "\u{0}" + thread.text + "\u{0}" + id)
    }

    private func pieceKey(_ id: String, _ thread: ThreadID, _ index: Int) -> StoreKey {
        StoreKey(tenant: tenant, purpose: "chat-piece", id: channel + "\u{0}" + thread.text + "\u{0}" + id + "\u{0}\(index)")
    }
}
