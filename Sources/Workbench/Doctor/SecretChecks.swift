import Secrets
import Settings

extension Doctor {
    static var secretChecks: [Check] { [
        Check("secrets.strength", "secrets that could be guessed", look: secretStrength),
        Check("secrets.files", "secret files that others can read", look: secretFiles),
        Check("secrets.reuse", "one secret for two purposes", look: secretReuse),
    ] }

    private static func secretStrength(_ examination: Examination) -> [Finding] {
        guard let secrets = examination.outline?.secrets, !secrets.isEmpty else { return [] }
        var weak: [Finding] = []
        for secret in secrets {
            guard let octets = secret.value?.reveal() else { continue }
            // What the settings refuse was told already.
            if octets.count < 16 && !secret.allowsShort || examination.problems.contains(where: { $0.message.contains("(\(secret.origin))") }) { continue }
            if let words = Weakness.words(octets) {
                weak.append(.bad(
                    "(\(secret.origin)) \(words)", at: secret.place, fix: "make a random one, openssl rand -hex 32, and enter it on the other side too"))
            } else if octets.count < 16 {
                weak.append(.warn(
                    "(\(secret.origin)) is shorter than 16 characters, and \"allowShort\" lets it pass", at: secret.place,
                    fix: "ask the other side for a longer one and remove \"allowShort\""))
            } else if isOurs(secret.place), octets.count < 32 {
                weak.append(.warn(
                    "(\(secret.origin)) is a key of our own and shorter than 32 characters", at: secret.place,
                    fix: "put a new one before it in the list: openssl rand -hex 32; remove the old one when nothing of it is in use"))
            }
        }
        return weak.isEmpty ? [.good("\(secrets.count) secrets, none that could be guessed")] : weak
    }

    /// Keys that nobody else needs to know, so that nothing keeps them from being long.
    private static func isOurs(_ place: String) -> Bool { ["sessionKeys[", "tokenKeys[", "keys["].contains { place.contains($0) } }

    private static func secretFiles(_ examination: Examination) -> [Finding] {
        guard let outline = examination.outline else { return [] }
        var files = outline.secrets.compactMap { secret in secret.file.map { (secret.place, $0) } }
        files += outline.ownCertificates.map { ($0.place + ".keyFile", $0.keyFile) }
        guard !files.isEmpty else { return [] }
        let open: [Finding] = files.compactMap { place, path in
            guard let mode = FileMode(path) else { return nil }
            if mode.readers == .everybody || mode.writers == .everybody {
                return .bad("everybody on this machine can read or change \(path)", at: place, fix: "chmod 600 \(path), then make the secret new")
            }
            return mode.writers == .group ? .warn("the group can change \(path)", at: place, fix: "chmod g-w \(path)") : nil
        }
        return open.isEmpty ? [.good("\(files.count) files, closed to others")] : open
    }

    private static func secretReuse(_ examination: Examination) -> [Finding] {
        guard let secrets = examination.outline?.secrets, secrets.count > 1 else { return [] }
        var places: [[UInt8]: [String]] = [:]
        var order: [[UInt8]] = []
        for secret in secrets {
            guard let octets = secret.value?.reveal() else { continue }
            let digest = Digest.sha256(octets)
            if places[digest] == nil { order.append(digest) }
            places[digest, default: []].append(secret.place)
        }
        let shared = order.compactMap { places[$0] }.filter { places in Set(places.map(purpose)).count > 1 }
        guard !shared.isEmpty else { return [.good("every purpose has a secret of its own")] }
        return shared.map { places in
            .warn(
                "the same secret stands at \(places.dropFirst().joined(separator: ", "))", at: places.first ?? "",
                fix: "give each purpose its own: who learns one must not learn the other")
        }
    }

    /// Agents may share their caller's credential, which is CXone's; everything else is a purpose by its place.
    private static func purpose(_ place: String) -> String {
        place.hasPrefix("agents.") && place.contains(".caller.") ? "caller" : place.prefix { $0 != "[" }.description
    }
}

/// Why a secret could be guessed.
enum Weakness {
    /// `nil` when nothing speaks against it.
    static func words(_ octets: [UInt8]) -> String? {
        // A scheme before it is not secret.
        let text = String(decoding: octets, as: UTF8.self)
        let core = ["Bearer ", "Basic ", "whsec_"].first { text.hasPrefix($0) }.map { Array(octets.dropFirst($0.utf8.count)) } ?? octets
        if Set(core).count < 6 { return "has fewer than six different characters" }
        for period in 1..<max(2, core.count / 2) where core.count >= period * 3 && isPeriodic(core, period) { return "repeats the same few characters" }
        let steps = zip(core, core.dropFirst()).filter { abs(Int($0) - Int($1)) <= 1 }.count
        if steps * 4 >= core.count * 3 { return "is a row of neighbouring characters" }
        let lower = text.lowercased()
        if let word = ["password", "passw0rd", "changeme", "change-me", "secret", "qwerty", "letmein", "example", "your-", "your_"]
            .first(where: lower.contains),
            core.count < word.utf8.count + 14
        { return "is a common word with little behind it" }
        return nil
    }

    private static func isPeriodic(_ octets: [UInt8], _ period: Int) -> Bool {
        zip(octets, octets.dropFirst(period)).allSatisfy { $0 == $1 }
    }
}
