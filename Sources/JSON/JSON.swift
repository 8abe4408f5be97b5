/// One value of a parsed JSON document: a cursor into the document's bytes.
///
/// Copying is cheap; every cursor keeps the whole document alive. Accessors answer `nil` when the value is of another
/// kind, so that tolerant reading (`body["executionInfo"]?["contactId"]?.integer`) needs no error handling, while strict
/// readers ask `position` for their messages. Unknown parts are passed on untouched through `raw`.
package struct JSON: Sendable {
    let document: JSONDocument
    let index: Int

    package enum Kind: UInt8, Sendable {
        case null, `false`, `true`, number, string, array, object
    }

    var node: JSONDocument.Node { document.nodes[index] }

    package var kind: Kind { node.kind }
    package var isNull: Bool { kind == .null }

    /// Truth value, or `nil` for any other kind. Strings such as `"true"` are not booleans.
    package var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The decoded text of a string, or `nil` for any other kind.
    package var string: String? {
        guard kind == .string else { return nil }
        return document.text(node)
    }

    /// The octets of a string exactly as they stand between the quotes, or `nil` when the value is no string or holds an escape.
    /// Base64 and other ASCII payloads are read through this without making a `String`.
    package var plainBytes: ArraySlice<UInt8>? {
        guard kind == .string, !node.isEscaped else { return nil }
        return document.bytes[(Int(node.start) + 1)..<(Int(node.end) - 1)]
    }

    /// The literal of a number as it stood on the wire (`"0.10"`, `"1e400"`), or `nil` for any other kind.
    package var numberLiteral: String? {
        guard kind == .number else { return nil }
        return String(decoding: raw, as: UTF8.self)
    }

    /// A number that is written as an integer and fits 64 bits, or `nil`.
    package var integer: Int? {
        guard kind == .number else { return nil }
        return JSON.integer(raw)
    }

    /// A number as the nearest `Double`, or `nil` for another kind or a magnitude beyond it.
    package var double: Double? {
        guard let literal = numberLiteral, let value = Double(literal), value.isFinite else { return nil }
        return value
    }

    /// The value's octets as received, without surrounding white space.
    package var raw: ArraySlice<UInt8> {
        let node = node
        return document.bytes[Int(node.start)..<Int(node.end)]
    }

    /// Line and column (both from 1, columns in octets) of the value's first octet.
    package var position: JSONPosition { document.position(of: Int(node.start)) }

    /// The member of that name, or `nil` when there is none or the value is no object.
    package subscript(name: String) -> JSON? {
        guard kind == .object else { return nil }
        var name = name
        return name.withUTF8 { wanted in
            for member in Members(of: self) where document.key(document.nodes[member.keyIndex], equals: wanted) {
                return member.value
            }
            return nil
        }
    }

    /// The members of an object in their order; empty for any other kind.
    package var members: Members { Members(of: self) }

    /// The elements of an array in their order; empty for any other kind.
    package var elements: Elements { Elements(of: self) }

    /// Number of elements or members; 0 for scalars.
    package var count: Int {
        switch kind {
        case .array: elements.reduce(0) { count, _ in count + 1 }
        case .object: members.reduce(0) { count, _ in count + 1 }
        default: 0
        }
    }

    static func integer(_ digits: ArraySlice<UInt8>) -> Int? {
        var rest = digits
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        guard !rest.isEmpty, rest.count <= 19 else { return nil }
        var value = 0
        for octet in rest {
            guard octet >= UInt8(ascii: "0"), octet <= UInt8(ascii: "9") else { return nil }
            let (scaled, overflowed) = value.multipliedReportingOverflow(by: 10)
            let digit = Int(octet &- UInt8(ascii: "0"))
            let (next, overflowedAgain) = isNegative
                ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
            guard !overflowed, !overflowedAgain else { return nil }
            value = next
        }
        return value
    }
}

extension JSON {
    package struct Member: Sendable {
        let document: JSONDocument
        let keyIndex: Int

        /// The decoded name.
        package var name: String { document.text(document.nodes[keyIndex]) }
        package var value: JSON { JSON(document: document, index: keyIndex + 1) }
        /// Position of the name's opening quote.
        package var position: JSONPosition { document.position(of: Int(document.nodes[keyIndex].start)) }
    }

    package struct Members: Sequence, IteratorProtocol, Sendable {
        let document: JSONDocument
        var next_: Int
        let end: Int

        init(of value: JSON) {
            document = value.document
            let node = value.node
            next_ = value.index + 1
            end = node.kind == .object ? Int(node.next) : next_
        }

        package mutating func next() -> Member? {
            guard next_ < end else { return nil }
            let member = Member(document: document, keyIndex: next_)
            next_ = Int(document.nodes[next_ + 1].next)
            return member
        }
    }

    package struct Elements: Sequence, IteratorProtocol, Sendable {
        let document: JSONDocument
        var next_: Int
        let end: Int

        init(of value: JSON) {
            document = value.document
            let node = value.node
            next_ = value.index + 1
            end = node.kind == .array ? Int(node.next) : next_
        }

        package mutating func next() -> JSON? {
            guard next_ < end else { return nil }
            let element = JSON(document: document, index: next_)
            next_ = Int(document.nodes[next_].next)
            return element
        }
    }
}

/// A place in a JSON text; both count from 1, columns in octets.
package struct JSONPosition: Sendable, Hashable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package var description: String { "line \(line), column \(column)" }
}

/// The bytes of a document and the tape of nodes that lie in them, in order of appearance.
final class JSONDocument: Sendable {
    struct Node: Sendable {
        var kind: JSON.Kind
        /// Whether a string holds at least one backslash escape.
        var isEscaped: Bool
        /// First octet of the value.
        var start: UInt32
        /// One past the last octet.
        var end: UInt32
        /// Index of the first node behind this value and all that it holds.
        var next: UInt32
    }

    let bytes: [UInt8]
    let nodes: [Node]

    init(bytes: [UInt8], nodes: [Node]) {
        self.bytes = bytes
        self.nodes = nodes
    }

    func text(_ node: Node) -> String {
        let content = bytes[(Int(node.start) + 1)..<(Int(node.end) - 1)]
        return String(decoding: node.isEscaped ? JSONText.unescaped(content)[...] : content, as: UTF8.self)
    }

    func key(_ node: Node, equals wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        let content = bytes[(Int(node.start) + 1)..<(Int(node.end) - 1)]
        return node.isEscaped ? JSONText.unescaped(content).elementsEqual(wanted)
            : content.count == wanted.count && content.elementsEqual(wanted)
    }

    func position(of offset: Int) -> JSONPosition { JSONText.position(of: offset, in: bytes) }
}
