/// A JSON value that is carried, not read: its octets stay exactly as they came (integers beyond 2^53, decimals, member order).
///
/// Always holds one valid JSON value, because it can only be made from a parsed or a written one.
package struct RawJSON: Sendable, Equatable {
    package let bytes: ArraySlice<UInt8>

    package static let null = RawJSON(trusted: Array("null".utf8)[...])
    package static let emptyObject = RawJSON(trusted: Array("{}".utf8)[...])

    /// The octets of a parsed value. Shares their storage.
    package init(_ value: JSON) { bytes = value.raw }

    /// Writes a value: `RawJSON { $0.object { $0.field("turn", 2) } }`.
    package init(reservingCapacity capacity: Int = 0, _ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reservingCapacity: capacity)
        write(&writer)
        bytes = writer.bytes[...]
    }

    /// A text that must be checked first.
    package init(parsing text: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        bytes = try JSON(parsing: text, limits: limits).raw
    }

    private init(trusted bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    package static func string(_ text: String) -> RawJSON { RawJSON { $0.value(text) } }

    /// The value for reading. The octets are valid JSON, so that only `limits` can refuse them.
    package func parsed(limits: JSONLimits = .standard) -> JSON? { try? JSON(parsing: Array(bytes), limits: limits) }

    package var isNull: Bool { bytes.elementsEqual(RawJSON.null.bytes) }
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}
