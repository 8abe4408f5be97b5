import JSON

/// What stands over a conversation's log: the one value that a waiting browser's request looks at again and again, and therefore small.
struct ChatHead: Equatable {
    /// Number that the next entry gets, as far as readers may see; entries count from 1.
    var next = 1
    /// Number of the first entry of each page.
    var pages = [1]
    /// Milliseconds since 1970 until which an agent is shown as typing.
    var typingUntil = 0
    var ended: Ending?
    /// Number of the last entry that a browser has fetched, and of the last that was on a screen.
    var delivered = 0
    var seen = 0
    var leaving: Leaving?
    /// When the last entry came or the conversation began, and when all pages last got their full life; milliseconds since 1970.
    var last = 0
    var renewed = 0

    /// Who ended the conversation.
    enum Ending: String {
        case contact, agent
    }

    /// A window was closed. Nothing is ended yet: it may have been a reload, or there may be another window.
    struct Leaving: Equatable {
        var tab: String
        var at: Int
    }

    init() {}

    init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let next = json["next"]?.integer, next > 0 else { return nil }
        self.next = next
        pages = json["pages"]?.elements.compactMap(\.integer) ?? []
        guard let first = pages.first, first == 1 else { return nil }
        typingUntil = json["typing"]?.integer ?? 0
        ended = json["ended"]?.string.flatMap(Ending.init)
        delivered = json["delivered"]?.integer ?? 0
        seen = json["seen"]?.integer ?? 0
        last = json["last"]?.integer ?? 0
        renewed = json["renewed"]?.integer ?? 0
        if let tab = json["leaving"]?["tab"]?.string, let at = json["leaving"]?["at"]?.integer { leaving = Leaving(tab: tab, at: at) }
    }

    var octets: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 160)
        writer.object { json in
            json.field("next", next)
            json.field("pages", array: { json in for page in pages { json.value(page) } })
            if typingUntil > 0 { json.field("typing", typingUntil) }
            json.field("ended", ended?.rawValue)
            if delivered > 0 { json.field("delivered", delivered) }
            if seen > 0 { json.field("seen", seen) }
            json.field("last", last)
            json.field("renewed", renewed)
            if let leaving {
                json.field("leaving", object: { json in
                    json.field("tab", leaving.tab)
                    json.field("at", leaving.at)
                })
            }
        }
        return writer.bytes
    }
}

/// Some consecutive entries of a log: one value of the store.
struct ChatPage {
    /// Number of the first entry.
    let first: Int
    /// The entries as browsers get them, each with the key under which it was written.
    private(set) var entries: [(key: String, entry: RawJSON)] = []
    private var size = 0

    /// Octets beyond which a page takes no more entries; far below what one value of the store may hold, since each append writes it anew.
    static let limit = 64 << 10

    init(first: Int) { self.first = first }

    init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let first = json["first"]?.integer, first > 0, let list = json["entries"] else { return nil }
        self.first = first
        for element in list.elements {
            guard let key = element["key"]?.string, let entry = element["entry"] else { return nil }
            add(RawJSON(entry), key: key)
        }
    }

    /// Number of the next entry.
    var next: Int { first + entries.count }
    var isFull: Bool { size >= Self.limit }

    func number(of key: String) -> Int? { entries.firstIndex { $0.key == key }.map { first + $0 } }

    func entry(_ number: Int) -> RawJSON? {
        let index = number - first
        return entries.indices.contains(index) ? entries[index].entry : nil
    }

    mutating func add(_ entry: RawJSON, key: String) {
        entries.append((key, entry))
        size += entry.bytes.count
    }

    var octets: [UInt8] {
        var writer = JSONWriter(reservingCapacity: size + 256)
        writer.object { json in
            json.field("first", first)
            json.field("entries", array: { json in
                for (key, entry) in entries {
                    json.object { json in
                        json.field("key", key)
                        json.field("entry", entry)
                    }
                }
            })
        }
        return writer.bytes
    }
}
