import JSON
import Simulator
import Secrets

/// Somebody on the platform.
struct HolePerson: Sendable {
    let id: String
    let firstName: String
    let lastName: String
    /// Cannot be written to any more.
    var hasLeft = false

    static let all = [
        HolePerson(id: "zebra-12", firstName: "Zoe", lastName: "Zebra"), HolePerson(id: "otter-7", firstName: "Ollie", lastName: "Otter"),
        HolePerson(id: "hippo-3", firstName: "Hanna", lastName: "Hippo"), HolePerson(id: "heron-9", firstName: "Hugo", lastName: "Heron", hasLeft: true),
    ]
}

struct HoleFile: Sendable {
    let id: String
    let name: String
    let mediaType: String
    let octets: [UInt8]
}

/// One post, comment or private message.
struct HoleMessage: Sendable {
    /// What became of telling it to the other side.
    enum State: String, Sendable {
        case waiting, sent, failed
        /// Written by an agent.
        case received
    }

    let id: String
    /// `nil` for what an agent wrote.
    let author: String?
    var authorName: String?
    var text = ""
    var heading: String?
    var choices: RawJSON?
    var link: RawJSON?
    /// Ids of files, and names of those that could not be fetched.
    var files: [String] = []
    var lostFiles: [String] = []
    var replyTo: String?
    var isQuote = false
    /// Milliseconds since 1970.
    let time: Int64
    var state: State
    /// Why it was not taken, in words.
    var problem: String?
    var attempts = 0
    var isEdited = false
    var isDeleted = false
    /// Whether a person has seen what an agent wrote.
    var isSeen = false
}

/// A post with its comments, or one person's private conversation.
struct HoleThread: Sendable {
    let id: String
    let isPost: Bool
    var title: String?
    /// Whose private conversation it is.
    let person: String?
    var messages: [HoleMessage] = []
    /// Milliseconds since 1970 until which the agent is shown typing.
    var agentTypesUntil: Int64 = 0
    var isEnded = false
}

/// Something to tell the middleware.
struct HoleEvent: Sendable {
    /// `webhook-id`, the same for each attempt.
    let id: String
    let body: [UInt8]
    let thread: String
    /// The message whose state hangs on it.
    var message: String?
    /// Whether it may be left out when it cannot be told at once.
    var isFleeting = false
    var attempts = 0
}

/// Misbehaviour of the platform towards the middleware.
struct HoleFault: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        /// 503 without a hint.
        case down
        /// 429 with `Retry-After: 2`.
        case busy
        /// Eight seconds before anything happens.
        case slow
        /// The message is taken, the answer comes after the caller has given up.
        case late
        /// A page of a proxy.
        case html
        /// 422: this person cannot be written to.
        case refuse
        /// 404: the conversation is gone.
        case gone
        /// Taken, and reported as failed afterwards.
        case fails
    }

    let kind: Kind
    var count: Int
}

/// A fault that happened, and what came of it.
struct HoleMishap: Sendable {
    let kind: HoleFault.Kind
    /// The delivery that it met.
    let delivery: String
    /// Milliseconds since 1970.
    let at: Int64
    /// In words; `nil` while nothing has come of it.
    var outcome: String?
}

struct HoleWorld: Sendable {
    var threads: [String: HoleThread] = [:]
    /// In the order of their last activity, newest last.
    var order: [String] = []
    var files: [String: HoleFile] = [:]
    var fileOrder: [String] = []
    var outbox: [HoleEvent] = []
    var isSending = false
    /// Answers by `webhook-id`, so that a repeat is shown once.
    var taken: [String: [UInt8]] = [:]
    var takenOrder: [String] = []
    /// Deliveries that are being taken.
    var claimed: Set<String> = []
    var faults: [HoleFault] = []
    var repeats = 0
    var mishaps: [HoleMishap] = []
    /// Part of every id: what the middleware's store knows of an earlier run must mean nothing in this one.
    private let run = Digest.hex(Random.bytes(3))
    private var last = 0

    /// `m-3fa9c1-17`.
    mutating func nextID(_ prefix: String) -> String {
        last += 1
        return "\(prefix)-\(run)-\(last)"
    }

    mutating func edit(_ thread: String, _ message: String, _ change: (inout HoleMessage) -> Void) {
        guard let index = threads[thread]?.messages.firstIndex(where: { $0.id == message }), var edited = threads[thread]?.messages[index] else { return }
        change(&edited)
        threads[thread]?.messages[index] = edited
    }

    mutating func add(_ message: HoleMessage, to thread: String) {
        threads[thread]?.messages.append(message)
        order.removeAll { $0 == thread }
        order.append(thread)
        while order.count > 300, let oldest = order.first {
            threads[oldest] = nil
            order.removeFirst()
        }
    }

    mutating func keep(_ file: HoleFile) {
        files[file.id] = file
        fileOrder.append(file.id)
        while fileOrder.count > 100, let oldest = fileOrder.first {
            files[oldest] = nil
            fileOrder.removeFirst()
        }
    }

    mutating func remember(_ id: String, _ answer: [UInt8]) {
        taken[id] = answer
        takenOrder.append(id)
        while takenOrder.count > 1000, let oldest = takenOrder.first {
            taken[oldest] = nil
            takenOrder.removeFirst()
        }
    }

    mutating func takeFault(_ wanted: Set<HoleFault.Kind>) -> HoleFault.Kind? {
        guard let index = faults.firstIndex(where: { wanted.contains($0.kind) }) else { return nil }
        let kind = faults[index].kind
        faults[index].count -= 1
        if faults[index].count <= 0 { faults.remove(at: index) }
        return kind
    }

    mutating func met(_ kind: HoleFault.Kind, _ delivery: String, at epoch: Int64) {
        let outcome: String? = switch kind {
        case .refuse, .gone: "refused in words, which the agent reads"
        case .fails: "taken, and reported as failed"
        case .down, .busy, .slow, .late, .html: nil
        }
        mishaps.append(HoleMishap(kind: kind, delivery: delivery, at: epoch, outcome: outcome))
        if mishaps.count > 50 { mishaps.removeFirst(mishaps.count - 50) }
    }

    /// The delivery that a fault met has come to an end.
    mutating func settle(_ delivery: String, isRepeat: Bool, at epoch: Int64) {
        for index in mishaps.indices where mishaps[index].delivery == delivery && mishaps[index].outcome == nil {
            if mishaps[index].kind == .late, !isRepeat { continue }
            let words = isRepeat ? "came again and was shown once" : "was taken"
            mishaps[index].outcome = "\(words), \(epoch - mishaps[index].at) ms later"
        }
    }

    /// The private conversation of a person, made when there is none.
    mutating func talk(of person: String) -> String {
        let id = "talk-\(run)-\(person)"
        if threads[id] == nil { threads[id] = HoleThread(id: id, isPost: false, person: person) }
        return id
    }
}
