package import Conversation
package import JSON
import Time

// What several operations of the Digital Engagement API have in common (`byoc.md` §8).

/// `ident`, `value`, `updatedAt`. The definitions must exist in CXone; a value has at most 1024 characters.
package struct CustomField: Sendable, Equatable {
    package let ident: String
    package let value: String
    /// Milliseconds since 1970.
    package let updated: Int?

    package init(ident: String, value: String, updated: Int? = nil) {
        self.ident = ident
        self.value = String(value.prefix(1024))
        self.updated = updated
    }

    func write(to writer: inout JSONWriter) {
        writer.object { json in
            json.field("ident", ident)
            json.field("value", value)
            json.field("updatedAt", updated.map { Timestamp.text($0) })
        }
    }
}

extension JSONWriter {
    mutating func field(_ name: String, customFields fields: [CustomField]) {
        guard !fields.isEmpty else { return }
        field(name, array: { list in for field in fields { field.write(to: &list) } })
    }

    /// `authorEndUserIdentity` and the like.
    mutating func field(_ name: String, identity person: Person, customFields: [CustomField] = []) {
        field(name, object: { json in
            json.field("idOnExternalPlatform", person.id.text)
            json.field("firstName", person.firstName)
            json.field("lastName", person.lastName)
            json.field("nickname", person.nickname)
            json.field("image", person.image)
            json.field("customFields", customFields: customFields)
        })
    }
}

extension JSON {
    /// An id, which may come as text or as number; kept as text. Empty and absent are the same (`byoc.md` §13).
    var idText: String? {
        let text = string ?? numberLiteral
        return text?.isEmpty == true ? nil : text
    }
}

/// One person among those of a thread: `recipients[]`, `authorRecipients[]`.
package struct Recipient: Sendable, Equatable {
    package var id: PersonID
    package var name: String?
    package var isPrimary: Bool?
    package var isPrivate: Bool?

    package init(_ id: PersonID, name: String? = nil, isPrimary: Bool? = nil, isPrivate: Bool? = nil) {
        self.id = id
        self.name = name
        self.isPrimary = isPrimary
        self.isPrivate = isPrivate
    }

    func write(to writer: inout JSONWriter) {
        writer.object { json in
            json.field("idOnExternalPlatform", id.text)
            json.field("name", name)
            json.field("isPrimary", isPrimary)
            json.field("isPrivate", isPrivate)
        }
    }
}
