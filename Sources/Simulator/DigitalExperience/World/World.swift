import JSON
import Secrets
import Time

/// Everything that one tenant knows, guarded by its owner's lock.
struct World {
    var behaviour = Behaviour()
    var tenant: Tenant
    /// Where files and pages of this server are reached.
    var baseURL: String
    var integrations: [String: Integration] = [:]
    var channels: [String: Channel] = [:]
    var channelOrder: [String] = []
    var threads: [ThreadKey: Conversation] = [:]
    var threadOrder: [ThreadKey] = []
    var contacts: [String: Contact] = [:]
    var contactOrder: [String] = []
    var messages: [String: Message] = [:]
    var messageOrder: [String] = []
    /// External id within a channel → id.
    var messageIDs: [ThreadKey: String] = [:]
    var customers: [String: Customer] = [:]
    var customerOrder: [String] = []
    var customerIDs: [ThreadKey: String] = [:]
    /// Default skills of channels that have another than the first.
    var channelSkills: [String: Int] = [:]
    var earlyStatuses: [ThreadKey: [DeliveryStatus]] = [:]
    var files: [String: StoredFile] = [:]
    var tokens = Tokens()
    /// The middleware's tokens by integration.
    var callbackTokens: [String: CallbackToken] = [:]
    var buckets = Buckets()
    var journal = Journal()
    private var lastContactNumber = 48_212
    private var answers = 0

    init(tenant: Tenant, baseURL: String) { (self.tenant, self.baseURL) = (tenant, baseURL) }

    struct StoredFile {
        let mimeType: String
        let octets: [UInt8]
        let expires: Int64
    }

    mutating func nextContactNumber() -> String {
        lastContactNumber += 1
        return String(lastContactNumber)
    }

    /// The status of a success under `Behaviour.successes`. `isRead`: the caller needs what the answer holds.
    mutating func success(_ status: Int, _ body: RawJSON?, isRead: Bool = true) -> Answer {
        guard behaviour.successes == .varied else { return Answer(status, body) }
        answers += 1
        if isRead { return Answer([200, 201, 202][answers % 3], body) }
        return switch answers % 4 {
        case 0: Answer(204, nil)
        case 1: Answer(202, nil)
        case 2: Answer(201, body)
        default: Answer(200, body)
        }
    }

    /// Takes from the limits, or refuses with 429.
    mutating func charge(_ names: [Limits.Name], contact: String? = nil, at now: Instant) throws(APIError) {
        guard let exceeded = buckets.take(names + [.oneContact], contact: contact, limits: behaviour.limits, now: now) else { return }
        journal.counters.breaches[exceeded.name, default: 0] += 1
        if let contact { journal.note("limit \(exceeded.name.rawValue) exceeded, contact \(contact)") }
        throw .limited(exceeded.name, seconds: exceeded.seconds)
    }

    /// The queue that a contact is in: by its own skill, else by its channel's.
    func skill(of contact: Contact) -> Skill? {
        let wanted = contact.skillID ?? channelSkills[contact.thread.channel] ?? tenant.skills.first?.id
        return tenant.skills.first { $0.id == wanted }
    }

    func user(_ id: Int) -> User? { tenant.users.first { $0.id == id } }

    func channel(_ id: String) throws(APIError) -> Channel {
        guard let channel = channels[id], !channel.isDeleted else { throw .notFound("Channel \"\(id)\" was not found.") }
        return channel
    }

    func contact(_ number: String) throws(APIError) -> Contact {
        guard let contact = contacts[number] else { throw .notFound("Contact \"\(number)\" was not found.") }
        return contact
    }

    func message(_ id: String) throws(APIError) -> Message {
        guard let message = messages[id] else { throw .notFound("Message \"\(id)\" was not found.") }
        return message
    }
}

/// The API's answer before it becomes a response.
struct Answer {
    let status: Int
    let body: RawJSON?
    var octets: [UInt8]?
    var fields: [(String, String)] = []
    /// What must go to the middleware before the answer is known.
    var outgoing: Outgoing?

    init(_ status: Int, _ body: RawJSON?) { (self.status, self.body) = (status, body) }
}

/// A refusal of the API in its error shape (`byoc.md` §5.4).
struct APIError: Error {
    let status: Int
    let violations: [Violation]
    /// Seconds.
    var retryAfter: Int?
    /// OAuth's shape (`error`, `error_description`) instead of `errors`.
    var oauth: String?

    init(_ status: Int, _ violations: [Violation]) { (self.status, self.violations) = (status, violations) }

    static func invalid(_ violations: [Violation]) -> APIError { APIError(400, violations) }
    static func notFound(_ message: String) -> APIError { APIError(404, [Violation(nil, message, "notFound")]) }
    static func conflict(_ message: String) -> APIError { APIError(409, [Violation(nil, message, "conflict")]) }
    static func forbidden(_ message: String) -> APIError { APIError(403, [Violation(nil, message, "forbidden")]) }
    static let unauthorized = APIError(401, [Violation(nil, "Access token is missing, unknown or expired.", "unauthorized")])

    static func limited(_ name: Limits.Name, seconds: Int) -> APIError {
        var error = APIError(429, [Violation(nil, "Limit \(name.rawValue) exceeded.", "rateLimit")])
        error.retryAfter = seconds
        return error
    }

    static func oauth(_ status: Int, _ code: String, _ description: String) -> APIError {
        var error = APIError(status, [Violation(nil, description, code)])
        error.oauth = code
        return error
    }

    var body: RawJSON {
        RawJSON { $0.object { object in
            if let oauth {
                object.field("error", oauth)
                object.field("error_description", violations.first?.message)
                return
            }
            object.field("errors", array: { errors in
                for violation in violations {
                    errors.object { entry in
                        entry.field("field", violation.field)
                        entry.field("message", violation.message)
                        entry.field("parameters", object: { _ in })
                        entry.field("errorCode", violation.code)
                    }
                }
            })
            object.field("uid", Fresh.uuid())
        } }
    }
}
