package import Conversation
import HTTP
package import HTTPTypes
package import JSON
package import Time

/// Calls to one tenant's Digital Engagement API (`byoc.md` §6): signed in, paced, errors in the contact centre's terms.
package struct DigitalEngagementAPI: Sendable {
    private let signIn: SignIn
    private let pacing: Pacing

    package init(_ signIn: SignIn, pacing: Pacing) {
        self.signIn = signIn
        self.pacing = pacing
    }

    /// One operation.
    package struct Operation: Sendable {
        package var method: HTTPRequest.Method
        /// Segments behind `/dfo/3.0/`, as they are; each is encoded as one.
        package var path: [String]
        package var query: [(name: String, value: String)] = []
        package var body: RawJSON?
        package var cost: Cost

        package init(_ method: HTTPRequest.Method, _ path: [String], body: RawJSON? = nil, cost: Cost) {
            self.method = method
            self.path = path
            self.body = body
            self.cost = cost
        }
    }

    /// The answer's JSON; `nil` when it has no body, which any 2xx may lack.
    @discardableResult
    package func send(_ operation: Operation, by deadline: Instant) async throws(ContactCentreError) -> JSON? {
        try await pacing.admit(operation.cost, by: deadline)
        var url = try await signIn.root(by: deadline) + "/dfo/3.0/" + operation.path.map(PathSegment.encoded).joined(separator: "/")
        if !operation.query.isEmpty {
            url += "?" + operation.query.map { PathSegment.encoded($0.name) + "=" + PathSegment.encoded($0.value) }.joined(separator: "&")
        }
        var fields: HTTPFields = [.accept: "application/json"]
        if operation.body != nil { fields[.contentType] = "application/json" }
        let response: Response
        do {
            response = try await signIn.send(Call(
                method: operation.method, url: url, fields: fields, body: operation.body.map { Array($0.bytes) } ?? [], deadline: deadline))
        } catch {
            throw ContactCentreError(error)
        }
        if let error = ContactCentreError(response) {
            if error.code == .throttled { await pacing.refused(operation.cost, error) }
            throw error
        }
        pacing.succeeded()
        guard !response.body.isEmpty else { return nil }
        guard let json = try? JSON(parsing: response.body) else { throw ContactCentreError(.malformed, reason: "the answer is not JSON") }
        return json
    }
}
