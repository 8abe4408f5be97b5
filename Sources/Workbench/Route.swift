/// Which paths a function serves, in a form that every server's configuration, the Lambda template and the tests of the house are made from.
///
/// - `/byoc/1.0/channel/{channel}/recipients/validation`: that path and no other. A part in braces is one id, which may hold anything, an
///   encoded slash included: most servers decode before they match, so there it may stand for several segments.
/// - `/exchange/**`: that path and whatever follows after a `/`.
package struct Route: Sendable, Equatable {
    package let pattern: String
    package init(_ pattern: String) { self.pattern = pattern }

    /// Whether whatever follows belongs to it as well.
    package var isOpen: Bool { pattern.hasSuffix(Self.open) }

    /// The pattern, without the sign that it is open.
    package var path: String { isOpen ? String(pattern.dropLast(Self.open.count)) : pattern }

    /// A path that the route matches.
    package var example: String {
        let path = path.split(separator: "/").map { $0.hasPrefix("{") ? "x" : $0 }.reduce(into: "") { $0 += "/" + $1 }
        return isOpen ? path + "/x" : path
    }

    /// What follows `^` in an expression that PCRE and RE2 read alike; against a decoded path.
    var expression: String {
        let path = path.split(separator: "/").reduce(into: "") { $0 += "/" + ($1.hasPrefix("{") ? ".+" : $1.replacing(".", with: "\\.")) }
        return path + (isOpen ? "(?:/|$)" : "$")
    }

    /// Whether an encoded path, segment by segment, is this route's.
    package func matches(_ path: String) -> Bool {
        let wanted = self.path.split(separator: "/")
        let found = path.prefix { $0 != "?" }.split(separator: "/")
        guard isOpen ? found.count >= wanted.count : found.count == wanted.count else { return false }
        return zip(wanted, found).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    private static let open = "/**"
}

extension Endpoint {
    /// The order in which routes must be tried by whoever takes the first that matches: an open route last, after those that lie inside it.
    package static func inOrderOfMatching(_ endpoints: [Endpoint]) -> [Endpoint] {
        endpoints.filter { !$0.isOpen } + endpoints.filter(\.isOpen)
    }

    /// The function that serves a path.
    package static func serving(_ path: String, among endpoints: [Endpoint] = all) -> Endpoint? {
        inOrderOfMatching(endpoints).first { endpoint in endpoint.routes.contains { $0.matches(path) } }
    }

    /// Whether one of the routes takes whatever no other function does.
    package var isOpen: Bool { routes.contains(where: \.isOpen) }

    /// All routes in one expression, from `^` on; against a decoded path.
    var expression: String {
        let expressions = routes.map(\.expression).joined(separator: "|")
        return routes.count == 1 ? "^" + expressions : "^(?:\(expressions))"
    }
}
