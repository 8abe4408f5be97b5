package import Conversation
import JSON
import Secrets
package import Store
package import Time

/// Files kept in the store for a while, in parts of at most 256 KiB: for channels that have no place of their own, and for what waits to be
/// delivered. The store seals them; their references are unguessable.
package struct FileStore: FileKeeping {
    private let store: any KeyValueStore
    private let tenant: String
    private let life: Int
    private let limit: Int

    static let part = 256 << 10

    /// - Parameters:
    ///   - tenant: Whose files; part of every key.
    ///   - life: Milliseconds.
    ///   - limit: Octets of the largest file.
    package init(store: any KeyValueStore, tenant: String, life: Int, limit: Int = 40 << 20) {
        self.store = store
        self.tenant = tenant
        self.life = life
        self.limit = limit
    }

    /// Keeps a file that stands in memory.
    ///
    /// - Returns: Its reference.
    package func keep(_ octets: [UInt8], mediaType: String?, by deadline: Instant) async throws(ChannelError) -> String {
        let writer = writer(by: deadline)
        try await writer.begin(mediaType: mediaType, size: octets.count)
        try await writer.write(octets)
        return try await writer.finish()
    }

    /// Keeps a file that comes piece by piece.
    package func writer(by deadline: Instant) -> Writer { Writer(self, by: deadline) }

    package func read(_ reference: String, by deadline: Instant, into sink: any FileSink) async throws(ChannelError) {
        let manifest = try await get(manifestKey(reference), by: deadline)
        guard let json = try? JSON(parsing: manifest), let size = json["size"]?.integer, let parts = json["parts"]?.integer, parts >= 0 else {
            throw ChannelError(.malformed, reason: "the manifest of a file cannot be read", mayHaveArrived: false)
        }
        try await sink.begin(mediaType: json["type"]?.string, size: size)
        for number in 0..<parts { try await sink.write(try await get(partKey(reference, number), by: deadline)) }
    }

    /// Forgets a file before its time.
    package func forget(_ reference: String, by deadline: Instant) async {
        guard case .value(let value) = await store.get(manifestKey(reference), by: deadline), let json = try? JSON(parsing: value.octets) else { return }
        _ = await store.delete(manifestKey(reference), by: deadline)
        for number in 0..<min(json["parts"]?.integer ?? 0, limit / Self.part + 1) { _ = await store.delete(partKey(reference, number), by: deadline) }
    }

    // MARK: Keys

    private func manifestKey(_ reference: String) -> StoreKey { StoreKey(tenant: tenant, purpose: "file", id: reference) }
    private func partKey(_ reference: String, _ number: Int) -> StoreKey {
        StoreKey(tenant: tenant, purpose: "file-part", id: "\(reference)\u{0}\(number)")
    }

    private func get(_ key: StoreKey, by deadline: Instant) async throws(ChannelError) -> [UInt8] {
        switch await store.get(key, by: deadline) {
        case .value(let value): return value.octets
        case .absent, .conflict: throw ChannelError(.contentRefused, reason: "the file is gone", mayHaveArrived: false)
        case .unavailable(let failure): throw Self.error(failure)
        }
    }

    private static func error(_ failure: StoreFailure) -> ChannelError {
        ChannelError(failure == .timedOut ? .timedOut : .unreachable, reason: "store: \(failure.rawValue)", mayHaveArrived: false)
    }

    /// One file on its way into the store. The manifest is written last: a file is there whole or not at all.
    package final class Writer: FileSink, @unchecked Sendable {
        // @unchecked: used by one task at a time.
        private let files: FileStore
        private let deadline: Instant
        private let reference = Base64.encodeText(Random.bytes(18), .url)
        private var waiting: [UInt8] = []
        private var parts = 0
        private var size = 0
        private var mediaType: String?

        fileprivate init(_ files: FileStore, by deadline: Instant) {
            self.files = files
            self.deadline = deadline
        }

        package func begin(mediaType: String?, size: Int?) async throws(ChannelError) {
            self.mediaType = mediaType
            guard size ?? 0 <= files.limit else { throw tooLarge }
        }

        package func write(_ octets: [UInt8]) async throws(ChannelError) {
            guard octets.count <= files.limit - size else { throw tooLarge }
            size += octets.count
            var rest = octets[...]
            while !rest.isEmpty {
                let piece = rest.prefix(FileStore.part - waiting.count)
                waiting += piece
                rest = rest.dropFirst(piece.count)
                if waiting.count == FileStore.part { try await flush() }
            }
        }

        /// - Returns: The file's reference.
        package func finish() async throws(ChannelError) -> String {
            if !waiting.isEmpty { try await flush() }
            let manifest = RawJSON { writer in
                writer.object { json in
                    json.field("size", size)
                    json.field("parts", parts)
                    json.field("type", mediaType)
                }
            }
            try await put(files.manifestKey(reference), Array(manifest.bytes))
            return reference
        }

        private func flush() async throws(ChannelError) {
            try await put(files.partKey(reference, parts), waiting)
            parts += 1
            waiting.removeAll(keepingCapacity: true)
        }

        private func put(_ key: StoreKey, _ octets: [UInt8]) async throws(ChannelError) {
            if case .unavailable(let failure) = await files.store.put(key, octets, life: files.life, by: deadline) { throw FileStore.error(failure) }
        }

        private var tooLarge: ChannelError { ChannelError(.tooLarge, reason: "more than \(files.limit) octets", mayHaveArrived: false) }
    }
}
