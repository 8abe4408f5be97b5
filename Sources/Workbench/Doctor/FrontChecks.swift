import Catalog
import ChannelCatalog
import HTTP
import HTTPTypes
import Secrets

extension Doctor {
    static var frontChecks: [Check] { [
        Check("front.url", "the public URL is one that CXone can reach", look: frontURL),
        Check("front.address", "its name leads to public addresses", need: .network, look: frontAddress),
        Check("front.versions", "TLS 1.2 and 1.3, nothing older", need: .network, look: frontVersions),
        Check("front.suites", "a suite of CXone's list is offered", need: .network, look: frontSuites),
        Check("front.chain", "certificate: chain, name, strength, days left", need: .network, look: frontChain),
        Check("front.mutual", "client certificates: asked for, and CXone's is taken", need: .network, look: frontMutual),
        Check("front.health", "the functions behind it answer, and say that they are ready", need: .network, look: frontHealth),
        Check("front.exchange", "a caller without credentials is refused", need: .network, look: frontExchange),
        Check("front.bodies", "it lets bodies through that turns may have", need: .network, look: frontBodies),
    ] }

    private static func frontURL(_ examination: Examination) -> [Finding] {
        guard let settings = examination.settings else { return [] }
        guard let url = settings.messaging.publicURL else {
            return [.warn("the settings do not say where the web server is reached, so it is not looked at", at: "publicURL",
                fix: "add \"publicURL\": \"https://…\"")]
        }
        guard let front = RemoteEnd(place: "publicURL", url: url) else {
            return [.bad("\(url) is no URL", at: "publicURL", fix: "enter scheme and host: https://tunnel.example.org")]
        }
        let publicName = "enter a name that the Internet resolves; CXone calls from outside"
        if front.isLoopback {
            return [.warn("\(url) is this machine only: for the desk", at: "publicURL", fix: publicName)]
        }
        guard front.isTLS else { return [.bad("\(url) is not encrypted", at: "publicURL", fix: "serve https and enter https://\(front.host)")] }
        if let octets = Addresses.octets(front.host) {
            return PublicAddress.isPublic(octets)
                ? [.warn("\(front.host) is an address, and few certificates are for addresses", at: "publicURL", fix: publicName)]
                : [.bad("\(front.host) is a private address", at: "publicURL", fix: publicName)]
        }
        let ending = front.host.split(separator: ".").last.map(String.init) ?? ""
        if ["example", "invalid", "test", "localhost"].contains(ending) || front.host.hasPrefix("your-") {
            return [.bad("\(front.host) is a sample", at: "publicURL", fix: publicName)]
        }
        if !front.host.contains(".") || ["local", "internal", "lan", "corp", "home", "intranet", "private"].contains(ending) {
            return [.bad("\(front.host) is a name inside a network", at: "publicURL", fix: publicName)]
        }
        return [.good("\(url) is a public name", at: "publicURL")]
    }

    private static func frontAddress(_ examination: Examination) -> [Finding] {
        guard let front = examination.front, !front.isAddress, !front.isLoopback else { return [] }
        let addresses = examination.tools.resolve(front.host)
        guard !addresses.isEmpty else {
            return [.bad("\(front.host) leads nowhere", at: "publicURL", fix: "make an A or AAAA record for it, or correct \"publicURL\"")]
        }
        let inside = addresses.filter { !PublicAddress.isPublic($0) }.map(Addresses.text)
        guard inside.isEmpty else {
            return [.bad(
                "\(front.host) leads to \(inside.joined(separator: ", ")), which is not public", at: "publicURL",
                fix: "let its public record name the web server's public address; if only this machine's resolver says so, ask from outside")]
        }
        return [.good("\(front.host) leads to \(addresses.map(Addresses.text).joined(separator: ", "))", at: "publicURL")]
    }

    private static func frontVersions(_ examination: Examination) -> [Finding] {
        guard let newest = examination.shakeFront() else { return [] }
        let name = examination.front?.name ?? ""
        switch newest.stage {
        case .connected where newest.speaksTLS: break
        case .notConnected:
            return [.bad("no connection (\(newest.reason))", at: name,
                fix: "start the web server, and open port \(examination.front?.port ?? 443) in every firewall before it")]
        case .connected: return [.bad("no TLS (\(newest.reason))", at: name, fix: "let the web server speak TLS on this port, with certificate and key")]
        case .done: break
        }
        var found: [Finding] = []
        if let old = examination.shakeFront({ $0.highest = .tls11 }), old.speaksTLS {
            found.append(.bad("\(old.version) is accepted", at: name, fix: "nginx: ssl_protocols TLSv1.2 TLSv1.3; `causeway configure` writes it"))
        }
        if examination.shakeFront({ $0.lowest = .tls12; $0.highest = .tls12 })?.speaksTLS != true {
            found.append(.bad("TLS 1.2 is refused, and CXone's list names its suites", at: name, fix: "nginx: ssl_protocols TLSv1.2 TLSv1.3"))
        }
        if newest.version != "TLSv1.3" {
            found.append(.warn("TLS 1.3 is not offered", at: name, fix: "nginx: ssl_protocols TLSv1.2 TLSv1.3; nginx 1.22 leaves 1.3 out unless told"))
        }
        return found.isEmpty ? [.good("TLS 1.2 and 1.3, nothing older", at: name)] : found
    }

    /// For calls to customers, as CXone's network page lists them (`security.md` §2).
    private static let listedSuites = ["DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384"]

    private static func frontSuites(_ examination: Examination) -> [Finding] {
        guard examination.shakeFront()?.speaksTLS == true else { return [] }
        let name = examination.front?.name ?? ""
        let suites = listedSuites.joined(separator: ":") + ":@SECLEVEL=0"
        if let seen = examination.shakeFront({ $0.highest = .tls12; $0.suites = suites }), seen.speaksTLS {
            return [.good("\(seen.suite) is on CXone's list", at: name)]
        }
        return [.warn(
            "none of the suites that CXone lists is offered with TLS 1.2", at: name,
            fix: "serve an ECDSA certificate (causeway certs make server), or add DHE-RSA-AES128-GCM-SHA256 with DH parameters for an RSA one")]
    }

    private static func frontChain(_ examination: Examination) -> [Finding] {
        guard let front = examination.front, let seen = examination.shakeFront(), seen.speaksTLS else { return [] }
        return judge(seen, of: front, authorities: examination.frontAuthorities, examination)
    }

    /// What a remote end's certificates are worth.
    static func judge(_ seen: Handshake, of end: RemoteEnd, authorities: [UInt8]?, _ examination: Examination) -> [Finding] {
        // A file of authorities that holds none was told already.
        if let authorities, CertificateFacts.all(in: authorities)?.isEmpty ?? true { return [] }
        guard let certificates = CertificateFacts.all(in: seen.chain), let leaf = certificates.first,
            let faults = ChainFault.all(of: seen.chain, authorities: authorities, name: end.host, at: examination.now)
        else { return [.bad("it shows no certificate that can be read", at: end.name, fix: "install certificate and key there")] }
        var found = faults.map { fault in Finding.bad(words(fault, leaf), at: end.name, fix: remedy(fault, end, leaf, isOurs: end.place == "publicURL")) }
        if let weak = weakness(of: leaf) { found.append(.bad(weak, at: end.name, fix: "install a new one: ECDSA on P-256, or RSA with 2048 bits and SHA-256")) }
        guard !faults.contains(.ended) else { return found }
        let ages = certificates.filter { !$0.isSelfIssued || certificates.count == 1 }.map { $0.daysLeft(now: examination.now) }
        return found + [age(ages.min() ?? 0, of: "the certificate", at: end.name)]
    }

    private static func words(_ fault: ChainFault, _ leaf: CertificateFacts) -> String {
        fault == .otherName ? "the certificate is for \(leaf.names.isEmpty ? leaf.subject : leaf.names.joined(separator: ", "))"
            : "the certificate: \(fault.words)"
    }

    private static func remedy(_ fault: ChainFault, _ end: RemoteEnd, _ leaf: CertificateFacts, isOurs: Bool) -> String {
        let trust = isOurs
            ? "install one of a public authority; or give its authority to CXone's form and to this command (--authority FILE)"
            : "name its authority's PEM file as \"authorityFile\" at \(end.place)"
        return switch fault {
        case .otherName: isOurs ? "get a certificate for \(end.host), or enter the certificate's name as \"publicURL\""
            : "call it by the name that its certificate has"
        case .ended: isOurs ? "renew it and reload the web server" : "its operator must renew it"
        case .notYetValid: "set the clock right, on this machine or where the certificate was made"
        case .selfSigned, .unknownAuthority: trust
        case .incomplete: isOurs ? "let the web server send the intermediate certificates too (nginx: the chain in ssl_certificate); "
            + trust
            : "its operator must send the whole chain, or " + trust
        case .wrongPurpose: "get one with the purpose serverAuth"
        case .weak, .other: "get a new one"
        }
    }

    private static func frontMutual(_ examination: Examination) -> [Finding] {
        guard let bare = examination.shakeFront(), bare.stage != .notConnected, let front = examination.front else { return [] }
        let client = examination.options.front
        guard let certificate = client.certificateFile.flatMap(Files.read), let key = client.keyFile.flatMap(Files.read) else {
            guard bare.asksCertificate else { return [] }
            return bare.alert == nil && bare.stage == .done ? [.good("client certificates are asked for", at: front.name)]
                : [.good("client certificates are required", at: front.name)]
        }
        guard bare.asksCertificate else {
            return [.bad("client certificates are not asked for: not ready for mTLS", at: front.name,
                fix: "`causeway configure nginx --client-authority FILE` writes it; reload the web server")]
        }
        let seen = examination.shakeFront {
            ($0.certificate, $0.key, $0.password) = (certificate, Secret(key), client.keyPassword)
        }
        guard let seen, seen.stage == .done, seen.alert == nil else {
            let why = seen?.reason.isEmpty == false ? seen?.reason ?? "" : "alert \(seen?.alert ?? 0)"
            return [.bad("CXone's certificate is refused (\(why)): not ready for mTLS", at: front.name,
                fix: "let the web server trust the authority that issued it, and give the key's password as CAUSEWAY_KEY_PASSWORD")]
        }
        guard let leaf = CertificateFacts.all(in: Array(certificate.utf8))?.first else { return [] }
        let days = age(leaf.daysLeft(now: examination.now), of: "CXone's certificate", at: front.name)
        return [.good("ready for mTLS: CXone's certificate is taken", at: front.name), days]
    }

    private static func frontHealth(_ examination: Examination) async -> [Finding] {
        guard let front = examination.front else { return [] }
        let url = root(of: front) + "/health"
        switch await examination.call(.get, url) {
        case .success(let response):
            let skew = clockSkew(response, of: front.name, examination)
            switch response.status.code {
            case 200: return [.good("\(url) is ready", at: front.name)] + skew
            case 503:
                return [.bad("\(url) says that it is not ready", at: front.name, fix: "ask on the machine itself, where it tells why: curl \(url)")] + skew
            default: return [unexpected(response.status.code, at: url, front)] + skew
            }
        case .failure(let error):
            return [.bad("\(url) gives no answer (\(error))", at: front.name,
                fix: front.isTLS ? "see the verdicts on its TLS above, then the web server's log" : "start the web server, and see its log")]
        }
    }

    private static func unexpected(_ status: Int, at url: String, _ front: RemoteEnd) -> Finding {
        let fix = switch status {
        case 400: "if the web server requires client certificates, bring one: --client-certificate, --client-key; else see its log"
        case 403: "let the web server pass HTTPS and REQUEST_SCHEME to the functions; `causeway configure` writes it"
        case 404: "give the path a location: `causeway configure` writes one for each function"
        case 413: "raise client_max_body_size: 9m for /exchange, 2m elsewhere"
        case 502, 504: "start the function, and let the web server's account reach its socket"
        case 301, 302, 307, 308: "serve the URL itself; CXone is not known to follow redirects"
        default: "see the web server's and the function's log"
        }
        return .bad("\(url) answers \(status)", at: front.name, fix: fix)
    }

    private static func frontExchange(_ examination: Examination) async -> [Finding] {
        guard let front = examination.front, examination.settings?.turns.agents.isEmpty == false else { return [] }
        let url = root(of: front) + "/exchange"
        let turn = Array(#"{"virtualAgentId":"doctor","botSessionState":null,"userInput":"WELCOME","userInputType":5}"#.utf8)
        guard case .success(let response) = await examination.call(.post, url, body: turn) else { return [] }
        if response.status == .unauthorized { return [.good("a caller without credentials is refused", at: url)] }
        guard response.status.kind == .successful else { return [unexpected(response.status.code, at: url, front)] }
        return [.bad("\(url) serves whoever calls", at: front.name,
            fix: "something else answers there, or adds the header itself: see the web server's configuration")]
    }

    private static func frontBodies(_ examination: Examination) async -> [Finding] {
        guard let front = examination.front, examination.settings?.turns.agents.isEmpty == false else { return [] }
        let url = root(of: front) + "/exchange"
        // What a turn with sound may have; refused for want of credentials, which is as far as it needs to get.
        let sound = [UInt8](repeating: UInt8(ascii: " "), count: 8 << 20)
        guard case .success(let response) = await examination.call(.post, url, body: sound, milliseconds: 30_000) else { return [] }
        guard response.status == .contentTooLarge else { return [.good("bodies of 8 MiB come through", at: url)] }
        return [.bad("bodies of 8 MiB are refused: calls with sound will fail", at: url,
            fix: "nginx: client_max_body_size 9m for /exchange; Apache: LimitRequestBody 9437184; Lambda and API Gateway take 6 and 10 MB at most")]
    }

    static func root(of end: RemoteEnd) -> String { end.url.hasSuffix("/") ? String(end.url.dropLast()) : end.url }
}
