import Testing
import Workbench

/// Client certificates through the web servers' own programs and our configurations of them.
@Suite("Client certificates behind real web servers", .serialized)
struct MutualTLSTests {
    private static let hosts = Host.present.filter { host in
        switch host {
        case .port, .lambda: false
        // With client certificates Caddy wants the name in the handshake (SNI) to be the host's, and an address has none.
        case .caddyFastCGI: false
        case .lighttpdFastCGI, .lighttpdCGI: Files.exists("/usr/lib/lighttpd/mod_openssl.so")
        default: true
        }
    }

    private static let agent = """
        "secured": {"scripted": {}, "caller": {"certificate": {"authorityFiles": ["ca.crt"], "subjects": ["CN=cxone,O=Acme"]}}},
        "either": {"scripted": {}, "caller": {
          "headers": [{"name": "Authorization", "values": [{"file": "authorization.secret"}]}], "certificate": {"mode": "optional", "subjects": ["CN=cxone,O=Acme"]}}},
        """

    /// A server's certificate and two authorities, with clients of both.
    private func makeCertificates(in folder: String) async throws {
        let script = """
            set -e; cd \(folder)
            new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            $new -x509 -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.crt
            printf extendedKeyUsage=clientAuth > client.ext
            for ca in ca rogue; do $new -x509 -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.crt; done
            issue() { $new -subj "$3" -keyout $1.key -out $1.csr; openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -days 2 -extfile client.ext -out $1.crt; }
            issue good ca /O=Acme/CN=cxone; issue stranger ca /O=Acme/CN=somebody; issue forged rogue /O=Acme/CN=cxone
            chmod 644 *.key
            """
        let made = try await execute(try #require(find("sh")), ["-c", script], environment: ["PATH": "/usr/bin:/bin", "HOME": folder])
        try #require(made.succeeded, "\(made.errors)")
    }

    @Test("V84–V87: the pinned certificate is served; none, another's, and headers that pretend are not", arguments: hosts)
    func certificates(host: Host) async throws {
        var stage = try Stage(host.mode, agents: Self.agent, allowPlainHTTP: false)
        let folder = stage.folder
        try await makeCertificates(in: folder)
        stage.site.tls = Site.TLS(certificate: "\(folder)/server.crt", key: "\(folder)/server.key", clientAuthority: "\(folder)/ca.crt")
        stage.scheme = "https"
        stage.options = ["cacert = \"\(folder)/server.crt\""]
        let pem = try #require(Files.read("\(folder)/good.crt"))
        try await stage.with(host) { try await Self.check($0, folder, pem) }
    }

    private static func check(_ front: Front, _ folder: String, _ pem: String) async throws {
        func status(_ agent: String, as client: String?, _ fields: [String] = []) async throws -> Int {
            let lines = client.map { ["cert = \"\(folder)/\($0).crt\"", "key = \"\(folder)/\($0).key\""] } ?? []
            let answer = try await HTTPClient.send(
                "POST", "\(front.url)/exchange/\(agent)", fields: ["Content-Type: application/json"] + fields,
                body: #"{"userInput":"WELCOME","userInputType":5}"#, options: front.options + lines)
            return answer?.status ?? 0
        }
        let header = "Authorization: \(Stage.authorization)"
        #expect(try await status("secured", as: "good") == 200)
        #expect(try await status("secured", as: "stranger") == 401)
        #expect(try await status("secured", as: nil) == 401)
        let der = pem.split(separator: "\n").dropFirst().dropLast().joined()
        #expect(try await status("secured", as: nil, [
            "SSL-Client-Verify: SUCCESS", "SSL_CLIENT_VERIFY: SUCCESS", "SSL-Client-Cert: \(der)", "X-SSL-Client-Cert: \(der)", "Ssl-Client-S-Dn: CN=cxone,O=Acme",
        ]) == 401)
        #expect(try await status("either", as: nil, [header]) == 200)
        #expect(try await status("either", as: "good", [header]) == 200)
        #expect(try await status("either", as: "stranger", [header]) == 401)
        #expect(try await status("orders", as: nil, [header]) == 200)
        // Refused by the server, in the handshake or with a 400, or by the function: in no case served.
        #expect(try await status("secured", as: "forged") != 200)
    }
}
