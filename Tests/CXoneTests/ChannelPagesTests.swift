import CXone
import HTTP
import HTTPTypes
import JSON
import Store
import Synchronization
import TestSupport
import Testing

private func text(_ response: Response) -> String { String(decoding: response.body, as: UTF8.self) }

@Suite("Channel pages") struct ChannelPagesTests {
    @Test("B37: the one-time token is used once, by POST, leaves the address, and never reaches the browser or the store in the clear")
    func arrival() async throws {
        let bench = try PagesBench()
        let response = await bench.get("/channels/add?" + PagesBench.arrival)
        #expect(response.status == .seeOther && response.fields[.location] == "add")
        let cookie = try #require(response.fields[.setCookie])
        for part in ["__Host-", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] { #expect(cookie.contains(part)) }
        let call = try #require(bench.calls.first)
        #expect(call.url == "https://api-de-na1.niceincontact.com/dfo/3.0/one-time-token/verification")
        #expect(call.fields[.authorization] == nil)
        // Numbers, although the query holds texts.
        #expect(String(decoding: call.body, as: UTF8.self) == #"{"brandId":9001,"userId":4711,"token":"one-time-token","purpose":"channel-integration"}"#)
        let page = await bench.get("/channels/add")
        #expect(page.status == .ok)
        for secret in ["one-time-token", PagesBench.access] { #expect(!text(page).contains(secret) && !cookie.contains(secret)) }
        #expect(text(page).contains("The &lt;Jungle&gt;") && text(page).contains("Ann Lee"))
        // The second use.
        let again = await bench.get("/channels/add?" + PagesBench.arrival)
        #expect(again.status == .forbidden && text(again).contains("has been used"))
    }

    @Test("B37: add, see, change, remove; another tenant's channels are not shown")
    func life() async throws {
        let bench = try PagesBench()
        let key = await bench.arrive()
        let offered = text(await bench.get("/channels/add"))
        #expect(offered.contains("private messages") && offered.contains("public posts") && !offered.contains("foreign"))
        let shown = await bench.post("/channels/add", "key=\(key)&offer=hole&action=preview&name=Hole&id=hole-1&hasReply=yes")
        #expect(text(shown).contains("/dfo/3.0/channels") && text(shown).contains("channelIntegrationId"))
        #expect(bench.state.withLock { $0.channels.isEmpty }, "a preview changes nothing")
        let added = await bench.post("/channels/add", "key=\(key)&offer=hole&action=save&name=Watering+Hole&id=hole-1&hasReply=yes")
        #expect(added.status == .seeOther && added.fields[.location] == "add?notice=added")
        let stored = try JSON(parsing: Array(try #require(bench.state.withLock { $0.channels.first }).utf8))
        #expect(stored["isPrivate"]?.bool == true && stored["hasTreeStructure"]?.bool == false && stored["hasReply"]?.bool == true)
        #expect(stored["hasAbilityToSendFiles"]?.bool == false && stored["realExternalPlatformId"]?.string == "custom")
        let after = text(await bench.get("/channels/add?notice=added"))
        #expect(after.contains("was added") && after.contains("&quot;channelId&quot;: &quot;hole-1&quot;") || after.contains("\"channelId\": \"hole-1\""))
        let changed = await bench.post("/channels/reconnect", "key=\(key)&offer=hole&action=save&name=Renamed&id=somebody-elses&hasReply=yes")
        #expect(changed.fields[.location] == "reconnect?notice=changed")
        #expect(bench.state.withLock { $0.channels.count } == 1, "the id of a channel that is there is not the form's to choose")
        let unsure = await bench.post("/channels/remove", "key=\(key)&id=hole-1")
        #expect(unsure.status == .unprocessableContent && bench.state.withLock { $0.channels.count } == 1)
        let removed = await bench.post("/channels/remove", "key=\(key)&id=hole-1&confirm=yes")
        #expect(removed.fields[.location] == "remove?notice=removed" && bench.state.withLock { $0.channels.isEmpty })
    }

    @Test("A tree for posts, none for private messages (B16)")
    func posts() async throws {
        let bench = try PagesBench()
        let key = await bench.arrive()
        _ = await bench.post("/channels/add", "key=\(key)&offer=hole%3Aposts&action=save&name=Posts&id=p-1")
        let stored = try JSON(parsing: Array(try #require(bench.state.withLock { $0.channels.first }).utf8))
        #expect(stored["isPrivate"]?.bool == false && stored["hasTreeStructure"]?.bool == true)
    }

    @Test("Values that CXone would refuse are refused in words, and what was entered stays", arguments: [
        ("name=&id=x", "Enter a name"), ("name=%20%20&id=x", "Enter a name"), ("name=a&id=", "Enter an id"), ("name=a&id=a%20b", "Enter an id"),
        ("name=a&id=x&hasManualOutboundFlow=yes", "tick both or neither"),
    ])
    func validation(form: String, words: String) async throws {
        let bench = try PagesBench()
        let key = await bench.arrive()
        let response = await bench.post("/channels/add", "key=\(key)&offer=hole&action=save&" + form)
        #expect(response.status == .unprocessableContent && text(response).contains(words))
        #expect(bench.state.withLock { $0.channels.isEmpty })
    }

    @Test("Forms of others are refused: no key, a wrong one, another origin, no session, twice the same field")
    func forgery() async throws {
        let bench = try PagesBench()
        let key = await bench.arrive()
        let form = "offer=hole&action=save&name=a&id=x"
        #expect(await bench.post("/channels/add", form).status == .forbidden)
        #expect(await bench.post("/channels/add", "key=wrong&" + form).status == .forbidden)
        #expect(await bench.post("/channels/add", "key=\(key)&key=\(key)&" + form).status == .forbidden)
        #expect(await bench.post("/channels/add", "key=\(key)&" + form, origin: "https://evil.example").status == .forbidden)
        #expect(await bench.post("/channels/add", "key=\(key)&" + form, origin: "null").status == .forbidden)
        #expect(await bench.post("/channels/add", "key=\(key)&" + form, origin: "null", site: "cross-site").status == .forbidden)
        #expect(await bench.post("/channels/add", "key=\(key)&" + form, origin: nil, site: "same-site").status == .forbidden)
        let shown = await bench.post("/channels/add", "key=\(key)&offer=hole&action=preview&name=a&id=x", origin: "null", site: "same-origin")
        #expect(shown.status == .ok, "what a browser sends under no-referrer")
        #expect(await bench.post("/channels/remove", "key=\(key)&id=never-ours&confirm=yes").status == .unprocessableContent)
        bench.state.withLock { $0.cookie = "__Host-causeway-channels=" + String(repeating: "A", count: 43) }
        #expect(await bench.post("/channels/add", "key=\(key)&" + form).status == .unauthorized)
        #expect(bench.state.withLock { $0.channels.isEmpty })
    }

    @Test("Hosts that are not CXone's get no request: the token would go there", arguments: [
        "evil.example", "niceincontact.com", "evilniceincontact.com", "niceincontact.com.evil.example", "api.niceincontact.com@evil.example",
        "evil.example/.niceincontact.com", "evil.example%23.niceincontact.com", "evil.example%3F.niceincontact.com", "http://api.niceincontact.com",
        "ftp://api.niceincontact.com", "//evil.example", "https://", "https://https://api.niceincontact.com", "127.0.0.1", "localhost", "[::1]",
        "api.niceincontact.com%3A8443", "api.niceincontact.com.", ".niceincontact.com", "-.niceincontact.com", "a..niceincontact.com",
        "169.254.169.254", "api.niceincontact.com%0d%0aHost:evil", "api.niceincontact.com%00", "api.niceincontact.com/..", "x%5C.niceincontact.com",
        "%C3%A4.niceincontact.com", "api.niceincontact.com%20", "%20api.niceincontact.com", "user:password@api.niceincontact.com", "",
        "api%E3%80%82niceincontact.com", "0x7f000001", "2130706433", "api.niceincontact.com/path", "javascript:alert(1)", "file:///etc/passwd",
        "api_de.niceincontact.com", "nicecxone.com", "evil.example:443#.nicecxone.com", "*.niceincontact.com", "api.niceincontact.com%2Fdfo",
    ])
    func hostileHosts(host: String) async throws {
        let bench = try PagesBench()
        let response = await bench.get("/channels/add?userId=1&brandId=9001&token=one-time-token&apiHost=\(host)")
        #expect(response.status != .ok && response.status != .seeOther)
        #expect(bench.calls.isEmpty)
    }

    @Test("With scheme or without, in any case, CXone's own hosts are called", arguments: [
        "api-de-na1.niceincontact.com", "https://api-de-na1.niceincontact.com", "https://api-de-na1.niceincontact.com/", "API-DE-NA1.NiceInContact.com",
    ])
    func rightHosts(host: String) async throws {
        let bench = try PagesBench()
        _ = await bench.get("/channels/add?userId=1&brandId=9001&token=one-time-token&apiHost=\(host)")
        #expect(bench.calls.first?.url == "https://api-de-na1.niceincontact.com/dfo/3.0/one-time-token/verification")
    }

    @Test("A way back that is not CXone's is words, never a link", arguments: [
        "javascript:alert(1)", "https://evil.example/", "//evil.example", "https://na1.nicecxone.com.evil.example/", "https://na1.nicecxone.com@evil.example/",
        "http://na1.nicecxone.com/", "https://evil.example/?.nicecxone.com", "https://evil.example#.nicecxone.com", "https:na1.nicecxone.com",
        "https://na1.nicecxone.com\\@evil.example", "data:text/html,x", "https://nicecxone.com/", " https://na1.nicecxone.com/", "/relative",
        "https://na1.nicecxone.com:8443/", "\"><script>alert(1)</script>",
    ])
    func hostileBack(url: String) async throws {
        let bench = try PagesBench()
        let encoded = url.utf8.map { "%" + (String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)) }.joined()
        _ = await bench.get("/channels/add?userId=1&brandId=9001&token=one-time-token&apiHost=api-de-na1.niceincontact.com&backUrl=\(encoded)")
        let page = text(await bench.get("/channels/add"))
        #expect(page.contains("not one of its own addresses") && !page.contains("Back to CXone") && !page.contains("<script"))
        #expect(page.matches(of: /href="([^"]*)"/).allSatisfy { ["#content", "style.css", "add", "reconnect", "remove"].contains(String($0.1)) })
    }

    @Test("Links that are not complete, and tenants that are not set up, ask CXone nothing", arguments: [
        "token=one-time-token", "userId=1&token=one-time-token", "userId=x&brandId=9001&token=t", "userId=-1&brandId=9001&token=t",
        "userId=1&brandId=9002&token=t&apiHost=api.nicecxone.com", "userId=1&brandId=09001&token=t&apiHost=api.nicecxone.com", "userId=1&brandId=9001&token=",
        "userId=1&brandId=9001&brandId=9001&token=t", "userId=1&brandId=9001&token=%ZZ", "userId=1&brandId=9001&token=t",
        "userId=1&brandId=9999999999999999999&token=t",
    ])
    func incomplete(query: String) async throws {
        let bench = try PagesBench()
        let response = await bench.get("/channels/add?" + query)
        #expect(response.status.kind == .clientError && bench.calls.filter { $0.url.contains("9002") }.isEmpty)
        if query.contains("token=t") || query == "token=one-time-token" { #expect(bench.calls.count <= 1) }
        #expect(response.fields[.setCookie] == nil)
    }

    @Test("Every failure of CXone is told in words", arguments: [(500, 502), (503, 502), (401, 401), (403, 403)])
    func failures(status: Int, shown: Int) async throws {
        let bench = try PagesBench()
        _ = await bench.arrive()
        bench.state.withLock { $0.failing = status }
        let page = await bench.get("/channels/add")
        #expect(page.status.code == shown && text(page).contains("<h1>"))
    }

    @Test("Every page is kept by nobody, runs no script, and is framed by nobody")
    func headers() async throws {
        let bench = try PagesBench()
        _ = await bench.arrive()
        for target in ["/channels/add", "/channels/reconnect", "/channels/remove", "/channels/nothing"] {
            let fields = await bench.get(target).fields
            #expect(fields[.cacheControl] == "no-store" && fields[.xContentTypeOptions] == "nosniff")
            #expect(fields[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
        }
    }

    @Test("Without an integration in the settings, the page says what to enter where")
    func missingIntegration() async throws {
        let bench = try PagesBench(integration: nil)
        _ = await bench.arrive()
        let page = text(await bench.get("/channels/add"))
        #expect(page.contains("Integration ID") && page.contains("channels.hole") && !page.contains("<form"))
    }
}
