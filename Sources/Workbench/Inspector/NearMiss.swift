import JSON
import Simulator
import Synchronization

/// Whose names a body should speak.
enum BodyKind: Sendable {
    case exchange, messaging

    init(_ row: InspectorEntry.Row) { self = row.half == .virtualAgentHub ? .exchange : .messaging }

    enum Side { case request, response }

    /// Of messaging only what the middleware says to CXone: CXone's own bodies have members that nobody lists. Of turns both, for those sent by hand.
    func judges(_ side: Side, _ direction: InspectorEntry.Row.Direction) -> Bool {
        switch direction {
        case .fromCXone: self == .exchange || side == .response
        case .toCXone: side == .request
        case .fromPlatform: false
        }
    }
}

/// Names of members that nobody reads and that are almost one that is read: the slip that CXone passes over in silence.
struct NearMiss: Sendable, Equatable {
    /// Where it stands: `nextPromptSequence.prompts[0].transscript`.
    let path: String
    let name: String
    let meant: String

    /// Every member whose name is unknown and at most two slips from a known one that its object does not have already. What scripts and
    /// agents name themselves is not looked at.
    static func found(in body: JSON, _ kind: BodyKind) -> [NearMiss] {
        var found: [NearMiss] = []
        look(body, "", Vocabulary.of(kind), &found)
        return found
    }

    private static func look(_ value: JSON, _ path: String, _ known: Vocabulary, _ found: inout [NearMiss]) {
        guard found.count < 20 else { return }
        switch value.kind {
        case .object:
            let names = value.members.map(\.name)
            for member in value.members {
                let name = member.name
                let place = JSONPath.member(name, of: path)
                if !known.names.contains(name), let meant = known.nearest(to: name), !names.contains(meant) {
                    found.append(NearMiss(path: place, name: name, meant: meant))
                } else if !known.open.contains(name) {
                    look(member.value, place, known, &found)
                }
            }
        case .array:
            for (index, element) in value.elements.enumerated() { look(element, "\(path)[\(index)]", known, &found) }
        default: break
        }
    }

    /// Insertions, deletions, replacements and exchanged neighbours, without regard to case; `nil` beyond `most`.
    static func distance(_ left: String, _ right: String, most: Int) -> Int? {
        let (left, right) = (Array(left.lowercased().utf8), Array(right.lowercased().utf8))
        guard abs(left.count - right.count) <= most else { return nil }
        var older: [Int] = [], old = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var new = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(old[column] + (letter == other ? 0 : 1), old[column + 1] + 1, new[column] + 1)
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other { least = min(least, older[column - 1] + 1) }
                new.append(least)
            }
            if (new.min() ?? 0) > most { return nil }
            (older, old) = (old, new)
        }
        return old.last.flatMap { $0 <= most ? $0 : nil }
    }
}

/// How a place in a body is written, the same here, in the simulator's complaints and on the page.
enum JSONPath {
    static func member(_ name: String, of path: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// The members of a contract.
final class Vocabulary: Sendable {
    let names: Set<String>
    /// Members whose insides are somebody else's.
    let open: Set<String>
    /// What was found out about names that are not ours: bodies repeat theirs.
    private let known = Mutex<[String: String?]>([:])

    private init(_ names: String, open: String) {
        self.names = Set(names.split { $0 == " " || $0 == "\n" }.map(String.init))
        self.open = Set(open.split(separator: " ").map(String.init))
    }

    func nearest(to name: String) -> String? {
        guard name.utf8.count >= 4, name.utf8.count <= 60 else { return nil }
        if let found = known.withLock({ $0[name] }) { return found }
        let found = search(name)
        known.withLock { known in
            if known.count > 2_000 { known = [:] }
            known.updateValue(found, forKey: name)
        }
        return found
    }

    private func search(_ name: String) -> String? {
        let most = name.utf8.count >= 8 ? 2 : 1
        var best: (name: String, distance: Int)?
        for known in names {
            guard let distance = NearMiss.distance(name, known, most: best.map { min(most, $0.distance) } ?? most) else { continue }
            if let found = best, found.distance < distance || (found.distance == distance && found.name < known) { continue }
            best = (known, distance)
        }
        return best?.name
    }

    static func of(_ kind: BodyKind) -> Vocabulary { kind == .exchange ? exchange : messaging }

    /// `virtual-agent.md` §3, §4.
    private static let exchange = Vocabulary(
        """
        virtualAgentId botConfig userInput userInputType executionInfo systemTelemetryData base64wavFile base64WavFile botSessionState
        customPayload mediaType automatedIntent contactId busNo requestId actionType actionId scriptName consumerProcessHost
        consumerProcessName consumerProcessVersion inContactClusterAlias inContactScriptEngineHost consumerMetaData branchName
        nextPromptSequence intentInfo nextPromptBehaviors errorDetails prompts transcript textToSpeech audioFilePath
        base64EncodedG711ulawWithWavHeader mediaSpecificObject intent context intentConfidence lastUserUtterance slots silenceRules
        engageComfortSequence botResponseDelayTolerance comfortPromptSequence millisecondsToWaitForUserResponse audioCollectionRules
        collectionType dtmfRules detectDtmf clearDigits terminationCharacters stripTerminator interDigitTimeoutMilliseconds maxDigits
        bargeConfiguration enableSpeakerBarge audioTranscriptionConfig transcriptionProfileId hintPhrases errorBehavior
        errorPromptSequence systemErrorMessage
        """, open: "botConfig botSessionState customPayload mediaSpecificObject slots consumerMetaData")

    /// `byoc.md` §3, §6–10.
    private static let messaging = Vocabulary(
        """
        id idOnExternalPlatform direction createdAt createdAtWithMilliseconds thread threadName messageContent type payload text
        fallbackText postback parameters authorEndUserIdentity authorCustomerIdentity replyToMessage isReplyToSpecificMessage url title
        attachments friendlyName recipients authorRecipients endUserRecipients endUserIdentities contact customFields ident value skillId
        status statusUpdatedAt elevation browserFingerprint browser browserVersion os osVersion language ip location country deviceType
        deviceToken applicationType supportedMessageTypes tagIds reactionStatistics likes shares isLikedByChannel isSharedByChannel
        deletedOnExternalPlatform externalAttributes key firstName lastName nickname image fullName name isPrimary isPrivate anonymizedAt
        anonymizedReason message brand forward originChannel updatedAt reason action isTyping isRead content mimeType grant_type client_id
        client_secret access_token refresh_token token_type expires_in scope displayErrorMessage errors field errorCode uid
        consumerContact channelId integrationId brandId userId token purpose canAddMoreMessages user sender post data case
        """, open: "customFields parameters payload externalAttributes data errors")
}
