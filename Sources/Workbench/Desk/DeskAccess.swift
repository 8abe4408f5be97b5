package import HTTP
import HTTPTypes
import JSON
package import Secrets

/// Who may use the desk: the person who started it, from pages of this origin.
///
/// The run's token comes once in the URL that `make run` prints, then as a cookie that scripts cannot read; programs send it as `Authorization: Bearer`.
/// `Host` is checked against DNS rebinding, `Origin` against pages of other sites (`security.md` §6).
package struct DeskAccess: Sendable {
    private let token: Secret
    private let port: UInt16

    package init(token: Secret, port: UInt16) { (self.token, self.port) = (token, port) }

    private var cookie: String { "causeway-desk-\(port)" }

    /// Whether it was sent to this machine's own name, and by no page of another origin.
    func isLocal(_ request: Request) -> Bool {
        let names = ["127.0.0.1:\(port)", "localhost:\(port)", "[::1]:\(port)"]
        if let host = request.fields[.hostField], !names.contains(host.lowercased()) { return false }
        if let origin = request.fields[.origin], !names.contains(where: { origin == "http://" + $0 }) { return false }
        return true
    }

    func admits(_ request: Request) -> Bool {
        if let field = request.fields[.authorization] {
            return field.hasPrefix("Bearer ") && token.matches(field.dropFirst(7).utf8)
        }
        let cookies = request.fields[values: .cookie].flatMap { $0.split(separator: ";") }
        return cookies.contains { pair in
            let pair = pair.drop { $0 == " " }
            return pair.hasPrefix(cookie + "=") && token.matches(pair.dropFirst(cookie.count + 1).utf8)
        }
    }

    /// `/?token=…` becomes a cookie, so that the token leaves the address bar.
    func entry(_ request: Request) -> Response? {
        let query = request.target.dropFirst(request.path.count + 1)
        guard let pair = query.split(separator: "&").first(where: { $0.hasPrefix("token=") }) else { return nil }
        guard token.matches(pair.dropFirst(6).utf8) else { return explanation }
        var response = Response(status: .seeOther, fields: [.location: "/", .cacheControl: "no-store"])
        response.fields[.setCookie] = "\(cookie)=\(pair.dropFirst(6)); Path=/; HttpOnly; SameSite=Strict"
        return response
    }

    var refusal: Response {
        Response.problem(
            .unauthorized, "The desk's token is missing: open the address that the command printed, or send CAUSEWAY_DESK_TOKEN as a Bearer token.")
    }

    var explanation: Response {
        Response(
            status: .unauthorized, fields: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: Array("""
                This is Causeway's desk. It opens by the address that the command printed when it started:
                http://127.0.0.1:\(port)/?token=…\n
                """.utf8))
    }
}

/// Bodies of the desk's own answers.
enum DeskJSON {
    static func message(_ text: String) -> [UInt8] { Array(RawJSON { $0.object { $0.field("message", text) } }.bytes) }
}
