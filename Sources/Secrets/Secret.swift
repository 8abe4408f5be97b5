/// A value that must not be printed: header values, keys, tokens, passwords.
///
/// Every way of turning it into text gives `[redacted]`; there is no `==`. The octets come out through `reveal`, whose
/// callers are few and easy to find, and are compared by `matches` in constant time.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }
    package init(bytes: [UInt8]) { self.bytes = bytes }

    package var description: String { "[redacted]" }
    package var debugDescription: String { "[redacted]" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    package var byteCount: Int { bytes.count }

    /// The only door out. Give the octets to the wire or to a digest, never to a log, an error or a settings message.
    package func reveal() -> [UInt8] { bytes }
    package func revealText() -> String { String(decoding: bytes, as: UTF8.self) }

    /// Whether `candidate` holds the same octets. Both are digested first, so that time tells neither place nor length.
    package func matches(_ candidate: some Sequence<UInt8>) -> Bool {
        Digest.equal(Digest.sha256(bytes), Digest.sha256(Array(candidate)))
    }
}
