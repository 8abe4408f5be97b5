import JSON
import Secrets
import Testing
import Workbench

/// CXone's calls about channels, in the order of the comparison. A token lasts for one call: it tells the time, so answers are compared without it.
let callbackScript: [(name: String, send: @Sendable (Front, inout String) async throws -> Front.Answer)] = [
    ("token: JSON", { front, _ in
        try await withoutToken(front.send("POST", "/byoc/1.0/token", fields: [json], body: grant(Stage.clientSecret)))
    }),
    ("token: form", { front, _ in
        try await withoutToken(front.send(
            "POST", "/byoc/oauth/token", fields: ["Content-Type: application/x-www-form-urlencoded"],
            body: "grant_type=client_credentials&client_id=cxone&client_secret=\(Stage.clientSecret)"))
    }),
    ("token: Basic", { front, _ in
        let credential = Base64.encodeText(Array("cxone:\(Stage.clientSecret)".utf8))
        return try await withoutToken(front.send(
            "POST", "/byoc/oauth/token", fields: ["Authorization: Basic \(credential)", "Content-Type: application/x-www-form-urlencoded"],
            body: "grant_type=client_credentials"))
    }),
    ("token: wrong", { front, _ in try await front.send("POST", "/byoc/1.0/token", fields: [json], body: grant("wrong")) }),
    ("token: GET", { front, _ in try await front.send("GET", "/byoc/1.0/token") }),
    ("callback: no token", { front, _ in try await front.send("POST", outbound, fields: [json], body: message) }),
    ("callback: wrong token", { front, _ in try await front.send("POST", outbound, fields: [json, "Authorization: Bearer nonsense"], body: message) }),
    ("callback: message", { front, _ in try await status(call(front, outbound, message)) }),
    ("callback: alias", { front, _ in try await status(call(front, "/byoc/channels/wh%2F7%2Ba%3Ab%25/outbound", message)) }),
    ("callback: legacy", { front, _ in try await status(call(front, "/byoc/1.0/posts/wh%2F7%2Ba%3Ab%25_t%2F1/messages", #"{"content":"Hi"}"#)) }),
    ("callback: fault", { front, _ in try await call(front, outbound, #"{"thread":{"idOnExternalPlatform":"t"},"recipients":[{}]}"#) }),
    ("callback: no JSON", { front, _ in try await call(front, outbound, "{") }),
    ("callback: DELETE", { front, _ in try await call(front, outbound, message, method: "DELETE") }),
    ("callback: decoded twice", { front, _ in try await call(front, "/byoc/2.0/channel/wh%252F7%252Ba%253Ab%2525/outbound", message) }),
    ("callback: receives only", { front, _ in try await call(front, "/byoc/2.0/channel/quiet-1/outbound", message) }),
    ("callback: another client's", { front, _ in try await call(front, "/byoc/2.0/channel/den-1/outbound", message) }),
    ("callback: unknown path", { front, _ in try await call(front, "/byoc/1.0/posts/7/removal", #"{"a":1}"#) }),
    ("callback: the mount", { front, _ in try await call(front, "/byoc", "{}") }),
    ("callback: mapped", { front, _ in try await call(front, "/byoc/1.0/channel/a%2Fb/ping", "") }),
    ("recipients", { front, _ in
        try await call(front, "/byoc/1.0/channel/wh%2F7%2Ba%3Ab%25/recipients/validation", #"{"endUserRecipients":[{"idOnExternalPlatform":"@zoe:zoo.example"}]}"#)
    }),
    ("recipients: no token", { front, _ in
        try await front.send("POST", "/byoc/1.0/channel/wh%2F7%2Ba%3Ab%25/recipients/validation", fields: [json], body: "{}")
    }),
    ("typing", { front, _ in
        try await call(
            front, "/byoc/1.0/channel/wh%2F7%2Ba%3Ab%25/thread/t%2F1/sender-action", #"{"senderAction":{"action":"isTypingOn"}}"#)
    }),
    ("typing: unknown channel", { front, _ in try await call(front, "/byoc/1.0/channel/x/thread/t/sender-action", "{}") }),
]

private let json = "Content-Type: application/json"
private let outbound = "/byoc/2.0/channel/wh%2F7%2Ba%3Ab%25/outbound"
private let message = #"{"thread":{"idOnExternalPlatform":"!t:zoo.example"},"messageContent":{"type":"TEXT","payload":{"text":"Hi"}}}"#

/// The platform is never there, and where functions have ports of their own the store is not either: both are 503, for reasons of their own.
private func status(_ answer: Front.Answer) -> Front.Answer { Front.Answer(status: answer.status, fields: [], body: "") }

private func grant(_ secret: String) -> String {
    #"{"grant_type":"client_credentials","client_id":"cxone","client_secret":"\#(secret)"}"#
}

private func withoutToken(_ answer: Front.Answer) -> Front.Answer {
    guard let token = (try? JSON(parsing: Array(answer.body.utf8)))?["access_token"]?.string else { return answer }
    return Front.Answer(status: answer.status, fields: answer.fields, body: answer.body.replacing(token, with: "…"))
}

private func call(_ front: Front, _ path: String, _ body: String, method: String = "POST") async throws -> Front.Answer {
    let answer = try await front.send("POST", "/byoc/1.0/token", fields: [json], body: grant(Stage.clientSecret))
    let token = try #require((try? JSON(parsing: Array(answer.body.utf8)))?["access_token"]?.string, "\(answer)")
    return try await front.send(method, path, fields: [json, "Authorization: Bearer \(token)"], body: body)
}

/// What the calls above must be answered, on the port itself.
func checkCallbacks(_ answers: [String: Front.Answer]) {
    let expected: [(String, Int, String)] = [
        ("token: JSON", 200, "Bearer"), ("token: form", 200, "Bearer"), ("token: Basic", 200, "Bearer"), ("token: wrong", 401, "invalid_client"),
        ("token: GET", 405, "invalid_request"), ("callback: no token", 401, "unauthorized"), ("callback: wrong token", 401, "unauthorized"),
        ("callback: message", 503, ""), ("callback: alias", 503, ""), ("callback: legacy", 503, ""),
        ("callback: fault", 400, #"["recipients","0","idOnExternalPlatform"]"#), ("callback: no JSON", 400, "malformed"),
        ("callback: DELETE", 405, "methodNotAllowed"), ("callback: decoded twice", 404, "unknownChannel"), ("callback: receives only", 404, "unknownChannel"),
        ("callback: another client's", 404, "unknownChannel"), ("callback: unknown path", 404, "notFound"), ("callback: the mount", 404, "notFound"),
        ("callback: mapped", 202, ""), ("recipients: no token", 401, "unauthorized"), ("recipients", 200, "valid"), ("typing", 204, ""),
        ("typing: unknown channel", 404, "unknownChannel"),
    ]
    for (name, status, part) in expected {
        #expect(answers[name]?.status == status && (part.isEmpty || answers[name]?.body.contains(part) == true), "\(name): \(answers[name].map { "\($0)" } ?? "-")")
    }
    #expect(answers["callback: no token"]?.fields.contains("www-authenticate: Bearer") == true)
}
