package import HTTP
package import JSON
package import Secrets

/// An app of Virtual Agent Hub of the type Custom Exchange Endpoint, together with the Studio script that uses it.
package struct HubApp: Sendable {
    /// For people at the desk.
    package var name: String
    // MARK: The app's form
    /// `virtualAgentId`.
    package var agent: String
    package var url: String
    package var version = HubVersion.v3
    /// The form's one field of 1.0.0.
    package var authorizationHeader: Secret?
    /// Custom headers of 2.0.0 and 3.0.0.
    package var headers: [Pair] = []
    package var oauth: OAuth?
    /// Client certificate, key and authorities as files of this machine.
    package var connection = ConnectionOptions()
    package var endpointParameters: [(name: String, value: String)] = []
    package var timeoutSeconds = 10
    package var locale: String?
    package var transcript = Transcript.none

    // MARK: The script
    package var action: StudioAction
    package var welcome = "WELCOME"
    /// What the script attaches to each turn.
    package var customPayload = RawJSON.emptyObject
    package var connected: Set<String>
    package var drops = Drops()
    package var atDefault = AtDefault.ends
    /// A 1.0.0 script's own handling of a token (V72).
    package var scriptToken: ScriptToken?
    package var transferSkill = "Live agents"
    /// Parts of an intent's name with which the script asks for a person.
    package var transferIntents = ["escalat"]
    /// What the digital channel shows; other rich messages become their fallback text (§9).
    package var richTypes = HubApp.allRichTypes
    package var rules: CollectionRules

    package var medium: HubMedium { action.medium }

    package init(name: String, agent: String, url: String, action: StudioAction) {
        (self.name, self.agent, self.url, self.action) = (name, agent, url, action)
        connected = Set(ExchangeBranch.allCases.map(\.rawValue) + [HubApp.defaultBranch])
        rules = CollectionRules.ofScript(action.medium)
    }

    package static let defaultBranch = "Default"
    package static let allRichTypes = ["TEXT", "LIST_PICKER", "QUICK_REPLIES", "TIME_PICKER", "RICH_LINK", "FORM", "ADAPTIVE_CARD", "PLUGIN"]

    package struct Pair: Sendable {
        package let name: String
        package var value: Secret

        package init(_ name: String, _ value: Secret) { (self.name, self.value) = (name, value) }
    }

    /// Tokens that the app manages (§6); in 1.0.0 the same thing done by a REST API action of the script.
    package struct OAuth: Sendable {
        package var url: String
        package var body: [Pair] = []
        package var headers: [Pair] = []
        package var encoding = Encoding.form
        package var tokenName = "access_token"
        package var expiresName = "expires_in"
        package var headerName = "Authorization"
        package var prefix = "Bearer"
        /// The app's own setting, for answers that name no lifetime.
        package var lifeSeconds: Int?

        package init(url: String) { self.url = url }

        package enum Encoding: String, Sendable, CaseIterable { case form, json }
    }

    package struct ScriptToken: Sendable {
        package var oauth: OAuth
        package var place = Place.botSessionState
        package var name = "token"
        /// Whether the script asks for a new token when the old one has expired.
        package var renews = true

        package init(oauth: OAuth) { self.oauth = oauth }

        package enum Place: String, Sendable, CaseIterable { case customPayload, botSessionState }
    }

    /// What a script forgets to pass (V49, V69).
    package struct Drops: Sendable, Equatable {
        package var state = false
        package var headers = false
        package var payload = false
        package var welcome = false

        package init(state: Bool = false, headers: Bool = false, payload: Bool = false, welcome: Bool = false) {
            (self.state, self.headers, self.payload, self.welcome) = (state, headers, payload, welcome)
        }
    }

    /// Where a script goes that left by a branch that nobody connected.
    package enum AtDefault: String, Sendable, CaseIterable { case ends, asksAgain }
    /// What CXone collects of the conversation (§11).
    package enum Transcript: String, Sendable, CaseIterable { case none, transcript, intents, both }
}
