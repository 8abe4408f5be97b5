import HTTP
import HTTPTypes
import JSON
import Secrets
import Store
import Time

/// Keeps what CXone asked for at paths that nobody has documented (`byoc.md` §3.6), so that they can be mapped once seen on a tenant: the shape
/// of path and body, never a value.
struct UnknownCallbacks: Sendable {
    private let store: (any KeyValueStore)?
    private let time: any TimeSource

    /// Different shapes that are kept for each client; the one seen longest ago goes.
    static let most = 50
    private static let life = 90 * 86_400_000
    private static let mostNames = 40

    init(store: (any KeyValueStore)?, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    struct Shape: Equatable {
        let method: String
        /// `/1.0/posts/{}/removal`
        let path: String
        /// Names of the body's members, two levels deep: `message.id`.
        let fields: [String]

        init(_ request: Request, _ path: CallbackPath) {
            method = String(request.method.rawValue.prefix(16))
            self.path = Self.pattern(path.segments)
            fields = Self.fields(request.body)
        }

        /// Words of paths stay, whatever looks like or stands where an id does goes.
        static func pattern(_ segments: [Substring]) -> String {
            var text = ""
            var previous: Substring = ""
            for segment in segments.prefix(16) {
                text += "/" + (isWord(segment) && !collections.contains(String(previous)) ? segment : "{}")
                previous = segment
            }
            return text.isEmpty ? "/" : text
        }

        private static let collections: Set<String> = [
            "channel", "channels", "thread", "threads", "post", "posts", "message", "messages", "contact", "contacts", "case", "cases", "customer",
            "customers", "user", "users", "recipient", "brand", "tenant", "comment", "comments",
        ]

        /// Lower-case letters and hyphens, or a version.
        private static func isWord(_ segment: Substring) -> Bool {
            guard (1...32).contains(segment.utf8.count) else { return false }
            if segment.utf8.allSatisfy({ ($0 >= 0x61 && $0 <= 0x7A) || $0 == UInt8(ascii: "-") }) { return true }
            return segment.utf8.count <= 4 && segment.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "v") }
        }

        private static func fields(_ body: [UInt8]) -> [String] {
            guard let json = try? JSON(parsing: body), json.kind == .object else { return [] }
            var names: [String] = []
            for member in json.members where names.count < UnknownCallbacks.mostNames {
                guard let name = plain(member.name) else { continue }
                names.append(name)
                for inner in member.value.members where names.count < UnknownCallbacks.mostNames {
                    if let inner = plain(inner.name) { names.append(name + "." + inner) }
                }
            }
            return names
        }

        /// A name that a programmer chose; what data was used as a name is left out.
        private static func plain(_ name: String) -> String? {
            let isPlain = (1...40).contains(name.utf8.count) && name.utf8.first.map { $0 > 0x39 } == true && name.utf8.allSatisfy {
                ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == UInt8(ascii: "_")
            }
            return isPlain ? name : nil
        }
    }

    /// Counts a callback of this shape, best effort.
    /// - Returns: How often it was seen, when the store could tell.
    func note(_ shape: Shape, octets: Int, client: String, by deadline: Instant) async -> Int? {
        guard let store else { return nil }
        let key = Self.key(client)
        for _ in 0..<4 {
            var entries: [Entry] = []
            var version: StoreVersion?
            switch await store.get(key, by: deadline) {
            case .value(let value): (entries, version) = (Entry.read(value.octets), value.version)
            case .absent, .conflict: break
            case .unavailable: return nil
            }
            let place = entries.firstIndex { $0.method == shape.method && $0.path == shape.path && $0.fields == shape.fields }
            var entry = place.map { entries.remove(at: $0) } ?? Entry(method: shape.method, path: shape.path, fields: shape.fields)
            entry.count += 1
            entry.octets = max(entry.octets, octets)
            entry.seen = Int(time.epochMilliseconds())
            entries.insert(entry, at: 0)
            let written = Entry.write(Array(entries.prefix(Self.most)))
            let result = if let version {
                await store.swap(key, written, life: Self.life, version: version, by: deadline)
            } else {
                await store.claim(key, written, life: Self.life, by: deadline)
            }
            switch result {
            case .value: return entry.count
            case .absent, .conflict: continue
            case .unavailable: return nil
            }
        }
        return nil
    }

    static func key(_ client: String) -> StoreKey { StoreKey(tenant: "byoc", purpose: "unknown-callbacks", id: client) }

    /// One shape as it is kept.
    struct Entry: Equatable {
        let method: String
        let path: String
        let fields: [String]
        var count = 0
        /// Of the largest body.
        var octets = 0
        /// Milliseconds since 1970.
        var seen = 0

        init(method: String, path: String, fields: [String]) {
            self.method = method
            self.path = path
            self.fields = fields
        }

        static func read(_ octets: [UInt8]) -> [Entry] {
            guard let json = try? JSON(parsing: octets) else { return [] }
            return json.elements.compactMap { json in
                guard let method = json["method"]?.string, let path = json["path"]?.string else { return nil }
                var entry = Entry(method: method, path: path, fields: json["fields"].map { $0.elements.compactMap(\.string) } ?? [])
                entry.count = json["count"]?.integer ?? 0
                entry.octets = json["octets"]?.integer ?? 0
                entry.seen = json["seen"]?.integer ?? 0
                return entry
            }
        }

        static func write(_ entries: [Entry]) -> [UInt8] {
            var writer = JSONWriter()
            writer.array { list in
                for entry in entries {
                    list.object { json in
                        json.field("method", entry.method)
                        json.field("path", entry.path)
                        json.field("fields", array: { names in for name in entry.fields { names.value(name) } })
                        json.field("count", entry.count)
                        json.field("octets", entry.octets)
                        json.field("seen", entry.seen)
                    }
                }
            }
            return writer.bytes
        }
    }
}
