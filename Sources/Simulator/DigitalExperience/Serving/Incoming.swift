import HTTP
import HTTPTypes
import JSON
import Time

/// One request of the API, found and authorized.
struct Incoming {
    let operation: Operation
    /// The path's variable segments, decoded.
    let parameters: [String]
    let query: [(name: String, value: String)]
    let request: Request
    /// Whom the token acts for; `nil` for a service user.
    let user: User?
    let now: Instant
    let epoch: Int64

    subscript(_ index: Int) -> String { parameters.indices.contains(index) ? parameters[index] : "" }

    /// The first value of a query parameter.
    func one(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// All values of `name[]`.
    func all(_ name: String) -> [String] { query.filter { $0.name == name + "[]" || $0.name == name }.map(\.value) }

    /// The body, when it is what the shape says.
    func body(_ shape: Shape, _ behaviour: Behaviour, also check: (JSON) -> [Violation] = { _ in [] }) throws(APIError) -> JSON {
        let type = request.fields.value(.contentType)?.prefix { $0 != ";" }.lowercased()
        guard type == "application/json" else {
            throw APIError(415, [Violation(nil, "Content-Type should be application/json.", "contentType")])
        }
        let json: JSON
        do {
            json = try JSON(parsing: request.body)
        } catch {
            throw .invalid([Violation(nil, "Syntax error: \(error)", "syntax")])
        }
        let found = shape.violations(of: json, refusingUnknown: behaviour.unknownFields == .refuse) + check(json)
        guard found.isEmpty else { throw .invalid(found) }
        return json
    }

    /// `size`/`limit` and `page` of a list.
    func slice<Element>(_ elements: [Element], size: String, standard: Int) throws(APIError) -> [Element] {
        func number(_ name: String, _ standard: Int) throws(APIError) -> Int {
            guard let text = one(name) else { return standard }
            guard let value = Int(text), (1...10_000).contains(value) else {
                throw .invalid([Violation(name, "This value should be a positive number.", "type")])
            }
            return value
        }
        let count = try number(size, standard)
        let page = try number("page", 1)
        return Array(elements.dropFirst((page - 1) * count).prefix(count))
    }

    /// A parameter that must be one of a few words.
    func choice(_ name: String, _ choices: [String]) throws(APIError) -> String? {
        guard let value = one(name) else { return nil }
        guard choices.contains(value) else {
            throw .invalid([Violation(name, "The value you selected is not a valid choice.", "choice")])
        }
        return value
    }
}
