import CurlTransport
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import TestSupport
import Testing
import Time

/// `security.md` §5, first row: URLs that others name must not lead into our own network.
@Suite("Fetching files that others name")
struct FetchTests {
    /// Spellings of this machine and of inner addresses, with `@`, `#`, escapes, other schemes and what else readers differ about.
    static func spellings(port: Int) -> [String] {
        let addresses = [
            "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "0177.1", "127.0.0.1.",
            "127.000.000.001", "127.127.127.127", "0", "0.0.0.0", "0x0", "00", "localhost", "LOCALHOST", "localhost.", "localhost.localdomain",
            "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]",
            "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[::1%25lo]", "[ff02::1]",
            "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.169.254.nip.example", "100.64.0.1",
            "168.63.129.16", "metadata.google.internal", "metadata", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1",
            "①②⑦.⓪.⓪.①", "127。0。0。1", "%31%32%37.0.0.1", "127%2e0%2e0%2e1", "0300.0250.0.1", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
            "ip6-localhost", "0127.0.0.1", "127.0.0.1%00.files.example", "127.0.0.1\t", " 127.0.0.1", "[::1].files.example", "1.0.0.127.in-addr.arpa",
        ]
        let frames: [(String) -> String] = [
            { "https://\($0):\(port)/f" }, { "http://\($0):\(port)/f" }, { "https://files.example@\($0):\(port)/f" },
            { "https://\($0):\(port)#@files.example/f" },
        ]
        let odd = [
            "https://files.example:\(port)\\@127.0.0.1/f", "https:\\\\127.0.0.1:\(port)\\f", "https:/127.0.0.1:\(port)/f", "https:127.0.0.1:\(port)/f",
            "//127.0.0.1:\(port)/f", "/f", "", "https://", "https:///f", "https://:\(port)/f", "https://files.example:0/f", "https://files.example:65536/f",
            "https://files.example:+443/f", "https://files.example:0443/f", "https://files.example:22/f", "https://files.example:\(port)/f",
            "http://files.example/f", "ftp://files.example/f", "file:///etc/passwd", "gopher://127.0.0.1:\(port)/_x", "dict://127.0.0.1:\(port)/x",
            "data:text/plain,x", "javascript:alert(1)", "jar:https://files.example!/f", "https://user@files.example/f", "https://user:pw@files.example/f",
            "https://files.example%2eevil.example/f", "https://files.example.evil.example/f", "https://evilfiles.example/f", "https://files.example./f",
            "https://.files.example/f", "https://-a.files.example/f", "https://a..files.example/f", "https://files.example\u{0}/f", "https://files.example /f",
            "https://files.example\n/f", "https://files.example/f\r\nHost: x", "https://fil\u{AD}es.example/f", "https://ｆiles.example/f",
            "https://files.example/f#frag", "https://files.example/" + String(repeating: "x", count: 5000), "https://[files.example]/f",
            "https://files.example:443:443/f", "https://files.example:/f", "https://files.example|127.0.0.1/f", "https://files.example/`id`",
        ]
        return addresses.flatMap { address in frames.map { $0(address) } } + odd
    }

    @Test("two hundred spellings and more: no connection is made, by the URL's check alone or by the address's (security §5)")
    func spellings() async throws {
        let trap = try Trap()
        let all = Self.spellings(port: trap.port)
        #expect(all.count >= 200)
        let port = trap.port
        let reached = try await onLoop { () -> [String] in
            let transport = CurlTransport(options: .longLived())
            var reached: [String] = []
            // By name, as it is used; with every name and port allowed; and by the address alone.
            let strict = FileFetcher(over: transport, FileAddress.Rules(hosts: [".files.example", "files.example"]))
            let loose = FileFetcher(over: transport, FileAddress.Rules(hosts: [".example", ".localdomain", "localhost", ".internal", ".arpa"], ports: [443, port]))
            for url in Self.spellings(port: port) {
                for fetcher in [strict, loose] {
                    do throws(FileFetchError) {
                        try await fetcher.fetch(url, by: .now().advanced(byMilliseconds: 700)) { _ in true }
                        reached.append(url)
                    } catch {}
                }
                var call = Call(method: .get, url: url, deadline: .now().advanced(byMilliseconds: 700))
                call.reach = .publicOnly
                guard !["files.example", "nip.example", "metadata", "arpa"].contains(where: url.contains) else { continue }
                // Some spellings lead to other machines, such as 0127.0.0.1 to 87.0.0.1; only the trap counts here.
                _ = try? await transport.send(call)
            }
            return reached
        }
        #expect(reached.isEmpty, "\(reached)")
        #expect(trap.connections == 0)
    }

    @Test("plain addresses of the allowed hosts pass", arguments: [
        "https://files.example/f", "https://a.b.files.example/f?sig=%2F%3D&x=1", "HTTPS://FILES.EXAMPLE/F", "https://files.example:443/", "https://files.example",
    ])
    func allowed(_ url: String) {
        #expect(FileAddress(url, FileAddress.Rules(hosts: ["files.example", ".files.example"])) != nil)
        #expect(FileAddress(url, FileAddress.Rules(hosts: [])) == nil)
    }

    @Test("which addresses are public", arguments: [
        ("8.8.8.8", true), ("1.1.1.1", true), ("172.15.0.1", true), ("172.32.0.1", true), ("100.128.0.1", true), ("192.0.1.1", true), ("223.255.255.1", true),
        ("0.1.2.3", false), ("10.1.2.3", false), ("100.127.0.1", false), ("127.9.9.9", false), ("169.254.1.1", false), ("172.31.255.255", false),
        ("192.168.1.1", false), ("192.0.0.8", false), ("198.19.255.255", false), ("203.0.113.7", false), ("224.0.0.1", false), ("255.255.255.255", false),
        ("2606:4700:4700::1111", true), ("2a00:1450::1", true), ("::1", false), ("::", false), ("::ffff:8.8.8.8", true), ("::ffff:10.0.0.1", false),
        ("64:ff9b::808:808", true), ("64:ff9b::a00:1", false), ("64:ff9b:1::808:808", false), ("2002:808:808::1", true), ("2002:a00:1::1", false),
        ("2001::1", false), ("2001:db8::1", false), ("fe80::1", false), ("fec0::1", false), ("fc00::1", false), ("fd12::1", false), ("ff02::1", false),
        ("::7f00:1", false), ("100::1", false), ("3fff::1", false), ("4000::1", false),
    ])
    func publicAddresses(_ text: String, _ isPublic: Bool) throws {
        var octets = [UInt8](repeating: 0, count: text.contains(":") ? 16 : 4)
        try #require(inet_pton(text.contains(":") ? AF_INET6 : AF_INET, text, &octets) == 1)
        #expect(PublicAddress.isPublic(octets) == isPublic)
    }

    @Test("redirects are checked like the first URL, at most three", arguments: [
        (["https://b.files.example/2"], true), (["/2"], true), (["/2", "/3", "/4"], true), (["/2", "/3", "/4", "/5"], false),
        (["http://files.example/2"], false), (["https://127.0.0.1/2"], false), (["//127.0.0.1/2"], false), (["https://evil.example/2"], false),
        (["https://files.example@127.0.0.1/"], false), ([""], false), (["2"], false), (["https://files.example:8443/"], false),
    ])
    func redirects(_ locations: [String], _ isFollowed: Bool) async throws {
        let answers = locations.map { location in
            Result<Response, TransportError>.success(Response(status: .found, fields: [.location: location], body: Array("not the file".utf8)))
        } + [.success(Response(status: .ok, body: Array("the file".utf8)))]
        let transport = FakeTransport(answers)
        let text = try await onLoop { () -> String? in
            let fetcher = FileFetcher(over: transport, FileAddress.Rules(hosts: ["files.example", ".files.example"]))
            guard let whole = try? await fetcher.read("https://files.example/1", atMost: 100, by: .now().advanced(byMilliseconds: 1000)) else { return nil }
            return String(decoding: whole.octets, as: UTF8.self)
        }
        #expect(text == (isFollowed ? "the file" : nil))
        #expect(transport.calls.allSatisfy { $0.reach == .publicOnly && $0.fields[.authorization] == nil })
    }

    @Test("status, size and limit", arguments: [
        (404, [:], FileFetchError.Code.notThere), (403, [:], .notThere), (500, [:], .failed), (429, [:], .failed), (206, [:], .failed),
        (200, ["Content-Length": "101"], .tooLarge),
    ] as [(Int, [String: String], FileFetchError.Code)])
    func answers(_ status: Int, _ fields: [String: String], _ code: FileFetchError.Code) async throws {
        var head = HTTPFields()
        for (name, value) in fields { if let name = HTTPField.Name(name) { head[name] = value } }
        let transport = FakeTransport([.success(Response(status: HTTPResponse.Status(code: status), fields: head, body: Array("x".utf8)))])
        let error = try await onLoop { () -> FileFetchError? in
            do throws(FileFetchError) {
                _ = try await FileFetcher(over: transport, FileAddress.Rules(hosts: ["files.example"])).read(
                    "https://files.example/1?sig=canary", atMost: 100, by: .now().advanced(byMilliseconds: 1000))
                return nil
            } catch {
                return error
            }
        }
        #expect(error?.code == code && error?.description.contains("canary") == false)
    }
}

/// Counts who connects to it, by IPv4 and IPv6.
private final class Trap: Sendable {
    let port: Int
    private let sockets: [Int32]

    init() throws {
        port = try freePort()
        var sockets: [Int32] = []
        for family in [AF_INET, AF_INET6] {
            let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size))
            var hints = addrinfo()
            hints.ai_family = family
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            hints.ai_flags = AI_PASSIVE
            var found: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(family == AF_INET ? "127.0.0.1" : "::1", "\(port)", &hints, &found) == 0, let address = found else { continue }
            defer { freeaddrinfo(found) }
            guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 512) == 0 else { continue }
            sockets.append(descriptor)
        }
        self.sockets = sockets
        guard !sockets.isEmpty else { throw ChildProcess.Failure(description: "no trap") }
    }

    deinit { for descriptor in sockets { close(descriptor) } }

    var connections: Int {
        sockets.reduce(0) { count, descriptor in
            var count = count
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return count }
                close(accepted)
                count += 1
            }
        }
    }
}
