import Conversation
import Secrets

/// Which Matrix accounts are ours: the sender, and everything that begins with the prefix.
struct Accounts: Sendable {
    let server: String
    let prefix: String
    let sender: String

    init(_ settings: MatrixChannelSettings) {
        server = settings.serverName
        prefix = settings.prefix
        sender = "@\(settings.senderLocalpart):\(settings.serverName)"
    }

    func isOurs(_ user: String) -> Bool {
        user == sender || (user.hasPrefix("@" + prefix) && user.hasSuffix(":" + server))
    }

    /// The account from which an agent of this name writes: the same for the same name, and telling nothing of it.
    func agent(_ name: String) -> String { "@\(prefix)agent-\(Digest.hex(Digest.sha256(Array(name.utf8)).prefix(8))):\(server)" }

    /// The alias under which the room with these people is found again, whoever asks and however often.
    func aliasName(for recipients: [Person]) -> String {
        let people = recipients.map(\.id.text).sorted().joined(separator: "\n")
        return prefix + Digest.hex(Digest.sha256(Array(people.utf8)).prefix(16))
    }

    static func localpart(of user: String) -> String { String(user.dropFirst().prefix { $0 != ":" }) }

    /// Of what a homeserver lets an application service make accounts (specification, Appendices §4.2.1).
    static func isLocalpart(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { octet in
            (0x61...0x7A).contains(octet) || (0x30...0x39).contains(octet) || "._=-/+".utf8.contains(octet)
        }
    }

    /// Whether it looks like `@name:server`: what a person may be asked for.
    static func isUser(_ text: String) -> Bool {
        guard text.hasPrefix("@"), text.utf8.count <= 255, let colon = text.firstIndex(of: ":") else { return false }
        let server = text[text.index(after: colon)...]
        return colon != text.index(after: text.startIndex) && !server.isEmpty
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !server.contains("/") && !server.contains("@")
    }
}
