import HTTP
import HTTPTypes
import JSON
import Secrets

/// One operation as etcd's JSON gateway wants it: keys, values in base64, 64-bit numbers as texts.
struct EtcdRequest {
    let path: String
    let body: [UInt8]
    /// Whether sending it twice does no more than sending it once, or shows that it was.
    let isRepeatable: Bool
    let lease: EtcdLease?
    private let operation: StoreOperation
    /// What a writing operation stores: expiry and value.
    private let stored: [UInt8]

    init(_ operation: StoreOperation, on key: StoreKey, now: Int64) {
        self.operation = operation
        let key = Base64.encode(key.text.utf8)
        let alive = Base64.encode(Self.octets(of: now))
        switch operation {
        case .get:
            (path, isRepeatable, lease, stored) = ("/v3/kv/range", true, nil, [])
            body = Self.object { $0.plain("key", key) }
        case .put(let octets, let life):
            (path, isRepeatable) = ("/v3/kv/put", false)
            let (stored, lease) = Self.written(octets, life: life, now: now)
            (self.stored, self.lease) = (stored, lease)
            body = Self.object { Self.put(key, stored, lease, into: &$0) }
        case .claim(let octets, let life):
            (path, isRepeatable) = ("/v3/kv/txn", true)
            let (stored, lease) = Self.written(octets, life: life, now: now)
            (self.stored, self.lease) = (stored, lease)
            // "If someone holds it, tell me; else it is mine": an absent key compares as false too.
            body = Self.object {
                $0.field("compare", array: { Self.compareAlive(key, alive, into: &$0) })
                $0.field("success", array: { Self.range(key, into: &$0) })
                $0.field("failure", array: { $0.object { $0.field("request_put", object: { Self.put(key, stored, lease, into: &$0) }) } })
            }
        case .swap(let octets, let life, let version):
            (path, isRepeatable) = ("/v3/kv/txn", true)
            let (stored, lease) = Self.written(octets, life: life, now: now)
            (self.stored, self.lease) = (stored, lease)
            body = Self.object {
                $0.field("compare", array: {
                    Self.compareRevision(key, version, into: &$0)
                    Self.compareAlive(key, alive, into: &$0)
                })
                $0.field("success", array: { $0.object { $0.field("request_put", object: { Self.put(key, stored, lease, into: &$0) }) } })
                $0.field("failure", array: { Self.range(key, into: &$0) })
            }
        case .delete(nil):
            (path, isRepeatable, lease, stored) = ("/v3/kv/deleterange", false, nil, [])
            body = Self.object { $0.plain("key", key) }
        case .delete(let version?):
            (path, isRepeatable, lease, stored) = ("/v3/kv/txn", true, nil, [])
            body = Self.object {
                $0.field("compare", array: { Self.compareRevision(key, version, into: &$0) })
                $0.field("success", array: { $0.object { $0.field("request_delete_range", object: { $0.plain("key", key) }) } })
                $0.field("failure", array: { Self.range(key, into: &$0) })
            }
        }
    }

    // MARK: Answers

    /// etcd leaves out what is zero: no `succeeded` is false, no `kvs` is absent.
    func result(_ reply: EtcdReply, afterRepeat wasRepeated: Bool, now: Int64) -> StoreResult {
        guard let json = reply.json, let revision = json["header"]?["revision"]?.string else { return .unavailable(.misunderstood) }
        let succeeded = json["succeeded"]?.bool ?? false
        let present = EtcdEntry(json["kvs"] ?? json["responses"]?.elements.first { _ in true }?["response_range"]?["kvs"])
        switch operation {
        case .get:
            guard let present, present.expiry > now else { return .absent }
            return .value(StoredValue(octets: present.octets, version: present.version, rest: Int(present.expiry - now)))
        case .put(let octets, let life):
            return .value(StoredValue(octets: octets, version: StoreVersion(revision), rest: life))
        case .claim(let octets, let life), .swap(let octets, let life, _):
            let isClaim = if case .claim = operation { true } else { false }
            if succeeded != isClaim { return .value(StoredValue(octets: octets, version: StoreVersion(revision), rest: life)) }
            // The attempt whose answer was lost may have been the one that won.
            if wasRepeated, let present, present.stored == stored {
                return .value(StoredValue(octets: octets, version: present.version, rest: life))
            }
            return .conflict
        case .delete(nil): return .absent
        case .delete: return succeeded || (present?.expiry ?? 0) <= now ? .absent : .conflict
        }
    }

    // MARK: Parts

    private static func written(_ octets: [UInt8], life: Int, now: Int64) -> ([UInt8], EtcdLease) {
        let expiry = now + Int64(life)
        return (Self.octets(of: expiry) + octets, EtcdLease(expiry: expiry, life: life, now: now))
    }

    static func octets(of number: Int64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

    private static func object(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(write)
        return writer.bytes
    }

    private static func put(_ key: [UInt8], _ stored: [UInt8], _ lease: EtcdLease, into writer: inout JSONWriter) {
        writer.plain("key", key)
        writer.plain("value", Base64.encode(stored))
        writer.field("lease", "\(lease.id)")
    }

    private static func range(_ key: [UInt8], into writer: inout JSONWriter) {
        writer.object { $0.field("request_range", object: { $0.plain("key", key) }) }
    }

    private static func compareAlive(_ key: [UInt8], _ now: [UInt8], into writer: inout JSONWriter) {
        writer.object {
            $0.plain("key", key)
            $0.field("target", "VALUE")
            $0.field("result", "GREATER")
            $0.plain("value", now)
        }
    }

    private static func compareRevision(_ key: [UInt8], _ version: StoreVersion, into writer: inout JSONWriter) {
        writer.object {
            $0.plain("key", key)
            $0.field("target", "MOD")
            $0.field("result", "EQUAL")
            $0.field("mod_revision", version.text)
        }
    }
}

/// One stored value as etcd tells it.
struct EtcdEntry {
    let stored: [UInt8]
    let expiry: Int64
    let version: StoreVersion
    var octets: [UInt8] { Array(stored.dropFirst(8)) }

    init?(_ list: JSON?) {
        guard let entry = list?.elements.first(where: { _ in true }), let version = entry["mod_revision"]?.string,
            let text = entry["value"]?.string, let stored = Base64.decode(text.utf8), stored.count >= 8
        else { return nil }
        self.stored = stored
        self.version = StoreVersion(version)
        expiry = stored.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// A lease for all values that expire in one span of time. Its id follows from the span, so every process finds it without asking.
struct EtcdLease {
    let id: Int64
    let seconds: Int64
    /// Keeps values readable on machines whose clock is behind the one that made the lease.
    private static let slack: Int64 = 15 * 60

    init(expiry: Int64, life: Int, now: Int64) {
        // Spans grow with the life, so that few leases serve many values and nothing stays much longer than it lived.
        var span: Int64 = 60
        while span < Int64(life) / 8000 { span *= 2 }
        let index = expiry / 1000 / span
        let digest = Digest.sha256(Array("causeway lease \(span) \(index)".utf8))
        id = max(1, digest.prefix(8).reduce(0) { $0 << 8 | Int64($1) } & .max)
        seconds = max(1, (index + 1) * span + Self.slack - now / 1000)
    }
}

/// An answer of the gateway, an error's `code` included.
struct EtcdReply {
    let status: Int
    let json: JSON?

    init(_ response: Response) {
        status = response.status.code
        json = try? JSON(parsing: response.body)
    }

    var code: Int? { json?["code"]?.integer }
    var isLeaseMissing: Bool { status == 404 && code == 5 }

    var failure: StoreFailure {
        let message = json?["message"]?.string ?? ""
        switch status {
        case 401, 403: return .notAuthorized
        case 400 where message.contains("user name is empty"): return .notAuthorized
        case 400 where message.contains("too large"): return .tooLarge
        case 500...: return .notReached
        default: return .misunderstood
        }
    }
}

extension JSONWriter {
    mutating func plain(_ key: String, _ ascii: [UInt8]) {
        name(key)
        plainString(ascii)
    }
}
