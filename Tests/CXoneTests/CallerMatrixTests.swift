import CXone
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import TestSupport
import Testing
import Time

/// A way to prove who calls, as the settings say it, and what a caller shows that does everything right.
enum Mechanism: String, CaseIterable, Sendable {
    case oneHeader, twoHeaders, rotatedHeader
    case jwtByFile, jwtByURL, jwtElsewhere, introspected, jwtOverHeader, jwtAndHeader
    case stateValue, stateJWT, stateIntrospected, payloadValue, payloadJWT
    case certificate, certificateByName, certificateByFingerprint, certificateOptional, certificateAndJWT

    /// Of the three versions, those that have it (`virtual-agent.md` §6).
    func isSupported(_ version: String) -> Bool {
        switch self {
        case .oneHeader, .rotatedHeader: true
        case .stateValue, .stateJWT, .stateIntrospected, .payloadValue, .payloadJWT: version == "1.0.0"
        case .certificate, .certificateByName, .certificateByFingerprint, .certificateOptional, .certificateAndJWT: version == "3.0.0"
        default: version != "1.0.0"
        }
    }

    private static let jwt = #""issuer":"https://login.example/","audience":["tunnel","other"]"#
    private static let asked = #""introspection":{"url":"https://login.example/introspect","clientID":"causeway","clientSecret":{"env":"TWO"},"audience":["tunnel"]}"#
    private static let one = #"{"name":"Authorization","values":[{"env":"ONE"}]}"#

    func caller(_ keys: CallerKeys) -> String {
        let byFile = #""jwt":{\#(Self.jwt),"keyFiles":["\#(keys.folder)/P-256.pub"]}"#
        let byURL = #""jwt":{\#(Self.jwt),"keysURL":"https://login.example/keys"}"#
        let pins = #""authorityFiles":["\#(keys.folder)/ca.crt"],"subjects":["CN=cxone, O=Acme\\, Inc"]"#
        return switch self {
        case .oneHeader: #"{"headers":[\#(Self.one)]}"#
        case .twoHeaders: #"{"headers":[{"name":"accessKeyId","values":[{"env":"ONE"}]},{"name":"accessKeySecret","values":[{"env":"TWO"}]}]}"#
        case .rotatedHeader: #"{"headers":[{"name":"Authorization","values":[{"env":"ONE"},{"env":"TWO"}]}]}"#
        case .jwtByFile: #"{"token":{\#(byFile)}}"#
        case .jwtByURL: #"{"token":{\#(byURL)}}"#
        case .jwtElsewhere: #"{"token":{"header":"X-Token","prefix":"",\#(byFile)}}"#
        case .introspected: #"{"token":{\#(Self.asked)}}"#
        case .jwtOverHeader: #"{"headers":[\#(Self.one)],"token":{\#(byFile)}}"#
        case .jwtAndHeader: #"{"headers":[{"name":"X-Key","values":[{"env":"TWO"}]}],"token":{\#(byFile)}}"#
        case .stateValue: #"{"token":{"sessionState":"access_token","values":[{"env":"THREE"}]}}"#
        case .stateJWT: #"{"token":{"sessionState":"auth.token",\#(byFile)}}"#
        case .stateIntrospected: #"{"token":{"sessionState":"auth.token",\#(Self.asked)}}"#
        case .payloadValue: #"{"headers":[\#(Self.one)],"token":{"customPayload":"token","values":[{"env":"THREE"}]}}"#
        case .payloadJWT: #"{"token":{"sessionState":"token","customPayload":"context.token",\#(byFile)}}"#
        case .certificate: #"{"certificate":{\#(pins)}}"#
        case .certificateByName: #"{"certificate":{"subjects":["DNS:CXone.acme.example"]}}"#
        case .certificateByFingerprint: #"{"certificate":{"fingerprints":["\#(keys.text("client2.sha256"))","\#(keys.text("client.sha256"))"]}}"#
        case .certificateOptional: #"{"headers":[\#(Self.one)],"certificate":{"mode":"optional",\#(pins)}}"#
        case .certificateAndJWT: #"{"token":{\#(byFile)},"certificate":{\#(pins)}}"#
        }
    }

    var isCertificate: Bool { rawValue.hasPrefix("certificate") }
    private var carriesToken: Bool { rawValue.contains("jwt") || rawValue.contains("JWT") || rawValue.lowercased().contains("introspected") }

    func right(_ keys: CallerKeys, token: String? = nil) -> Shown {
        let now = isCertificate ? SystemTime().epochMilliseconds() : CallerBench.now
        let jwt = token ?? (rawValue.lowercased().contains("introspected") ? "Opaque-Token-1" : keys.token(claims: claims(now: now)))
        var shown = Shown()
        switch self {
        case .oneHeader, .rotatedHeader, .certificateOptional: shown.fields = [("Authorization", CallerBench.one)]
        case .twoHeaders: shown.fields = [("accessKeyId", CallerBench.one), ("accessKeySecret", CallerBench.two)]
        case .jwtByFile, .jwtByURL, .introspected, .jwtOverHeader, .certificateAndJWT: shown.fields = [("Authorization", "Bearer " + jwt)]
        case .jwtElsewhere: shown.fields = [("X-Token", jwt)]
        case .jwtAndHeader: shown.fields = [("Authorization", "Bearer " + jwt), ("X-Key", CallerBench.two)]
        case .stateValue: shown.state = #"{"access_token":"\#(token ?? CallerBench.three)"}"#
        case .stateJWT, .stateIntrospected: shown.state = #"{"auth":{"token":"\#(jwt)"},"v":1,"state":"x.y"}"#
        case .payloadValue:
            shown.fields = [("Authorization", CallerBench.one)]
            shown.payload = #"{"token":"\#(token ?? CallerBench.three)"}"#
        case .payloadJWT: shown.payload = quote(#"{"context":{"token":"\#(jwt)","lifespan":"5"}}"#)
        case .certificate, .certificateByName, .certificateByFingerprint: break
        }
        if isCertificate { shown.certificate = keys.text("client.crt") }
        return shown
    }

    /// What goes wrong, and the status that then comes.
    func defects(_ keys: CallerKeys) -> [(name: String, shown: Shown, status: Int)] {
        let right = right(keys)
        var found: [(String, Shown, Int)] = [("nothing", right, 200), ("all left out", Shown(), 401)]
        for (index, field) in right.fields.enumerated() {
            func changed(_ name: String, _ status: Int, _ edit: (inout Shown) -> Void) {
                var shown = right
                edit(&shown)
                found.append(("\(field.0) \(name)", shown, status))
            }
            changed("absent", 401) { $0.fields.remove(at: index) }
            changed("empty", 401) { $0.fields[index].1 = "" }
            changed("with a tail", 401) { $0.fields[index].1 += "x" }
            changed("without its last letter", 401) { $0.fields[index].1.removeLast() }
            changed("in small letters", 401) { $0.fields[index].1 = field.1.lowercased() }
            changed("of somebody", 401) { $0.fields[index].1 = "Bearer nobody-knows-this-value" }
            changed("twice", 400) { $0.fields.append(field) }
            changed("under another name", 401) { $0.fields[index].0 = "X-" + field.0 }
            changed("in the query", 401) { shown in
                shown.fields.remove(at: index)
                shown.query = "?\(field.0)=\(field.1.filter { $0 != " " })"
            }
        }
        if self == .rotatedHeader { found.append(("the next value", Shown(fields: [("Authorization", CallerBench.two)]), 200)) }
        if self == .jwtOverHeader { found.append(("the custom header's own value", Shown(fields: [("Authorization", CallerBench.one)]), 401)) }
        if carriesToken, !rawValue.lowercased().contains("introspected") { found += tokenDefects(keys) }
        if rawValue.lowercased().contains("introspected") { found.append(("a token unknown to the server", self.right(keys, token: "unknown-token"), 401)) }
        if right.state != nil || right.payload != nil { found += bodyDefects(keys, right) }
        if isCertificate { found += certificateDefects(keys, right) }
        return found
    }

    private func tokenDefects(_ keys: CallerKeys) -> [(String, Shown, Int)] {
        let now = isCertificate ? SystemTime().epochMilliseconds() : CallerBench.now
        let seconds = now / 1000
        return [
            ("expired", right(keys, token: keys.token(claims: claims(now: now, exp: "\(seconds - 31)"))), 401),
            ("not yet valid", right(keys, token: keys.token(claims: claims(now: now, nbf: "\(seconds + 120)"))), 401),
            ("of another issuer", right(keys, token: keys.token(claims: claims(now: now, iss: #""https://evil.example/""#))), 401),
            ("for another audience", right(keys, token: keys.token(claims: claims(now: now, aud: #""elsewhere""#))), 401),
            ("signed by another key", right(keys, token: keys.token("other.pem", claims: claims(now: now))), 401),
            ("unsigned", right(keys, token: String(keys.token(claims: claims(now: now)).dropLast(86))), 401),
            ("for one of two audiences", right(keys, token: keys.token(claims: claims(now: now, aud: #"["x","other"]"#))), 200),
        ]
    }

    private func bodyDefects(_ keys: CallerKeys, _ right: Shown) -> [(String, Shown, Int)] {
        var found: [(String, Shown, Int)] = []
        func changed(_ name: String, _ status: Int, _ edit: (inout Shown) -> Void) {
            var shown = right
            edit(&shown)
            found.append((name, shown, status))
        }
        changed("an empty token", 401) { $0 = self.right(keys, token: "") }
        changed("another token", 401) { $0 = self.right(keys, token: "another-token-of-some-length") }
        changed("a token that is no text", 401) { ($0.state, $0.payload) = (#"{"access_token":1,"token":{"a":1},"auth":{"token":[]}}"#, #"{"token":true}"#) }
        changed("a token at another place", 401) { ($0.state, $0.payload) = ($0.payload.map { _ in #"{"elsewhere":"x"}"# }, $0.state.map { _ in #"{"elsewhere":"x"}"# }) }
        changed("the token in a header instead", 401) { shown in
            (shown.state, shown.payload) = (nil, nil)
            shown.fields.append(("X-Token", CallerBench.three))
        }
        return found
    }

    private func certificateDefects(_ keys: CallerKeys, _ right: Shown) -> [(String, Shown, Int)] {
        func with(_ name: String, _ certificate: String?, _ status: Int) -> (String, Shown, Int) {
            var shown = right
            shown.certificate = certificate
            return (name, shown, status)
        }
        let pem = keys.text("client.crt")
        let der = pem.split(separator: "\n").dropFirst().dropLast().joined()
        let byAuthority = self != .certificateByName && self != .certificateByFingerprint
        var found = [
            with("no certificate", nil, self == .certificateOptional ? 200 : 401),
            with("an empty one", "", self == .certificateOptional ? 200 : 401),
            with("as nginx writes it", pem.replacing("\n", with: "%0A").replacing(" ", with: "%20").replacing("+", with: "%2B").replacing("/", with: "%2F"), 200),
            with("as base64", der, 200), with("cut off", String(pem.dropLast(60)), 401), with("no certificate at all", "SUCCESS", 401),
            with("a key instead", keys.text("client.key"), 401),
            with("its successor", keys.text("client2.crt"), 200),
            with("another subject's", keys.text("stranger.crt"), self == .certificateByName ? 200 : 401),
            with("another authority's", keys.text("forged.crt"), self == .certificateByName ? 200 : 401),
            with("one for servers", keys.text("server.crt"), 401),
        ]
        if byAuthority {
            var shown = right
            shown.certificate = keys.text("forged.crt")
            shown.fields += [("SSL-Client-Verify", "SUCCESS"), ("SSL-Client-Cert", der), ("X-SSL-Client-Cert", der)]
            found.append(("another's, with headers that say it is right", shown, 401))
        }
        if self != .certificateOptional {
            var shown = right
            shown.certificate = nil
            shown.fields += [("SSL-Client-Verify", "SUCCESS"), ("SSL-Client-Cert", der), ("X-Client-Cert", der), ("X-Forwarded-Client-Cert", der)]
            found.append(("only headers that say so", shown, 401))
        }
        return found
    }
}

@Suite("Who may call the tunnel: version × mechanism × defect")
struct CallerMatrixTests {
    @Test("V62, V63, V66–V70, V79–V82, V84, V87: each cell as specified; whoever is refused has no effect", arguments: Mechanism.allCases)
    func matrix(mechanism: Mechanism) async throws {
        let keys = try CallerKeys.shared.get()
        let set = keys.set([("one", "P-256.pem"), ("two", "rsa2048.pem")])
        for version in ["1.0.0", "2.0.0", "3.0.0"] {
            guard mechanism.isSupported(version) else {
                // One error for each pair, which names the way out.
                let error = #expect(throws: SettingsError.self) { try CallerBench.settings(mechanism.caller(keys), version: version) }
                #expect(error?.description.contains("integration version \(version)") ?? false, "\(mechanism) \(version): \(String(describing: error))")
                continue
            }
            for (defect, shown, status) in mechanism.defects(keys) {
                let issuer = FakeIssuer(keys: set, answers: ["Opaque-Token-1": #"{"active":true,"aud":"tunnel","exp":\#(CallerBench.now / 1000 + 60)}"#])
                let bench = try CallerBench(
                    mechanism.caller(keys), version: version, issuer: issuer,
                    epoch: mechanism.isCertificate ? SystemTime().epochMilliseconds() : CallerBench.now)
                let response = await bench.post(shown)
                #expect(response.status.code == status, "\(version) × \(mechanism) × \(defect): \(response.notes)")
                #expect(bench.agent.turns.count == (status == 200 ? 1 : 0), "\(version) × \(mechanism) × \(defect)")
                if status == 401 { #expect(response.body.isEmpty && response.fields.isEmpty) }
            }
        }
    }

    @Test("the matrix has at least 150 cells that are served or refused, unsupported pairs not counted")
    func size() throws {
        let keys = try CallerKeys.shared.get()
        let cells = Mechanism.allCases.reduce(0) { sum, mechanism in
            sum + mechanism.defects(keys).count * ["1.0.0", "2.0.0", "3.0.0"].filter(mechanism.isSupported).count
        }
        #expect(cells >= 150, "\(cells)")
    }

    @Test("V84–V87: a certificate past its end, or before its beginning, does not count, whatever the server says", arguments: [-400, 2, 40])
    func dates(days: Int) async throws {
        let keys = try CallerKeys.shared.get()
        let epoch = SystemTime().epochMilliseconds() + Int64(days) * 86_400_000
        let bench = try CallerBench(#"{"certificate":{"authorityFiles":["\#(keys.folder)/ca.crt"]}}"#, epoch: epoch)
        #expect(await bench.status(Shown(certificate: keys.text("short.crt"))) == 401)
        #expect(await bench.status(Shown(certificate: keys.text("client.crt"))) == (days == 2 ? 200 : 401))
    }
}
