import Conversation
import JSON
import Secrets

/// What is remembered of one agent's message, from the claim before it is sent until nobody repeats it any more (`state.md` §11).
struct OutboundRecord: Sendable, Equatable {
    enum State: String, Sendable {
        /// Somebody is at work, or was when the process died.
        case running
        /// Nobody is: it failed, and whoever repeats it may go on at once.
        case open
        case done
        /// Done, and the answer reached whoever asked: for a key that is a digest, the next equal message is another one.
        case answered
        /// A durable store has it; the queue delivers it.
        case queued
    }

    var state: State
    /// Of what the message says: the same key with another digest is a mistake of the sender.
    let digest: String
    /// The downstream key: the same for every attempt, in every process.
    let key: String
    /// Who wrote it: tells our own claim from another's when the store's answer to it was lost.
    var owner: String
    /// Milliseconds after this was written during which its writer may still be at work.
    var patience: Int
    /// The thread that was opened for it.
    var thread: ThreadID?
    /// Parts that the platform has, by their keys.
    var sent: [Part] = []
    /// A part that was being sent: written ahead for platforms where sending again could show it twice and must not.
    var sending = false
    var delivery: Delivery?

    struct Part: Sendable, Equatable {
        var key: String
        var sent: SentPart
    }

    init(_ state: State, digest: String, key: String, owner: String, patience: Int) {
        self.state = state
        self.digest = digest
        self.key = key
        self.owner = owner
        self.patience = patience
    }

    // MARK: As JSON

    init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let state = json["state"]?.string.flatMap(State.init),
            let digest = json["digest"]?.string, let key = json["key"]?.string
        else { return nil }
        self.init(state, digest: digest, key: key, owner: json["owner"]?.string ?? "", patience: json["patience"]?.integer ?? 0)
        thread = json["thread"]?.string.map { ThreadID($0) }
        sending = json["sending"]?.bool ?? false
        if let parts = json["sent"] {
            sent = parts.elements.compactMap { part in
                guard let key = part["key"]?.string, let id = part["id"]?.string else { return nil }
                return Part(key: key, sent: SentPart(id: MessageID(id), occurred: part["occurred"]?.integer, url: part["url"]?.string))
            }
        }
        if let delivery = json["delivery"] { self.delivery = Delivery(delivery) }
    }

    var octets: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("state", state.rawValue)
            json.field("digest", digest)
            json.field("key", key)
            json.field("owner", owner)
            json.field("patience", patience)
            json.field("thread", thread?.text)
            if sending { json.field("sending", true) }
            if !sent.isEmpty {
                json.field("sent", array: { json in
                    for part in sent {
                        json.object { json in
                            json.field("key", part.key)
                            json.field("id", part.sent.id.text)
                            json.field("occurred", part.sent.occurred)
                            json.field("url", part.sent.url)
                        }
                    }
                })
            }
            if let delivery { json.field("delivery", object: { delivery.write(to: &$0) }) }
        }
        return writer.bytes
    }
}

extension Delivery {
    init?(_ json: JSON) {
        guard let message = json["message"]?.string, let thread = json["thread"]?.string else { return nil }
        self.init(
            message: MessageID(message), thread: ThreadID(thread), occurred: json["occurred"]?.integer ?? 0, url: json["url"]?.string,
            people: json["people"].map { $0.elements.compactMap(Person.init) } ?? [],
            losses: json["losses"].map { $0.elements.compactMap(\.string) } ?? [])
    }

    func write(to json: inout JSONWriter) {
        json.field("message", message.text)
        json.field("thread", thread.text)
        json.field("occurred", occurred)
        json.field("url", url)
        json.field("people", array: { json in for person in people { json.object { person.write(to: &$0) } } })
        if !losses.isEmpty { json.field("losses", array: { json in for loss in losses { json.value(loss) } }) }
    }
}

extension Person {
    init?(_ json: JSON) {
        guard let id = json["id"]?.string else { return nil }
        self.init(
            PersonID(id), firstName: json["firstName"]?.string, lastName: json["lastName"]?.string, nickname: json["nickname"]?.string,
            image: json["image"]?.string)
    }

    func write(to json: inout JSONWriter) {
        json.field("id", id.text)
        json.field("firstName", firstName)
        json.field("lastName", lastName)
        json.field("nickname", nickname)
        json.field("image", image)
    }
}
