import JSON

/// A homeserver's `PUT …/transactions/{id}`, event by event.
///
/// Each event is read for itself, because a stranger wrote it: one that holds more than a message needs must not keep the homeserver from
/// delivering all others, as it would if the whole transaction were refused, again and again.
struct Transaction {
    private(set) var events: [JSON] = []
    private(set) var ephemeral: [JSON] = []
    /// Events that were not read.
    private(set) var unreadable = 0

    /// - Returns: `nil` when the body is no JSON object with a list of events.
    init?(_ body: [UInt8]) {
        guard let lists = Self.lists(of: body), let events = lists.first(where: { $0.name == "events" }) else { return nil }
        for element in events.elements {
            if let event = Self.event(body[element]) { self.events.append(event) } else { unreadable += 1 }
        }
        for element in lists.first(where: { $0.name == "ephemeral" })?.elements ?? [] {
            if let event = Self.event(body[element]) { ephemeral.append(event) }
        }
    }

    /// An event has 64 KiB (specification, Client-Server API §11.1), so that its values are bounded too; Synapse nests 128 deep.
    private static func event(_ octets: ArraySlice<UInt8>) -> JSON? {
        try? JSON(parsing: Array(octets), limits: JSONLimits(depth: 160, values: 70_000))
    }

    private typealias List = (name: String, elements: [Range<Int>])

    /// The arrays of objects that are members of the outermost object, by counting brackets outside strings.
    private static func lists(of body: [UInt8]) -> [List]? {
        var lists: [List] = []
        var depth = 0
        var start: Int?
        var key = body.startIndex..<body.startIndex
        var isList = false
        var index = body.startIndex
        while index < body.endIndex {
            switch body[index] {
            case UInt8(ascii: "\""):
                guard let end = endOfString(in: body, from: index + 1) else { return nil }
                if depth == 1 { key = (index + 1)..<end }
                index = end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if depth == 0, body[index] == UInt8(ascii: "[") { return nil }
                if depth == 1 {
                    isList = body[index] == UInt8(ascii: "[")
                    if isList { lists.append((String(decoding: body[key], as: UTF8.self), [])) }
                }
                if depth == 2, isList { start = index }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                guard depth >= 0 else { return nil }
                if depth == 2, isList, let from = start, let last = lists.indices.last {
                    lists[last].elements.append(from..<(index + 1))
                    start = nil
                }
            default: break
            }
            index += 1
        }
        return depth == 0 && !body.isEmpty ? lists : nil
    }

    /// Where the closing quote stands.
    private static func endOfString(in body: [UInt8], from start: Int) -> Int? {
        var index = start
        while index < body.endIndex {
            switch body[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index
            default: index += 1
            }
        }
        return nil
    }
}
