import Glibc
import HTTP
import HTTPTypes
import Secrets
import Store
import TestSupport
import Testing
import Workbench

/// A set-up that is broken in one way, and what the doctor must say about it.
struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let check: String
    let verdict: Finding.Verdict
    /// Part of the remedy.
    let fix: String
    /// Other checks that may complain of the same fault.
    let also: [String]
    let breakIt: @Sendable (inout Setup) throws -> ChildProcess?

    var testDescription: String { name }

    init(
        _ name: String, _ check: String, _ verdict: Finding.Verdict = .bad, fix: String, also: [String] = [],
        _ breakIt: @escaping @Sendable (inout Setup) throws -> Void
    ) {
        (self.name, self.check, self.verdict, self.fix, self.also) = (name, check, verdict, fix, also)
        self.breakIt = {
            try breakIt(&$0)
            return nil
        }
    }

    /// With a server that runs as the front.
    init(
        server name: String, _ check: String, _ verdict: Finding.Verdict = .bad, fix: String, also: [String] = [],
        _ breakIt: @escaping @Sendable (inout Setup) throws -> ChildProcess
    ) {
        (self.name, self.check, self.verdict, self.fix, self.also, self.breakIt) = (name, check, verdict, fix, also + ["front.url"], breakIt)
    }
}

enum Cases {
    static let all = settings + secrets + certificates + front + servers + far

    static let settings: [Case] = [
        Case("the settings file can be changed by everybody", "settings.file", fix: "chmod go-w") {
            try $0.write($0.settings, to: "causeway.jsonc", mode: 0o666)
        },
        Case("its group can change it", "settings.file", .warning, fix: "chmod g-w") { try $0.write($0.settings, to: "causeway.jsonc", mode: 0o664) },
        Case("a key is misspelled", "settings.mistakes", fix: "correct the key") { $0.replace("\"sessionKeys\"", "\"sesionKeys\"") },
        Case("a secret's variable is not set", "settings.mistakes", fix: "set STORE_KEY for the functions") { $0.environment["STORE_KEY"] = nil },
        Case("a secret is out of a manual", "settings.mistakes", fix: "openssl rand -hex 32") { $0.environment["CACHE_SECRET"] = "0123456789abcdef" },
        Case("a secret is short", "settings.mistakes", fix: "openssl rand -hex 32") { $0.environment["CACHE_SECRET"] = "kX9w2" },
        Case("a secret's file is missing", "settings.mistakes", fix: "write the file") { $0.replace("signing.secret", "no-such.secret") },
        Case("the file is no JSON", "settings.mistakes", fix: "correct it") { $0.settings += "}" },
        Case("integration version 1.0.0", "settings.versions", .warning, fix: "Custom Headers") {
            $0.replace("\"scripted\": {}", "\"integrationVersion\": \"1.0.0\", \"scripted\": {}")
        },
        Case("integration version 2.0.0", "settings.versions", .warning, fix: "\"integrationVersion\": \"3.0.0\"") {
            $0.replace("\"scripted\": {}", "\"integrationVersion\": \"2.0.0\", \"scripted\": {}")
        },
        Case("unencrypted requests are served", "settings.plainHTTP", fix: "remove \"allowPlainHTTP\"") {
            $0.replace("\"exchange\": {", "\"exchange\": {\"allowPlainHTTP\": true, ")
        },
        Case("an agent needs a token and there is no store", "store.present", .warning, fix: "add \"store\"") {
            let store = $0.settings.split(separator: "\n").first { $0.contains("\"store\": {") } ?? ""
            $0.replace(String(store) + "\n", "")
        },
        Case("turns are recorded for ever", "privacy.trace", .warning, fix: "remove \"trace\"") {
            $0.replace("\"exchange\": {", "\"exchange\": {\"trace\": {\"file\": \"trace.jsonl\"}, ")
        },
        Case("everybody can read the record", "privacy.trace", fix: "chmod 600") {
            $0.replace("\"exchange\": {", "\"exchange\": {\"trace\": {\"file\": \"trace.jsonl\"}, ")
            try $0.write("", to: "trace.jsonl", mode: 0o644)
        },
    ]

    static let secrets: [Case] = [
        Case("a secret of one character", "secrets.strength", fix: "openssl rand") { $0.environment["CLIENT_SECRET"] = String(repeating: "a", count: 40) },
        Case("a secret that repeats", "secrets.strength", fix: "openssl rand") { $0.environment["CLIENT_SECRET"] = String(repeating: "kX9w2Qz7", count: 5) },
        Case("a row of the keyboard", "secrets.strength", fix: "openssl rand") { $0.environment["CLIENT_SECRET"] = "abcdefghijklmnopqrstuvwxyz012345" },
        Case("a common word", "secrets.strength", fix: "openssl rand") { $0.environment["ORDERS_AUTHORIZATION"] = "Bearer Password-2026!" },
        Case("a key of our own with 20 characters", "secrets.strength", .warning, fix: "before it in the list") {
            $0.environment["SESSION_KEY"] = "kX9w2Qz7Lm4Rt8Vb1Nc5"
        },
        Case("a short secret that is let pass", "secrets.strength", .warning, fix: "remove \"allowShort\"") {
            $0.replace(#"{"env": "CLIENT_SECRET"}"#, #"{"env": "CLIENT_SECRET", "allowShort": true}"#)
            $0.environment["CLIENT_SECRET"] = "kX9w2Qz7Lm"
        },
        Case("everybody can read a secret's file", "secrets.files", fix: "chmod 600") { try $0.write(Files.randomKey(), to: "signing.secret", mode: 0o644) },
        Case("everybody can read a key", "secrets.files", fix: "chmod 600") {
            try $0.write($0.read("certs/client.key"), to: "certs/client.key", mode: 0o644)
        },
        Case("one secret for two purposes", "secrets.reuse", .warning, fix: "give each purpose its own") {
            $0.environment["STORE_KEY"] = $0.environment["SESSION_KEY"]
        },
    ]

    static let certificates: [Case] = [
        Case("a certificate file is missing", "certificates.files", fix: "put a PEM file there", also: ["reach.hosts"]) {
            $0.replace("client-chain.crt", "no-such.crt")
        },
        Case("a certificate is damaged", "certificates.files", fix: "put a PEM file there") {
            try $0.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "certs/client-chain.crt")
        },
        Case("our certificate has ended", "certificates.files", fix: "renew it") { try Cases.client(&$0, days: 10, ago: 20) },
        Case("our certificate ends tomorrow", "certificates.files", fix: "renew it") { try Cases.client(&$0, days: 1) },
        Case("our certificate ends in twelve days", "certificates.files", .warning, fix: "renew it") { try Cases.client(&$0, days: 12) },
        Case("the key's password is another", "certificates.keys", fix: "correct the value that \"keyPassword\" names") {
            $0.environment["KEY_PASSWORD"] = Files.randomKey()
        },
        Case("the key is encrypted and no password named", "certificates.keys", fix: "add \"keyPassword\"") {
            $0.replace(#""keyPassword": {"env": "KEY_PASSWORD"},"#, "")
        },
        Case("the key belongs to another certificate", "certificates.keys", fix: "made together") {
            try $0.write($0.read("certs/server.key"), to: "certs/client.key")
            $0.replace(#""keyPassword": {"env": "KEY_PASSWORD"},"#, "")
        },
        Case("the key file is missing", "certificates.keys", fix: "correct \"keyFile\"") { $0.replace("client.key", "no-such.key") },
        Case("the certificate is named as key", "certificates.keys", fix: "name the key's file") { $0.replace("certs/client.key", "certs/client.crt") },
        Case("the key is cut off", "certificates.keys", fix: "copy it again") {
            try $0.write(String($0.read("certs/server.key").prefix(90)) + "\n-----END PRIVATE KEY-----\n", to: "certs/client.key")
        },
        Case("a password for a key that is not encrypted", "certificates.keys", .warning, fix: "openssl pkcs8") { try Cases.client(&$0, days: 200, isLocked: false) },
        Case("our certificate is a server's", "certificates.chains", fix: "clientAuth") {
            for file in ["server.key", "server-chain.crt"] {
                try $0.write($0.read("certs/" + file), to: "certs/" + file.replacing("server", with: "client"))
            }
            $0.replace(#""keyPassword": {"env": "KEY_PASSWORD"},"#, "")
        },
        Case("the chain is out of order", "certificates.chains", fix: "then its issuer") {
            let other = try madeFolder(in: $0.folder + "/others")
            try $0.write($0.read("certs/client.crt") + (Files.read(other.file(.server, ".crt")) ?? ""), to: "certs/client-chain.crt")
        },
        Case("our certificate comes without its issuer", "certificates.chains", .warning, fix: "append the intermediate") {
            $0.replace("client-chain.crt", "client.crt")
        },
        Case("a file of authorities holds none", "certificates.authorities", .warning, fix: "the authority that issued it") {
            $0.replace("\"authorityFile\": \"certs/authority.crt\"", "\"authorityFile\": \"certs/server.crt\"")
        },
    ]

    static let front: [Case] = [
        Case("no public URL", "front.url", .warning, fix: "add \"publicURL\"") { $0.replace(#""publicURL": "https://tunnel.acme-hotels.com","#, "") },
        Case("the public URL is not encrypted", "front.url", fix: "serve https") { $0.replace("https://tunnel", "http://tunnel") },
        Case("the public URL is a private address", "front.url", fix: "the Internet resolves", also: ["front.chain"]) {
            $0.replace("tunnel.acme-hotels.com", "10.1.2.3")
        },
        Case("the public URL is a sample", "front.url", fix: "the Internet resolves", also: ["front.chain"]) {
            $0.replace("tunnel.acme-hotels.com", "tunnel.example")
        },
        Case("the public URL is a name of the house", "front.url", fix: "the Internet resolves", also: ["front.chain"]) {
            $0.replace("tunnel.acme-hotels.com", "tunnel.corp")
        },
        Case("its name leads nowhere", "front.address", fix: "A or AAAA record") { $0.addresses["tunnel.acme-hotels.com"] = [] },
        Case("its name leads into a private network", "front.address", fix: "public record") { $0.addresses["tunnel.acme-hotels.com"] = [192, 168, 1, 7] },
        Case("nobody listens there", "front.versions", fix: "every firewall") {
            $0.handshake = { wish, seen in wish.name == "tunnel.acme-hotels.com" ? Handshake(stage: .notConnected) : seen }
        },
        Case("no TLS there", "front.versions", fix: "speak TLS") {
            $0.handshake = { wish, seen in wish.name == "tunnel.acme-hotels.com" ? Handshake(stage: .connected) : seen }
        },
        Case("TLS 1.0 is accepted", "front.versions", fix: "TLSv1.2 TLSv1.3") {
            $0.handshake = { wish, seen in
                guard wish.name == "tunnel.acme-hotels.com", wish.highest == .tls11 else { return seen }
                var old = Handshake(stage: .done)
                old.version = "TLSv1"
                return old
            }
        },
        Case("the functions are not ready", "front.health", fix: "curl https://tunnel.acme-hotels.com/health") {
            $0.answer = Setup.answering("/health", .serviceUnavailable)
        },
        Case("the function behind the front is down", "front.health", fix: "reach its socket") { $0.answer = Setup.answering("/health", .badGateway) },
        Case("the front does not know the path", "front.exchange", fix: "location") { $0.answer = Setup.answering("/exchange", .notFound) },
        Case("the front hides that it spoke TLS", "front.exchange", fix: "REQUEST_SCHEME") { $0.answer = Setup.answering("/exchange", .forbidden) },
        Case("whoever calls is served", "front.exchange", fix: "adds the header itself") { $0.answer = Setup.answering("/exchange", .ok) },
        Case("the front takes no large bodies", "front.bodies", fix: "client_max_body_size 9m") {
            $0.answer = { call in call.body.count > 1 << 20 ? .success(Response(status: .contentTooLarge)) : Setup.healthyAnswer(call) }
        },
        Case("the clock is wrong", "front.health", fix: "timedatectl") {
            $0.answer = { call in
                guard call.url.hasSuffix("/health") else { return Setup.healthyAnswer(call) }
                return .success(Response(status: .ok, fields: [.date: "Fri, 15 Jan 2021 12:00:00 GMT"]))
            }
        },
    ]

    /// A client's pair of that age.
    static func client(_ setup: inout Setup, days: Int, ago: Int = 0, isLocked: Bool = true) throws {
        var wish = CertificateMaker.Wish(.client, name: "CXone")
        wish.days = days
        wish.password = isLocked ? setup.environment["KEY_PASSWORD"].map { Secret($0) } : nil
        _ = try setup.certificates.add(wish, authorityPassword: nil, replaces: true, now: SystemSeconds.now - Int64(ago) * 86_400 + 600)
    }
}
