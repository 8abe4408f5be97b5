package import HTTP
import HTTPTypes

/// The desk at 127.0.0.1: pages for one person at this machine, and the parts that they ask. Never deployed.
///
/// A part serves everything under its prefix. Most are for the person alone (`DeskAccess`); those that play a server for the functions, such as
/// CXone's own API, check their callers themselves.
package struct DeskSite: Handler {
    package struct Part: Sendable {
        /// Such as `/hub`; matched by whole segments.
        let prefix: String
        /// Whether programs without the run's token may ask it.
        let isOpen: Bool
        let handler: any Handler

        package init(_ prefix: String, isOpen: Bool = false, _ handler: any Handler) {
            (self.prefix, self.isOpen, self.handler) = (prefix, isOpen, handler)
        }
    }

    private let access: DeskAccess
    private let assets: DeskAssets
    private let changes: DeskChanges
    private let parts: [Part]
    /// Who answers what no part does: CXone's API, whose paths are CXone's.
    private let others: any Handler

    package init(access: DeskAccess, assets: DeskAssets, changes: DeskChanges, parts: [Part], others: any Handler) {
        (self.access, self.assets, self.changes, self.parts, self.others) = (access, assets, changes, parts, others)
    }

    package func respond(to request: Request) async -> Response {
        guard access.isLocal(request) else {
            return Response.problem(.forbidden, "This desk serves its own pages on this machine, under 127.0.0.1 or localhost.")
        }
        if let part = parts.first(where: { $0.matches(request.path) }) {
            guard part.isOpen || access.admits(request) else { return access.refusal }
            return await part.handler.respond(to: request)
        }
        switch request.path {
        case "/":
            if let entry = access.entry(request) { return entry }
            return access.admits(request) ? assets.answer("desk.html") : access.explanation
        case "/changes":
            return access.admits(request) ? await changes.answer(request) : access.refusal
        case let path where path.hasPrefix("/assets/"):
            return assets.answer(String(path.dropFirst("/assets/".count)))
        default: return await others.respond(to: request)
        }
    }
}

extension DeskSite.Part {
    fileprivate func matches(_ path: Substring) -> Bool {
        path.hasPrefix(prefix) && (path.utf8.count == prefix.utf8.count || path.dropFirst(prefix.count).first == "/")
    }
}

extension Response {
    /// `{"message": …}`, the desk's one shape of a failure.
    static func problem(_ status: HTTPResponse.Status, _ message: String) -> Response {
        .json(status, Array(DeskJSON.message(message)))
    }
}

extension HTTPField.Name {
    /// Both names are valid, so the second halves are never taken.
    static let hostField = HTTPField.Name("Host") ?? .userAgent
    static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .accept
}
