import Glibc
import Health
import JSON
import Secrets
import TestSupport
import Testing
import Workbench

/// Noon of a day in 2027: the clock of these tests.
let noon: Int64 = 1_800_014_400

/// What openssl(1) prints, or `nil` when it refuses.
func openssl(_ arguments: String..., input: String = "", environment: [String: String] = [:]) async throws -> String? {
    let finished = try await execute(
        find("openssl") ?? "openssl", arguments, input: input, environment: ["PATH": "/usr/bin"].merging(environment) { $1 })
    return finished.succeeded ? finished.output + finished.errors : nil
}

/// Authority, server and client as `causeway certs make` makes them.
func madeFolder(
    in path: String, hosts: [String] = ["localhost", "127.0.0.1"], algorithm: CertificateMaker.Algorithm = .ecdsa, clientPassword: String? = nil,
    days: Int = 200, now: Int64 = SystemSeconds.now
) throws -> CertificateFolder {
    let folder = CertificateFolder(path)
    for kind in CertificateMaker.Kind.allCases {
        var wish = CertificateMaker.Wish(kind, name: kind == .client ? "CXone" : "Acme \(kind.rawValue)")
        (wish.algorithm, wish.days) = (algorithm, kind == .authority ? 3650 : days)
        if kind == .server { wish.hosts = hosts }
        if kind == .client { wish.password = clientPassword.map { Secret($0) } }
        _ = try folder.add(wish, authorityPassword: nil, replaces: false, now: now)
    }
    return folder
}

enum SystemSeconds { static var now: Int64 { Int64(time(nil)) } }

private func mode(_ path: String) -> mode_t {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts.st_mode & 0o777 : 0
}

@Suite("Certificates", .ownThread)
struct CertificateTests {
    @Test("B22, B28, V85: openssl takes what is made: chain, purpose, key", arguments: CertificateMaker.Algorithm.allCases)
    func made(algorithm: CertificateMaker.Algorithm) async throws {
        let folder = try madeFolder(in: temporaryFolder() + "/certs", algorithm: algorithm, clientPassword: "open sesame, please")
        let authority = folder.file(.authority, ".crt")
        for (kind, purpose) in [(CertificateMaker.Kind.server, "sslserver"), (.client, "sslclient")] {
            let verdict = try await openssl("verify", "-x509_strict", "-CAfile", authority, "-purpose", purpose, folder.file(kind, ".crt"))
            #expect(verdict?.contains("OK") == true, "\(kind) as \(purpose)")
            let other = purpose == "sslserver" ? "sslclient" : "sslserver"
            #expect(try await openssl("verify", "-CAfile", authority, "-purpose", other, folder.file(kind, ".crt")) == nil, "\(kind) as \(other)")
        }
        let text = try #require(try await openssl("x509", "-noout", "-text", "-in", folder.file(.server, ".crt")))
        for part in ["DNS:localhost, IP Address:127.0.0.1", "CA:FALSE", "TLS Web Server Authentication", algorithm == .rsa ? "2048 bit" : "prime256v1"] {
            #expect(text.contains(part), "\(part)")
        }
        for file in Files.names(in: folder.path) { #expect(mode("\(folder.path)/\(file)") == 0o600, "\(file)") }
    }

    @Test("B26: the key's password works, another and none do not, and the older form is one that openssl knows")
    func passwords() async throws {
        let folder = try madeFolder(in: temporaryFolder() + "/certs", clientPassword: "open sesame, please")
        let key = folder.file(.client, ".key")
        let text = try #require(Files.read(key))
        #expect(text.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        #expect(try await openssl("pkey", "-noout", "-in", key, "-passin", "env:P", environment: ["P": "open sesame, please"]) != nil)
        #expect(try await openssl("pkey", "-noout", "-in", key, "-passin", "env:P", environment: ["P": "another one"]) == nil)
        func state(_ password: String?) -> PrivateKey.State { PrivateKey(pem: Array(text.utf8), password: password.map { Secret($0) }).state }
        #expect(state("open sesame, please") == .good && state("another one") == .wrongPassword && state(nil) == .needsPassword)

        var wish = CertificateMaker.Wish(.client, name: "CXone")
        (wish.password, wish.isOlderForm) = (Secret("open sesame, please"), true)
        let older = try CertificateMaker.make(wish, issuer: nil, now: noon).key.revealText()
        #expect(older.hasPrefix("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED"))
        #expect(PrivateKey(pem: Array(older.utf8), password: Secret("open sesame, please")).state == .good)
        #expect(PrivateKey(pem: Array(older.utf8), password: nil).state == .needsPassword)
        #expect(PrivateKey(pem: Array("nothing".utf8), password: nil).state == .absent)
    }

    @Test("nothing is overwritten silently; a wrong password of the authority makes nothing")
    func overwriting() throws {
        let folder = try madeFolder(in: temporaryFolder() + "/certs")
        let before = Files.read(folder.file(.client, ".key"))
        let wish = CertificateMaker.Wish(.client, name: "CXone")
        #expect(throws: SystemFailure.self) { try folder.add(wish, authorityPassword: nil, replaces: false, now: noon) }
        #expect(Files.read(folder.file(.client, ".key")) == before)
        #expect(try folder.add(wish, authorityPassword: nil, replaces: true, now: noon).count == 3)
        #expect(Files.read(folder.file(.client, ".key")) != before)

        var authority = CertificateMaker.Wish(.authority, name: "Locked")
        authority.password = Secret("open sesame, please")
        _ = try folder.add(authority, authorityPassword: nil, replaces: true, now: noon)
        #expect(throws: SystemFailure.self) { try folder.add(wish, authorityPassword: Secret("another one"), replaces: true, now: noon) }
        #expect(try folder.add(wish, authorityPassword: Secret("open sesame, please"), replaces: true, now: noon).count == 3)
        for host in ["a b", "x,DNS:evil.example", "a\nb", "", "a;b", "email:me"] {
            var server = CertificateMaker.Wish(.server, name: "x")
            server.hosts = [host]
            #expect(throws: SystemFailure.self, "\(host)") { try CertificateMaker.make(server, issuer: nil, now: noon) }
        }
    }

    @Test("B30: thresholds rise to an exit status, by a clock of our own", arguments: [
        (100, 0), (61, 0), (60, 10), (31, 10), (30, 11), (15, 11), (14, 12), (8, 12), (7, 13), (3, 13), (2, 14), (0, 14), (-1, 15),
    ])
    func thresholds(days: Int, status: Int) throws {
        let path = try temporaryFolder() + "/one.crt"
        var wish = CertificateMaker.Wish(.client, name: "CXone")
        wish.days = 400
        try Files.write(CertificateMaker.make(wish, issuer: nil, now: noon).certificate, to: path)
        let watched = CertificateWatch.file(path, place: "here", now: noon + Int64(400 - days) * 86_400)
        #expect(watched.map(\.days) == [days] && watched.map(\.level.rawValue) == [status])
        let json = try JSON(parsing: Array(CertificateWatch.json(watched).bytes))
        #expect(json["exitStatus"]?.integer == status && json["certificates"]?.elements.first { _ in true }?["daysLeft"]?.integer == days)
        #expect(CertificateWatch.metrics(watched).contains("causeway_certificate_days_left{setting=\"here\",source=\"\(path)\",subject=\"CN=CXone\"} \(days)\n"))
        #expect(CertificateDays.threshold(days) == [60: 10, 30: 11, 14: 12, 7: 13, 2: 14].first { $0.value == status }?.key ?? (days < 0 ? 2 : nil))
    }

    @Test("a file that cannot be read, holds nothing, or is damaged says so and has the highest status")
    func unreadable() throws {
        let folder = try temporaryFolder()
        try Files.write("no certificate\n", to: folder + "/empty.crt")
        try Files.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: folder + "/damaged.crt")
        for (file, words) in [("none.crt", "cannot be read"), ("empty.crt", "no certificate"), ("damaged.crt", "damaged")] {
            let watched = CertificateWatch.file("\(folder)/\(file)", place: "x", now: noon)
            #expect(watched.count == 1 && watched[0].level == .unknown && watched[0].problem?.contains(words) == true, "\(file)")
            #expect(CertificateWatch.metrics(watched).hasSuffix("NaN\n"))
        }
    }

    @Test("everything wrong with a chain is told, not only the first")
    func chains() throws {
        let folder = try madeFolder(in: temporaryFolder() + "/certs", hosts: ["*.acme-hotels.com"], days: 10, now: noon)
        let other = try madeFolder(in: temporaryFolder() + "/certs", now: noon)
        func bytes(_ folder: CertificateFolder, _ kind: CertificateMaker.Kind, _ ending: String = ".crt") throws -> [UInt8] {
            Array(try #require(Files.read(folder.file(kind, ending))).utf8)
        }
        func faults(_ name: String, trusting: CertificateFolder, at: Int64 = noon, isClient: Bool = false) throws -> [ChainFault]? {
            ChainFault.all(of: try bytes(folder, .server, "-chain.crt"), authorities: try bytes(trusting, .authority), name: name, isClient: isClient, at: at)
        }
        #expect(try faults("bot.acme-hotels.com", trusting: folder) == [])
        #expect(try faults("acme-hotels.org", trusting: folder) == [.otherName])
        #expect(try faults("bot.acme-hotels.com", trusting: folder, at: noon + 11 * 86_400) == [.ended])
        #expect(try faults("bot.acme-hotels.com", trusting: folder, at: noon - 86_400)?.contains(.notYetValid) == true)
        #expect(try faults("bot.acme-hotels.com", trusting: folder, isClient: true) == [.wrongPurpose])
        #expect(try faults("bot.acme-hotels.com", trusting: other)?.contains(.unknownAuthority) == true)
        let all = try #require(try faults("acme-hotels.org", trusting: other, at: noon + 11 * 86_400))
        #expect(all.contains(.otherName) && all.contains(.ended) && all.count >= 3)
        let alone = ChainFault.all(of: try bytes(folder, .server), authorities: try bytes(other, .authority), name: nil, at: noon)
        #expect(alone == [.incomplete])
        #expect(ChainFault.all(of: [], authorities: nil, name: nil, at: noon) == nil)
    }

    @Test("B20, B23–B27: the sheet names every file and both orders, and holds no key")
    func sheet() throws {
        let folder = try madeFolder(in: temporaryFolder() + "/certs", clientPassword: "open sesame, please", now: noon)
        let text = CertificateSheet.text(of: folder, url: "https://tunnel.example.org", now: noon)
        for part in ["client.crt", "client.key", "(encrypted)", "in 200 days", "Key password", "optionally", "**require**", "Renewal, without a gap"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!text.contains("PRIVATE KEY") && !text.contains("open sesame"))
        #expect(CertificateSheet.text(of: CertificateFolder("/none"), url: "https://x", now: noon).contains("causeway certs make client --out /none"))
    }

    @Test("dates of HTTP answers")
    func dates() {
        #expect(CertificateDate.seconds(http: "Fri, 15 Jan 2027 12:00:00 GMT") == noon)
        #expect(CertificateDate.text(noon) == "2027-01-15")
        for text in ["", "Fri, 15 Jan 2027 12:00:00", "Fri, 15 Foo 2027 12:00:00 GMT", "2027-01-15T12:00:00Z", "Fri, 15 Jan 2027 25:00:00 GMT"] {
            #expect(CertificateDate.seconds(http: text) == nil, "\(text)")
        }
    }

    @Test("addresses of remote ends: host, port, brackets", arguments: [
        ("https://a.example/x?y", "a.example:443"), ("http://A.example", "a.example:80"), ("https://a.example:8443/", "a.example:8443"),
        ("https://[::1]:9000/x", "::1:9000"), ("ftp://a.example", nil), ("https://a.example:0", nil), ("https://a.example:99999", nil), ("https://", nil),
    ] as [(String, String?)])
    func ends(url: String, name: String?) { #expect(RemoteEnd(place: "", url: url)?.name == name) }
}
