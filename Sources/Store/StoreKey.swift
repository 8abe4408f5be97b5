import Secrets

/// Where a value lies: `tenant/purpose/sha256(id)`. No personal data and no secret can be read from it, and every character of it may
/// stand in a URL's path as it is.
package struct StoreKey: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// - Parameters:
    ///   - tenant: Whose data it is; values of two tenants never meet.
    ///   - purpose: What it is for, such as `token`; one purpose, one shape of value.
    ///   - id: Anything; only its digest is used.
    package init(tenant: String, purpose: String, id: [UInt8]) {
        text = [Self.escaped(tenant), Self.escaped(purpose), Digest.hex(Digest.sha256(id))].joined(separator: "/")
    }

    package init(tenant: String, purpose: String, id: String) { self.init(tenant: tenant, purpose: purpose, id: Array(id.utf8)) }

    private init(text: String) { self.text = text }

    /// The same tenant and id for another purpose, such as the lock that belongs to a token.
    package func companion(_ purpose: String) -> StoreKey {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return self }
        return StoreKey(text: "\(parts[0])/\(Self.escaped(purpose))/\(parts[2])")
    }

    package var description: String { text }

    /// Letters, digits, `-` and `_` stay; every other octet becomes `~` and two hex digits. Dots go too, because servers fold `.` and `..`.
    private static func escaped(_ name: String) -> String {
        var out: [UInt8] = []
        for octet in name.utf8 {
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): out.append(octet)
            default: out += Array(("~" + Digest.hex([octet])).utf8)
            }
        }
        return out.isEmpty ? "~" : String(decoding: out, as: UTF8.self)
    }
}
