import Catalog
import ChannelCatalog
import Store
import Time

extension Doctor {
    static var tokenChecks: [Check] { [
        Check("tokens.agents", "agents' token endpoints grant a token, and where its lifetime comes from", need: .network, look: agentTokens),
        Check("tokens.cxone", "CXone takes our sign-in, and has the channels", need: .network, look: cxone),
    ] }

    private static func agentTokens(_ examination: Examination) async -> [Finding] {
        guard let settings = examination.settings else { return [] }
        let (transport, time) = (examination.tools.transport, examination.tools.time)
        var found: [Finding] = []
        for (name, agent) in settings.turns.agents {
            guard let oauth = agent.connection?.oauth else { continue }
            let place = "agents.\(name).connection.oauth"
            // Without the store: a token that is kept there says nothing about the endpoint.
            let source = OAuthTokenSource(oauth, tenant: name, over: transport, tokens: TokenCache(store: nil, time: time), time: time)
            switch await source.fetch(by: time.now().advanced(byMilliseconds: 6000)) {
            case .success(let grant): found.append(judge(grant, at: place))
            case .failure(let failure): found.append(refused(failure, at: place))
            }
        }
        return found
    }

    private static func judge(_ grant: TokenGrant, at place: String) -> Finding {
        let seconds = grant.life / 1000
        switch grant.lifetimeOrigin {
        case .answer where seconds < 60:
            return .warn("the token lives \(seconds) s only, by the answer", at: place,
                fix: "let the authorization server give tokens that live 10 minutes or more")
        case .answer: return .good("a token for \(seconds) s, by the answer", at: place)
        case .setting: return .good("a token for \(seconds) s, by \"lifetimeSeconds\": the answer tells no lifetime", at: place)
        case .standard:
            return .warn(
                "a token for \(seconds) s by default: neither the answer nor the settings tell its lifetime", at: place,
                fix: "name where the answer has it (\"lifetimeKey\"), or set \"lifetimeSeconds\" to what the server's operator says")
        }
    }

    private static func refused(_ failure: TokenFailure, at place: String) -> Finding {
        let fix = switch failure.code {
        case .refused: "correct \"clientID\" and \"clientSecret\"; some servers want them in the body: \"authentication\": \"body\""
        case .busy: "ask its operator; until then agents go without token"
        case .malformed: "name where the answer has the token: \"tokenKey\""
        case .notReached, .timedOut, .cancelled: "correct \"url\"; see reach.hosts for the way to it"
        }
        return .bad(failure.description, at: place, fix: fix)
    }

    private static func cxone(_ examination: Examination) async -> [Finding] {
        guard let messaging = examination.settings?.messaging, messaging.channels.contains(where: { $0.group.platform != nil }) else { return [] }
        do {
            let lines = try await ChannelDesk(messaging, over: examination.tools.transport, time: examination.tools.time).list()
            let open = lines.filter { !$0.hasPrefix("✓") && !$0.hasPrefix("?") }
            let signed = Finding.good("CXone takes our sign-in", at: "tenants")
            return [signed] + open.map { line in
                .warn("\(line.drop { !$0.isLetter })", at: "channels", fix: "`causeway channels` and `causeway sheet` tell the steps")
            }
        } catch {
            return [.bad(
                "CXone: \(error)", at: "tenants",
                fix: "compare client id, client secret, access key and \"issuer\" with CXone; the service user needs digital permissions")]
        }
    }
}
