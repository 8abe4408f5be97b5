package import Secrets

/// One tenant of CXone, with the people in it and what signs in to it.
package struct Tenant: Sendable {
    package var brandID = 9001
    package var name = "The Jungle"
    package var tenantID = "11ed5c0f-2b4a-4c1e-9d7f-0242ac110002"
    package var businessUnitID = 15
    package var area = "na1"
    package var domain = "niceincontact.com"
    package var users = [
        User(id: 4711, firstName: "Ann", surname: "Lee", nickname: "annie"), User(id: 4712, firstName: "Ben", surname: "Okoro", nickname: "ben"),
        User(id: 4713, firstName: "Cleo", surname: "Marsh", nickname: "cleo"),
    ]
    /// Digital skills; the first is every channel's unless it has another. Each has a routing queue of its name (`byoc.md` §2).
    package var skills = [Skill(id: 1, name: "Digital", agents: [4711, 4712, 4713])]
    package var credentials: Credentials

    /// `https://cxone.niceincontact.com`.
    package var issuer: String { "https://cxone.\(domain)" }
    /// `https://api-de-na1.niceincontact.com`.
    package var apiOrigin: String { "https://api-de-\(area).\(domain)" }

    package init(credentials: Credentials = Credentials()) { self.credentials = credentials }
}

/// A digital skill, mirrored as a routing queue: who may answer what lands in it.
package struct Skill: Sendable, Equatable {
    package let id: Int
    package let name: String
    package var agents: [Int]

    package init(id: Int, name: String, agents: [Int]) { (self.id, self.name, self.agents) = (id, name, agents) }

    /// The routing queue's id.
    package var queue: String { "queue-\(id)" }
}

/// What a middleware signs in with: a registered application and a service user's access key (`byoc.md` §5.2).
package struct Credentials: Sendable {
    package var clientID = "causeway-app"
    package var clientSecret: Secret
    package var accessKeyID = "AKIDCAUSEWAY"
    package var accessKeySecret: Secret

    package init(clientSecret: Secret = .random(), accessKeySecret: Secret = .random()) {
        (self.clientSecret, self.accessKeySecret) = (clientSecret, accessKeySecret)
    }
}

/// An agent, an administrator or a service user.
package struct User: Sendable {
    package let id: Int
    package let firstName: String
    package let surname: String
    package let nickname: String

    package init(id: Int, firstName: String, surname: String, nickname: String) {
        (self.id, self.firstName, self.surname, self.nickname) = (id, firstName, surname, nickname)
    }

    package var name: String { "\(firstName) \(surname)" }
}

extension Secret {
    /// 32 hexadecimal digits nobody can guess.
    package static func random() -> Secret { Secret(Digest.hex(Random.bytes(16))) }
}

/// Fresh ids.
package enum Fresh {
    /// A UUID of version 4.
    package static func uuid() -> String {
        var octets = Random.bytes(16)
        guard octets.count == 16 else { return "" }
        octets[6] = octets[6] & 0x0F | 0x40
        octets[8] = octets[8] & 0x3F | 0x80
        let digits = Digest.hex(octets)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { result.append("-") }
            result.append(digit)
        }
        return result
    }
}
