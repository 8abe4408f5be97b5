import Conversation
import JSON

/// How far one message of ours has come: of each part what the platform said, and what CXone was told of the whole.
struct ReceiptRecord: Equatable {
    typealias Status = Receipt.Status

    var parts: [Int: Status] = [:]
    var reported: Status?

    init() {}

    init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets) else { return nil }
        reported = json["reported"]?.integer.flatMap(Status.init)
        guard let parts = json["parts"] else { return }
        for part in parts.members {
            guard let number = Int(part.name), let status = part.value.integer.flatMap(Status.init) else { continue }
            self.parts[number] = status
        }
    }

    var octets: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("reported", reported?.rawValue)
            json.field("parts", object: { json in for (part, status) in parts { json.field(String(part), status.rawValue) } })
        }
        return writer.bytes
    }

    /// A part never goes back; what failed stays failed.
    mutating func note(_ status: Status, part: Int, coversEarlier: Bool) {
        for part in coversEarlier ? Array(0...max(0, part)) : [part] {
            if let known = parts[part], known >= status { continue }
            parts[part] = status
        }
    }

    /// The worst part's status, and only once every part has one: a message of three parts is delivered with its last.
    func overall(of count: Int) -> Status? {
        if parts.values.contains(.failed) { return .failed }
        var worst = Status.seen
        for part in 0..<max(1, min(count, 1000)) {
            guard let status = parts[part] else { return nil }
            worst = min(worst, status)
        }
        return worst
    }

    /// What CXone should be told now, if anything: never something lower than what it knows.
    func news(of count: Int) -> Status? {
        guard let status = overall(of: count) else { return nil }
        guard let reported else { return status }
        return status > reported ? status : nil
    }
}
