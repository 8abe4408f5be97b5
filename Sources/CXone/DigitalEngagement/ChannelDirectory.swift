package import Conversation
package import HTTP
import HTTPTypes
package import JSON
package import Secrets
package import Time

/// The operations on channels, and the check of a one-time token, with whatever access token the caller holds (`byoc.md` §4, §7).
package struct ChannelDirectory: Sendable {
    /// Scheme and authority of the tenant's Digital Engagement API.
    package let root: String
    private let token: Secret?
    private let connection: ConnectionOptions
    private let transport: any HTTPTransport

    /// - Parameter token: `nil` where the transport adds one, or for the one-time token, which needs none.
    package init(root: String, token: Secret?, connection: ConnectionOptions, over transport: any HTTPTransport) {
        self.root = root
        self.token = token
        self.connection = connection
        self.transport = transport
    }

    /// Whom a one-time token stands for, and the access token that it is changed into.
    package struct Administrator: Sendable {
        package let brand: String
        package let brandName: String?
        package let name: String?
        package let token: Secret
    }

    /// Changes a one-time token, which works once.
    package func administrator(
        brand: Int, user: Int, token: Secret, by deadline: Instant
    ) async throws(ContactCentreError) -> Administrator {
        let body = RawJSON { writer in
            writer.object { json in
                json.field("brandId", brand)
                json.field("userId", user)
                json.field("token", token.revealText())
                json.field("purpose", "channel-integration")
            }
        }
        let answer = try await send(.post, "/one-time-token/verification", body: Array(body.bytes), by: deadline)
        guard let answer, let access = answer["accessToken"]?.string, !access.isEmpty,
            let brand = answer["brand"]?["id"].flatMap({ $0.string ?? $0.numberLiteral })
        else { throw ContactCentreError(.malformed, reason: "the answer names no access token or no brand") }
        let person = answer["user"]
        let name = [person?["firstName"]?.string, person?["surname"]?.string].compactMap(\.self).filter { !$0.isEmpty }
        return Administrator(
            brand: brand, brandName: answer["brand"]?["friendlyName"]?.string, name: name.isEmpty ? nil : name.joined(separator: " "),
            token: Secret(access))
    }

    package func list(by deadline: Instant) async throws(ContactCentreError) -> [ListedChannel] {
        guard let answer = try await send(.get, "/channels", by: deadline), answer.kind == .array else {
            throw ContactCentreError(.malformed, reason: "the list of channels is no array")
        }
        return answer.elements.compactMap(ListedChannel.init).filter { !$0.isDeleted }
    }

    /// Makes the channel, or changes the one of this id.
    package func put(_ channel: ChannelDefinition, by deadline: Instant) async throws(ContactCentreError) {
        _ = try await send(.post, "/channels", body: Array(channel.body.bytes), by: deadline)
    }

    package func delete(_ id: String, by deadline: Instant) async throws(ContactCentreError) {
        _ = try await send(.delete, "/channels/" + PathSegment.encoded(id), by: deadline)
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8] = [], by deadline: Instant
    ) async throws(ContactCentreError) -> JSON? {
        var fields: HTTPFields = [.accept: "application/json"]
        if !body.isEmpty { fields[.contentType] = "application/json" }
        if let token { fields[.authorization] = "Bearer " + token.revealText() }
        let response: Response
        do {
            response = try await transport.send(Call(
                method: method, url: root + "/dfo/3.0" + path, fields: fields, body: body, deadline: deadline, connection: connection))
        } catch {
            throw ContactCentreError(error)
        }
        if let error = ContactCentreError(response) { throw error }
        guard !response.body.isEmpty else { return nil }
        guard let json = try? JSON(parsing: response.body) else {
            throw ContactCentreError(.malformed, reason: "the answer is not JSON")
        }
        return json
    }
}
