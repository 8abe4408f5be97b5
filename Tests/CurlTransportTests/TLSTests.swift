import CurlTransport
import EventLoop
import Glibc
import HTTP
import HTTPTypes
import JSON
import Secrets
import TestSupport
import Testing
import Time

@Suite(.ownThread) struct TLSTests {
    @Test("The other side's certificate is checked: chain, name and dates, with the call's own authority if it brings one")
    func checksCertificates() async throws {
        let made = try Certificates()
        let good = try TestServer("--cert", made.certificate("server"), "--key", made.key("server"))
        let misnamed = try TestServer("--cert", made.certificate("other-name"), "--key", made.key("other-name"))
        let expired = try TestServer("--cert", made.certificate("expired"), "--key", made.key("expired"))
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var trusting = ConnectionOptions()
            trusting.authorityFile = made.certificate("authority")
            var elsewhere = ConnectionOptions()
            elsewhere.authorityFile = made.certificate("stranger")
            var nowhere = ConnectionOptions()
            nowhere.authorityFile = made.directory + "/none.pem"
            return [
                await transport.get(good.secureURL("echo"), connection: trusting),
                await transport.get(good.secureURL("echo", host: "127.0.0.1"), connection: trusting),
                await transport.get(good.secureURL("echo")),
                await transport.get(good.secureURL("echo"), connection: elsewhere),
                await transport.get(misnamed.secureURL("echo"), connection: trusting),
                await transport.get(expired.secureURL("echo"), connection: trusting),
                await transport.get(good.secureURL("echo"), connection: nowhere),
            ]
        }
        #expect(outcomes[0].status == 200 && outcomes[1].status == 200, "\(outcomes)")
        let reasons = [
            "certificateRefused: the certificate comes from no trusted authority",
            "certificateRefused: the certificate comes from no trusted authority",
            "certificateRefused: the certificate is for another name", "certificateRefused: the certificate has expired",
            "misconfigured: the file of trusted authorities cannot be read",
        ]
        for (outcome, reason) in zip(outcomes.dropFirst(2), reasons) {
            #expect(outcome.failure?.description == reason)
            #expect(outcome.failure?.isCertain == true && outcome.failure?.isRetryable == false)
        }
    }

    @Test("The client certificate opens the door with its key's right password, at once not with a wrong one or none")
    func showsClientCertificate() async throws {
        let made = try Certificates()
        let server = try TestServer(
            "--cert", made.certificate("server"), "--key", made.key("server"), "--client-ca", made.certificate("authority"))
        let (outcomes, milliseconds) = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var connection = ConnectionOptions()
            connection.authorityFile = made.certificate("authority")
            var outcomes = [await transport.get(server.secureURL("echo"), connection: connection)]
            connection.certificateFile = made.certificate("client")
            let started = Instant.now()
            for (key, password) in [
                ("client-locked", nil), ("client-locked", "wrong"), ("server", nil), ("client", nil), ("client-locked", "open sesame"),
            ] {
                connection.keyFile = made.key(key)
                connection.keyPassword = password.map { Secret($0) }
                outcomes.append(await transport.get(server.secureURL("echo"), connection: connection))
            }
            return (outcomes, Instant.now().milliseconds(since: started))
        }
        #expect(outcomes[0].failure?.code == .receiveFailed || outcomes[0].failure?.code == .tlsFailed, "\(outcomes[0])")
        #expect(outcomes[1...3].allSatisfy { $0.failure?.code == .misconfigured }, "\(outcomes)")
        #expect(outcomes.allSatisfy { $0.failure?.reason.contains("wrong") != true })
        #expect(outcomes[4].status == 200 && outcomes[5].status == 200, "\(outcomes)")
        #expect(milliseconds < 4000)
    }

    @Test("A connection is not shared between calls that trust or show different certificates")
    func keepsConnectionsApart() async throws {
        let made = try Certificates()
        let server = try TestServer("--cert", made.certificate("server"), "--key", made.key("server"))
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var plain = ConnectionOptions()
            plain.authorityFile = made.certificate("authority")
            var identified = plain
            identified.certificateFile = made.certificate("client")
            identified.keyFile = made.key("client")
            var outcomes: [Outcome] = []
            for connection in [plain, plain, identified, identified, plain, ConnectionOptions()] {
                outcomes.append(await transport.get(server.secureURL("stats"), connection: connection))
            }
            return outcomes
        }
        #expect(outcomes.map { $0.json?["connections"]?.integer } == [1, 1, 2, 2, 2, nil])
        #expect(outcomes[5].failure?.code == .certificateRefused)
    }

    @Test("HTTP/2 is spoken where TLS offers it, many calls on one connection; HTTP/1.1 elsewhere")
    func speaksHTTP2() async throws {
        let made = try Certificates()
        let server = try NginxServer(made)
        let texts = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            var trusting = ConnectionOptions()
            trusting.authorityFile = made.certificate("authority")
            let connection = trusting
            var texts = [await server.firstAnswer(transport, connection)]
            return await withTaskGroup(of: String.self) { group in
                for number in 0..<90 {
                    group.addTask {
                        if number % 2 == 0 { return await transport.get(server.url, connection: connection).text }
                        return await transport.post(server.url, "x", connection: connection).text
                    }
                }
                for await text in group { texts.append(text) }
                return texts
            }
        }
        #expect(texts.count == 91 && texts.allSatisfy { $0.hasPrefix("HTTP/2.0 ") }, "\(texts)")
        #expect(Set(texts).count <= 2, "on one connection, or two while the first was made")
    }
}

@Suite(.ownThread) struct ProxyTests {
    @Test("A proxy comes from settings only: the environment is not read, neither for it nor against it")
    func ignoresEnvironment() async throws {
        let server = try TestServer()
        let trap = try TestServer()
        let proxy = try TestServer()
        for name in ["http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            setenv(name, "http://127.0.0.1:\(trap.port)", 1)
        }
        setenv("NO_PROXY", "*", 1)
        setenv("no_proxy", "*", 1)
        defer {
            for name in ["http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] { unsetenv(name) }
        }
        let outcomes = try await onLoop {
            let transport = CurlTransport(options: .longLived())
            unsetenv("NO_PROXY")
            unsetenv("no_proxy")
            var outcomes = [
                await transport.get(server.url("status/200")), await transport.get(server.secureURL("echo"), milliseconds: 500),
            ]
            setenv("NO_PROXY", "*", 1)
            setenv("no_proxy", "*", 1)
            var through = ConnectionOptions()
            through.proxy = "http://127.0.0.1:\(proxy.port)"
            outcomes.append(await transport.get(server.url("status/200"), connection: through))
            outcomes.append(await transport.get("https://example.test/", connection: through))
            outcomes.append(await transport.get(trap.url("stats")))
            outcomes.append(await transport.get(proxy.url("stats")))
            through.proxy = "socks5://127.0.0.1:1"
            outcomes.append(await transport.get(server.url("status/200"), connection: through))
            return outcomes
        }
        #expect(outcomes[0].text == "body of 200")
        #expect(outcomes[1].failure?.mayHaveArrived == false)
        #expect(outcomes[2].text == "unknown", "the proxy answered")
        #expect(outcomes[3].failure?.code == .proxyFailed && outcomes[3].failure?.isCertain == true, "\(outcomes[3])")
        #expect(outcomes[4].json?["connections"]?.integer == 1, "the trap saw nobody before it was asked")
        #expect(outcomes[5].json?["requests"]?.integer == 3)
        #expect(outcomes[6].failure?.code == .misconfigured)
    }
}
