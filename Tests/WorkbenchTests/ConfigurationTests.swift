import JSON
import Testing
import Workbench

private func site(_ mode: Site.Mode = .fastCGI, tls: Bool = false, clientAuthority: String? = nil) -> Site {
    var site = Site()
    (site.programs, site.sockets, site.settings) = ("/srv/bin", "/srv/run", "/srv/causeway.jsonc")
    (site.address, site.port, site.name, site.mode) = ("127.0.0.1", 8443, "localhost", mode)
    site.tls = tls ? Site.TLS(certificate: "/srv/s.crt", key: "/srv/s.key", clientAuthority: clientAuthority) : nil
    return site
}

@Suite("Configurations")
struct ConfigurationTests {
    @Test("nginx: a location matches its path as a whole, and no parameter is set inside it")
    func nginx() {
        let text = NginxConfiguration.site(site())
        #expect(text.contains("""
                location ~ ^/exchange(?:/|$) {
                    fastcgi_split_path_info ^(/exchange)(/.*)?$;
                    client_max_body_size 9m;
                    fastcgi_read_timeout 15s;
                    fastcgi_pass causeway_exchange;
                }
            """))
        #expect(text.contains("location ~ ^/cache(?:/|$) {\n        allow 127.0.0.1; allow ::1; deny all;"))
        #expect(!text.contains("        fastcgi_param"))
        #expect(text.contains("fastcgi_param HTTP_PROXY         \"\";"))
        #expect(text.contains("fastcgi_keep_conn on;"))
        #expect(!text.contains("ssl"))
    }

    @Test("nginx: TLS 1.2 and 1.3 only; a client certificate's facts are passed only where one is asked for")
    func nginxTLS() {
        let plain = NginxConfiguration.site(site(tls: true))
        #expect(plain.contains("ssl_protocols TLSv1.2 TLSv1.3;"))
        #expect(!plain.contains("ssl_verify_client") && !plain.contains("SSL_CLIENT"))
        let mutual = NginxConfiguration.site(site(tls: true, clientAuthority: "/srv/ca.crt"))
        #expect(mutual.contains("ssl_client_certificate /srv/ca.crt;\n    ssl_verify_client optional;"))
        #expect(mutual.contains("fastcgi_param SSL_CLIENT_VERIFY  $ssl_client_verify if_not_empty;"))
        #expect(mutual.contains("$ssl_client_escaped_cert"))
    }

    @Test("nginx with CGI: fcgiwrap is told which program to start, and connections are not kept")
    func nginxCGI() {
        let text = NginxConfiguration.site(site(.cgi))
        #expect(!text.contains("upstream"))
        #expect(text.contains("fastcgi_param SCRIPT_FILENAME    /srv/bin/$causeway_program;"))
        #expect(text.contains("set $causeway_program token-cache;\n        fastcgi_pass unix:/srv/run/fcgiwrap.sock;"))
        #expect(text.contains("fastcgi_keep_conn off;"))
    }

    @Test("systemd: the listening socket is fd 0, and the service may write only its own folder")
    func systemd() throws {
        let files = SystemdUnits.files(site())
        #expect(files.map(\.path) == Endpoint.all.flatMap { ["causeway-\($0.name).socket", "causeway-\($0.name).service"] })
        let socket = try #require(files.first).content
        #expect(socket.contains("ListenStream=/srv/run/exchange.sock") && !socket.contains("Accept=yes"))
        let service = try #require(files.dropFirst().first).content
        for line in ["StandardInput=socket", "ExecStart=/srv/bin/exchange", "ProtectSystem=strict", "NoNewPrivileges=yes", "User=causeway"] {
            #expect(service.contains(line), "\(line)")
        }
    }

    @Test("Apache: Authorization arrives, a client's Proxy header does not, and the largest body fits")
    func apache() {
        for mode in Site.Mode.allCases {
            let text = ApacheConfiguration.site(site(mode))
            #expect(text.contains("CGIPassAuth On"))
            #expect(text.contains("RequestHeader unset Proxy early"))
            let largest = (Endpoint.all.map(\.bodyLimit).max() ?? 0) + 1
            #expect(text.contains("LimitRequestBody \(largest << 20)"))
            #expect(text.contains("<Location \"/cache\">\n    Require local") || text.contains("<Location \"/cache\">\n        Require local"), "\(text)")
        }
    }

    @Test("lighttpd: the query stays as sent, and /exchangeX is no match")
    func lighttpd() {
        let text = LighttpdConfiguration.site(site())
        #expect(text.contains("\"url-normalize\" => \"disable\""))
        #expect(text.contains(#"$HTTP["url"] =~ "^/exchange(?:/|$)" {"#))
    }

    @Test("Caddy: what matches nothing is 404, not an empty 200")
    func caddy() {
        let text = CaddyConfiguration.site(site(tls: true, clientAuthority: "/srv/ca.crt"))
        #expect(text.hasSuffix("\trespond 404\n}\n"))
        #expect(text.contains("mode verify_if_given") && text.contains("header_up -Proxy"))
    }

    @Test("Lambda: one resource a function, in a folder of its own, with secrets that are not echoed")
    func lambda() {
        let text = LambdaTemplate.template(folder: "out")
        for endpoint in Endpoint.all {
            #expect(text.contains("  \(endpoint.resource)Function:\n    Type: AWS::Serverless::Function"))
            #expect(text.contains("CodeUri: out/\(endpoint.name)/"))
            #expect(LambdaTemplate.makefile(endpoint).contains("build-\(endpoint.resource)Function:\n\t"))
        }
        #expect(text.components("NoEcho: true") == SampleSettings.secrets.count)
    }

    @Test("the sample settings are JSON with comments and name every secret they need", arguments: [true, false])
    func sample(isLocal: Bool) throws {
        let text = SampleSettings.text(url: "http://127.0.0.1:8080", cacheFile: "cache.sqlite", isLocal: isLocal)
        let json = try JSON(parsing: Array(text.utf8), dialect: .commented)
        #expect(json["agents"]?["orders"]?["scripted"] != nil)
        #expect(json["exchange"]?["allowPlainHTTP"]?.bool == isLocal)
        for secret in SampleSettings.secrets { #expect(text.contains("{\"env\": \"\(secret)\"}"), "\(secret)") }
    }
}

/// Two functions that share a mount, and one that has its own.
private let sharing = [
    endpoint("outbound", ["/**"]),
    endpoint("token", ["/1.0/token", "/oauth/token"]),
    endpoint("typing", ["/1.0/channel/{channel}/thread/{thread}/sender-action"]),
]

private func endpoint(_ name: String, _ routes: [String]) -> Endpoint {
    Endpoint(
        name: name, summary: name, path: "/byoc", routes: routes, methods: ["POST"], bodyLimit: 1, timeout: 10, memory: 128, callsOut: false,
        isInternal: false, environment: [])
}

@Suite("Functions that share a prefix")
struct RouteTests {
    @Test("the open route takes what closed ones leave; an id is one segment of the encoded path", arguments: [
        ("/byoc/1.0/token", "token"), ("/byoc/1.0/token/", "token"), ("/byoc/1.0/tokens", "outbound"), ("/byoc/1.0/token/x", "outbound"),
        ("/byoc/oauth/token?x=1", "token"), ("/byoc", "outbound"), ("/byoc/1x0/token", "outbound"),
        ("/byoc/1.0/channel/a/thread/b%2Fc/sender-action", "typing"), ("/byoc/1.0/channel/a/thread/b/c/sender-action", "outbound"),
        ("/byocX", nil), ("/", nil),
    ] as [(String, String?)])
    func serving(path: String, name: String?) {
        #expect(Endpoint.serving(path, among: sharing)?.name == name)
    }

    @Test("nginx and Caddy try closed routes first, lighttpd last, as each of them decides")
    func order() throws {
        let patterns = [
            "^(?:/byoc/1\\.0/token$|/byoc/oauth/token$)", "^/byoc/1\\.0/channel/.+/thread/.+/sender-action$", "^/byoc(?:/|$)",
        ]
        let nginx = NginxConfiguration.site(site(), endpoints: sharing)
        #expect(places(patterns.map { "location ~ \($0) {" }, in: nginx) == [0, 1, 2], "\(nginx)")
        #expect(nginx.contains("fastcgi_split_path_info ^(/byoc)(/.*)?$;"))
        let caddy = CaddyConfiguration.site(site(), endpoints: sharing)
        #expect(places(patterns.map { "path_regexp \($0)\n" }, in: caddy) == [0, 1, 2], "\(caddy)")
        let lighttpd = LighttpdConfiguration.site(site(), endpoints: sharing)
        #expect(places(patterns.map { "$HTTP[\"url\"] =~ \"\($0)\" {" }, in: lighttpd) == [2, 1, 0], "\(lighttpd)")
    }

    @Test("Apache: the first that matches wins, and the mount is described once", arguments: Site.Mode.allCases)
    func apache(mode: Site.Mode) {
        let text = ApacheConfiguration.site(site(mode), endpoints: sharing)
        let patterns = ["\"^/byoc/1\\.0/token$\"", "\"^/byoc/1\\.0/channel/.+/thread/.+/sender-action$\"", "\"/byoc\" \""]
        #expect(places(patterns, in: text) == [0, 1, 2], "\(text)")
        #expect(text.components("<Location \"/byoc\">") == 1)
        // Apache keeps connections by URL: two functions with one URL would get each other's requests.
        let urls = text.matches(of: /unix:([^|]+)\|(fcgi:[^"]+)"/).map { (socket: $0.1, url: $0.2) }
        for one in urls { #expect(urls.allSatisfy { $0.socket == one.socket || $0.url != one.url }, "\(one.url)") }
    }

    @Test("Lambda: one event for a closed route, two for an open one")
    func lambda() {
        let text = LambdaTemplate.template(folder: "out", endpoints: sharing)
        for path in ["/byoc", "/byoc/{proxy+}", "/byoc/1.0/token", "/byoc/oauth/token", "/byoc/1.0/channel/{channel}/thread/{thread}/sender-action"] {
            #expect(text.components("            Path: \(path)\n") == 1, "\(path)\n\(text)")
        }
    }

    /// The order in which the parts appear.
    private func places(_ parts: [String], in text: String) -> [Int] {
        let found = parts.map { part in text.firstRange(of: part).map { text.distance(from: text.startIndex, to: $0.lowerBound) } ?? -1 }
        guard !found.contains(-1) else { return [] }
        let sorted = found.sorted()
        return found.compactMap { place in sorted.firstIndex(of: place) }
    }
}

@Suite("curl's output")
struct HTTPClientTests {
    @Test("interim answers are skipped; names become lower case; the body stays as it is")
    func parse() {
        let answer = HTTPClient.parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/2 201 \r\nX-A: 1\r\nx-a:2\r\n\r\nline\r\n\r\nrest")
        #expect(answer == HTTPClient.Answer(status: 201, fields: [("x-a", "1"), ("x-a", "2")], body: "line\r\n\r\nrest"))
        #expect(HTTPClient.parse("HTTP/1.1 100 Continue\r\n\r\n") == nil)
        #expect(HTTPClient.parse("nonsense") == nil)
    }

    @Test("a value cannot leave its quotes in curl's configuration")
    func quoting() {
        #expect(HTTPClient.quoted("a\"b\\c\nd") == #""a\"b\\c\nd""#)
    }
}

extension String {
    fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
