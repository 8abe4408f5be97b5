import HTTP
import HTTPTypes
import Secrets
import Store
import TestSupport
import Workbench

extension Cases {
    /// Fronts that openssl(1) plays.
    static let servers: [Case] = [
        Case(server: "the front's certificate has ended", "front.chain", fix: "renew it") {
            try server(&$0, days: 10, ago: 20)
            return try $0.serve([])
        },
        Case(server: "it ends in six days", "front.chain", .warning, fix: "renew it") {
            try server(&$0, days: 6)
            return try $0.serve([])
        },
        Case(server: "it is for another name", "front.chain", fix: "get a certificate for localhost") {
            try server(&$0, hosts: ["elsewhere.acme-hotels.com"])
            return try $0.serve([])
        },
        Case(server: "its authority is unknown", "front.chain", fix: "--authority") {
            $0.options.front.authorityFile = nil
            return try $0.serve([])
        },
        Case(server: "it comes without its issuer, whom nobody knows", "front.chain", fix: "intermediate certificates") {
            $0.options.front.authorityFile = nil
            return try $0.serve([], certificate: "certs/server.crt")
        },
        Case(server: "it is a client's", "front.chain", fix: "serverAuth") {
            var wish = CertificateMaker.Wish(.client, name: "localhost")
            wish.hosts = ["localhost"]
            _ = try $0.certificates.add(wish, authorityPassword: nil, replaces: true, now: SystemSeconds.now)
            $0.replace(#""keyPassword": {"env": "KEY_PASSWORD"},"#, "")
            return try $0.serve([], certificate: "certs/client-chain.crt", key: "certs/client.key")
        },
        Case(server: "TLS 1.1 is accepted", "front.versions", fix: "TLSv1.2 TLSv1.3", also: ["front.suites"]) {
            try $0.serve(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        },
        Case(server: "TLS 1.3 is missing", "front.versions", .warning, fix: "nginx 1.22") { try $0.serve(["-tls1_2"]) },
        Case(server: "TLS 1.2 is refused", "front.versions", fix: "TLSv1.2", also: ["front.suites"]) { try $0.serve(["-tls1_3"]) },
        Case(server: "no suite of CXone's list", "front.suites", .warning, fix: "ECDSA certificate") {
            try $0.serve(["-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"])
        },
        Case(server: "no certificate is asked for", "front.mutual", fix: "--client-authority") {
            Cases.bring(&$0, "certs/client-chain.crt")
            return try $0.serve([])
        },
        Case(server: "CXone's certificate is refused", "front.mutual", fix: "trust the authority") {
            let other = try madeFolder(in: $0.folder + "/others", clientPassword: $0.environment["KEY_PASSWORD"])
            Cases.bring(&$0, "others/client-chain.crt", key: "others/client.key")
            _ = other
            return try $0.serve(["-Verify", "1", "-verify_return_error", "-CAfile", $0.certificates.file(.authority, ".crt")])
        },
        Case(server: "the password of CXone's key is another", "front.mutual", fix: "CAUSEWAY_KEY_PASSWORD") {
            Cases.bring(&$0, "certs/client-chain.crt", password: "another one than that")
            return try $0.serve(["-verify", "1", "-verify_return_error", "-CAfile", $0.certificates.file(.authority, ".crt")])
        },
    ]

    /// The hosts that are called.
    static let far: [Case] = [
        Case("an agent's host leads nowhere", "reach.hosts", fix: "correct the URL") { $0.addresses["bot.acme-hotels.com"] = [] },
        Case("an agent's host does not listen", "reach.hosts", fix: "firewall") {
            $0.handshake = { wish, seen in wish.name == "bot.acme-hotels.com" ? Handshake(stage: .notConnected) : seen }
        },
        Case("an agent's host wants a certificate that we have not", "reach.hosts", fix: "causeway certs make client") {
            let own = #""certificateFile": "certs/client-chain.crt", "keyFile": "certs/client.key", "keyPassword": {"env": "KEY_PASSWORD"},"#
            $0.replace(own, "")
            $0.handshake = { wish, seen in
                var seen = seen
                if wish.name == "bot.acme-hotels.com" { (seen.asksCertificate, seen.alert) = (true, 116) }
                return seen
            }
        },
        Case("an agent's host refuses our certificate", "reach.hosts", fix: "trust the authority") {
            $0.handshake = { wish, seen in
                var seen = seen
                if wish.name == "bot.acme-hotels.com", wish.certificate != nil { seen.alert = 48 }
                return seen
            }
        },
        Case("a token server's authority is not named", "reach.hosts", fix: "name its authority's PEM file as \"authorityFile\" at agents.booking.connection.oauth") {
            $0.replace(",\n          \"authorityFile\": \"certs/authority.crt\"}", "}")
        },
        Case("an agent is called unencrypted", "reach.firewall", fix: "enter https") {
            $0.replace(#""scripted": {}"#, #""rasa": {"url": "http://rasa.acme-hotels.com:5005"}"#)
        },
        Case("an agent needs two calls a turn", "agents.calls", .warning, fix: "custom responses") {
            $0.replace(#""scripted": {}"#, #""rasa": {"url": "http://127.0.0.1:5005", "tracker": {}}"#)
        },
        Case("an agent is far away", "agents.budget", .warning, fix: "nearer") {
            $0.handshake = { wish, seen in
                var seen = seen
                if wish.name == "bot.acme-hotels.com" { seen.connectMilliseconds = 2000 }
                return seen
            }
        },
        Case("the store is down", "store.latency", fix: "start it") { setup in
            let store = MemoryStore()
            store.setFault { _, _ in .notReached }
            setup.store = store
        },
        Case("the store refuses us", "store.latency", fix: "store.cache.secrets") { setup in
            let store = MemoryStore()
            store.setFault { _, _ in .notAuthorized }
            setup.store = store
        },
        Case("the store is slow", "store.latency", .warning, fix: "nearer") { $0.store = SlowStore() },
        Case("the store's claims are not atomic", "store.atomic", fix: "must be atomic") { $0.store = GenerousStore() },
        Case("the token server refuses us", "tokens.agents", fix: "clientSecret") {
            $0.answer = Setup.answering("/token", .unauthorized, #"{"error":"invalid_client"}"#)
        },
        Case("the token stands elsewhere in the answer", "tokens.agents", fix: "tokenKey") { $0.answer = Setup.answering("/token", .ok, #"{"token":"t"}"#) },
        Case("nobody tells how long the token lives", "tokens.agents", .warning, fix: "lifetimeSeconds") {
            $0.answer = Setup.answering("/token", .ok, #"{"access_token":"t-0123456789"}"#)
        },
        Case("the token lives twenty seconds", "tokens.agents", .warning, fix: "10 minutes") {
            $0.answer = Setup.answering("/token", .ok, #"{"access_token":"t-0123456789","expires_in":20}"#)
        },
        Case("CXone refuses our sign-in", "tokens.cxone", fix: "client secret") {
            Cases.addChannel(&$0)
        },
        Case("the clock is behind CXone's", "reach.clock", fix: "timedatectl", also: ["tokens.cxone"]) {
            Cases.addChannel(&$0)
            $0.answer = { call in
                guard call.url.hasSuffix("/openid-configuration") else { return Setup.healthyAnswer(call) }
                return .success(Response(status: .ok, fields: [.date: "Fri, 15 Jan 2077 12:00:00 GMT"]))
            }
        },
        Case("contacts' files can be fetched for months", "privacy.links", .warning, fix: "retention rules", also: ["tokens.cxone"]) {
            Cases.addChannel(&$0)
            $0.replace("\"agents\": {", "\"attachments\": {\"lifeHours\": 4000}, \"agents\": {")
        },
        Case("an agent has no intent for the end", "agents.intents", .warning, fix: "intents.end") { Cases.live(&$0, atEnd: #"{"replies": [{"text": "Bye"}]}"#) },
        Case("an agent understands everything", "agents.intents", .warning, fix: "intents.fallback") {
            Cases.live(&$0, atNonsense: #"{"replies": [{"text": "Certainly."}], "understanding": {"intent": {"name": "Smalltalk"}}}"#)
        },
        Case("an agent does not greet", "agents.intents", fix: "greet") { Cases.live(&$0, atStart: #"{"replies": []}"#) },
        Case("an agent fails", "agents.intents", fix: "reach.hosts") { Cases.live(&$0, atStart: "no JSON") },
    ]

    private static let channel = """
        "byoc": {"clients": {"cxone": {"secrets": [{"env": "BYOC_SECRET"}]}}, "tokenKeys": [{"env": "TOKEN_KEY"}]},
        "tenants": {"main": {"clientId": "app", "clientSecret": {"env": "CX_SECRET"}, "accessKeyId": "KEY", "accessKeySecret": {"env": "CX_KEY"},
          "authorityFile": "certs/authority.crt", "issuer": "https://cxone.acme-hotels.com"}},
        "channels": {"site": {"tenant": "main", "integrationId": "i", "channelId": "c", "webchat": {"sessionKeys": [{"env": "CHAT_KEY"}]}}},

        """

    static func addChannel(_ setup: inout Setup) {
        setup.replace("\"agents\": {", channel + "\"agents\": {")
        for name in ["BYOC_SECRET", "TOKEN_KEY", "CX_SECRET", "CX_KEY", "CHAT_KEY"] { setup.environment[name] = Files.randomKey() }
    }

    static func server(_ setup: inout Setup, days: Int = 200, ago: Int = 0, hosts: [String] = ["localhost"]) throws {
        var wish = CertificateMaker.Wish(.server, name: "front")
        (wish.days, wish.hosts) = (days, hosts)
        _ = try setup.certificates.add(wish, authorityPassword: nil, replaces: true, now: SystemSeconds.now - Int64(ago) * 86_400 + 600)
        // The other hosts keep the certificate that they had.
        let other = try madeFolder(in: setup.folder + "/far", hosts: ["*.acme-hotels.com"])
        let chain = Array((Files.read(other.file(.server, "-chain.crt")) ?? "").utf8)
        try setup.write((Files.read(setup.certificates.file(.authority, ".crt")) ?? "") + (Files.read(other.file(.authority, ".crt")) ?? ""), to: "both.crt")
        setup.replace("\"authorityFile\": \"certs/authority.crt\"", "\"authorityFile\": \"both.crt\"")
        setup.handshake = { _, seen in
            var seen = seen
            seen.chain = chain
            return seen
        }
    }

    static func bring(_ setup: inout Setup, _ certificate: String, key: String = "certs/client.key", password: String? = nil) {
        setup.options.front.certificateFile = "\(setup.folder)/\(certificate)"
        setup.options.front.keyFile = "\(setup.folder)/\(key)"
        setup.options.front.keyPassword = (password ?? setup.environment["KEY_PASSWORD"]).map { Secret($0) }
    }

    /// The agents are asked; the bot behind the webhook answers so.
    static func live(
        _ setup: inout Setup, atStart: String = #"{"replies": [{"text": "Hello."}]}"#, atEnd: String = #"{"signal": "end"}"#,
        atNonsense: String = #"{"signal": "noMatch"}"#
    ) {
        setup.options.isLive = true
        setup.answer = { call in
            guard call.url.hasSuffix("/turn") else { return Setup.healthyAnswer(call) }
            let asked = String(decoding: call.body, as: UTF8.self)
            let answer = asked.contains("\"start\"") ? atStart : asked.contains("Goodbye") ? atEnd : asked.contains("qxzv") ? atNonsense : "{}"
            return .success(.json(.ok, Array(answer.utf8)))
        }
    }
}
