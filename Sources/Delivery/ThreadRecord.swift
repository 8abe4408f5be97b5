package import Conversation
import JSON

/// What is remembered of one thread between requests. Only what nobody else can tell: a lost record costs comfort, never a message.
package struct ThreadRecord: Sendable, Equatable {
    /// CXone's contact number of the present contact.
    package var contact: String?
    /// CXone's id of the customer.
    package var customer: String?
    package var visibility: Visibility
    /// Whom the thread is with.
    package var person: Person?
    /// Whether an agent has written since the contact began.
    package var wasAnswered = false
    /// Whether either side ended it; the next message begins anew.
    package var hasEnded = false
    /// How many conversations of a live chat came before this one under the platform's id of the thread.
    package var generation = 0
    /// The choices shown last, by which a typed "2" or label is understood.
    package var choices: [OutboundContent.Choice] = []

    package init(visibility: Visibility) { self.visibility = visibility }

    package init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let visibility = json["visibility"]?.string.flatMap(Visibility.init) else { return nil }
        self.visibility = visibility
        contact = json["contact"]?.string
        customer = json["customer"]?.string
        wasAnswered = json["answered"]?.bool ?? false
        hasEnded = json["ended"]?.bool ?? false
        generation = json["generation"]?.integer ?? 0
        if let person = json["person"], let id = person["id"]?.string {
            self.person = Person(
                PersonID(id), firstName: person["firstName"]?.string, lastName: person["lastName"]?.string,
                nickname: person["nickname"]?.string, image: person["image"]?.string)
        }
        guard let choices = json["choices"] else { return }
        for choice in choices.elements {
            guard let title = choice["title"]?.string else { continue }
            self.choices.append(.init(title: title, value: choice["value"]?.string))
        }
    }

    package var octets: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("visibility", visibility.rawValue)
            json.field("contact", contact)
            json.field("customer", customer)
            if wasAnswered { json.field("answered", true) }
            if hasEnded { json.field("ended", true) }
            if generation > 0 { json.field("generation", generation) }
            if let person {
                json.field("person", object: { json in
                    json.field("id", person.id.text)
                    json.field("firstName", person.firstName)
                    json.field("lastName", person.lastName)
                    json.field("nickname", person.nickname)
                    json.field("image", person.image)
                })
            }
            if !choices.isEmpty {
                json.field("choices", array: { json in
                    for choice in choices {
                        json.object { json in
                            json.field("title", choice.title)
                            json.field("value", choice.value)
                        }
                    }
                })
            }
        }
        return writer.bytes
    }
}

extension ThreadRecord {
    /// What CXone knows a thread by. A live chat that goes on after its end is a new thread there (`byoc.md` §13 row 22), even when the platform
    /// keeps its id.
    package func threadForContactCentre(_ thread: ThreadID) -> ThreadID {
        generation > 0 ? ThreadID("\(thread.text)~\(generation + 1)") : thread
    }
}
