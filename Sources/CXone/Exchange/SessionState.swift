import Conversation
import JSON
import Secrets

/// What one turn leaves to the next. It travels through CXone and a script that customers edit, so it is signed and bound to tenant,
/// agent and contact, and holds no secret (`virtual-agent.md` §8.1, `security.md` §4).
struct SessionState: Equatable {
    var conversation: ConversationKey
    /// Turns served so far.
    var turn = 0
    /// Silent turns in a row.
    var silences = 0
    /// What the agent left for itself, and what its stand-in did.
    var agent: RawJSON?
    var fallback: RawJSON?

    /// Octets of a state on the wire, and from which size it deserves a warning: Studio cuts strings at 2 KB in some settings.
    static let most = 16 << 10
    static let large = 2 << 10
}

/// Whose state it is. Two of these never share a state or a conversation.
struct SessionBinding {
    let octets: [UInt8]

    init(tenant: String, agent: String, virtualAgentId: String, contact: String) {
        var octets: [UInt8] = []
        octets.reserveCapacity(96)
        for part in [tenant, agent, virtualAgentId, contact] {
            octets.append(contentsOf: part.utf8)
            octets.append(0)
        }
        self.octets = octets
    }
}

/// Signs and checks states: `{"v":1,"state":"<body>.<mac>"}`, where the body is base64url of compact JSON and the mac the first 16
/// octets of HMAC-SHA-256. One opaque text, because scripts that write the state anew may change every space and number in it.
struct SessionSigner: Sendable {
    private let keys: [Secret]

    init(keys: [Secret]) { self.keys = keys }

    /// A UUID that follows from whom the conversation is with, so that a script that forgets the state keeps the conversation.
    /// Test runs have contact numbers that repeat, so theirs get a random part.
    func conversation(_ binding: SessionBinding, isStable: Bool) -> ConversationKey {
        let random = isStable ? [] : Random.bytes(16)
        var uuid = keys.first.map { Digest.hmac(Array("conversation\0".utf8) + binding.octets + random, key: $0) } ?? Random.bytes(16)
        guard uuid.count >= 16 else { return ConversationKey("00000000-0000-8000-8000-000000000000") }
        uuid[6] = uuid[6] & 0x0F | 0x80
        uuid[8] = uuid[8] & 0x3F | 0x80
        var text: [UInt8] = []
        text.reserveCapacity(36)
        let digits: StaticString = "0123456789abcdef"
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            text.append(digits.utf8Start[Int(uuid[index] >> 4)])
            text.append(digits.utf8Start[Int(uuid[index] & 15)])
        }
        return ConversationKey(String(decoding: text, as: UTF8.self))
    }

    enum Reading: Equatable {
        case state(SessionState)
        /// Nothing that we wrote for this contact, and why: `stateForged` and its like. `nil` when there was none to begin with.
        case none(StaticString?)

        static func == (left: Reading, right: Reading) -> Bool {
            switch (left, right) {
            case (.state(let one), .state(let other)): one == other
            case (.none(let one), .none(let other)): one?.description == other?.description
            default: false
            }
        }
    }

    func read(_ value: JSON?, _ binding: SessionBinding) -> Reading {
        guard let value else { return .none(nil) }
        guard value.raw.count <= SessionState.most else { return .none("stateTooLarge") }
        guard value.kind == .object, let text = value["state"]?.plainBytes, let version = value["v"] else { return .none("stateForeign") }
        guard version.integer == 1 else { return .none("stateVersion") }
        guard let dot = text.firstIndex(of: UInt8(ascii: ".")) else { return .none("stateForeign") }
        let body = text[..<dot]
        guard let mac = Base64.decode(text[(dot + 1)...], .url), mac.count == 16,
            keys.contains(where: { Digest.equal(Array(self.mac(body, binding, key: $0)), mac) })
        else { return .none("stateForged") }
        guard let octets = Base64.decode(body, .url), let json = try? JSON(parsing: octets), let state = SessionState(reading: json)
        else { return .none("stateForeign") }
        return .state(state)
    }

    /// The state as the answer carries it. When it would grow beyond the limit, what the agents left is dropped: the conversation's
    /// key and counts always survive.
    func write(_ state: SessionState, _ binding: SessionBinding, warnings: inout [StaticString]) -> RawJSON {
        let written = write(state, binding)
        guard written.bytes.count > SessionState.most else {
            if written.bytes.count > SessionState.large { warnings.append("stateLarge") }
            return written
        }
        warnings.append("stateDropped")
        var bare = state
        bare.agent = nil
        bare.fallback = nil
        return write(bare, binding)
    }

    private func write(_ state: SessionState, _ binding: SessionBinding) -> RawJSON {
        var writer = JSONWriter(reservingCapacity: 96 + (state.agent?.bytes.count ?? 0))
        writer.object { body in
            body.field("k", state.conversation.text)
            body.field("t", state.turn)
            if state.silences > 0 { body.field("s", state.silences) }
            body.field("a", state.agent)
            body.field("f", state.fallback)
        }
        let body = Base64.encode(writer.bytes, .url)
        let mac = keys.first.map { Base64.encode(self.mac(body[...], binding, key: $0), .url) } ?? []
        var text = body
        text.append(UInt8(ascii: "."))
        text.append(contentsOf: mac)
        return RawJSON(reservingCapacity: body.count + mac.count + 32) { wire in
            wire.object { wire in
                wire.field("v", 1)
                wire.name("state")
                wire.plainString(text)
            }
        }
    }

    private func mac(_ body: ArraySlice<UInt8>, _ binding: SessionBinding, key: Secret) -> ArraySlice<UInt8> {
        var signed: [UInt8] = []
        signed.reserveCapacity(16 + binding.octets.count + body.count)
        signed.append(contentsOf: "state v1\0".utf8)
        signed.append(contentsOf: binding.octets)
        signed.append(contentsOf: body)
        return Digest.hmac(signed, key: key).prefix(16)
    }
}

extension SessionState {
    fileprivate init?(reading json: JSON) {
        guard let key = json["k"]?.string, let turn = json["t"]?.integer, (0..<1_000_000).contains(turn) else { return nil }
        conversation = ConversationKey(key)
        self.turn = turn
        silences = json["s"]?.integer ?? 0
        agent = json["a"].map { RawJSON($0) }
        fallback = json["f"].map { RawJSON($0) }
    }
}
