import Testing
import Workbench

/// What platforms, browsers and automations call, in the order of the comparison: refusals, and what has no effect.
let messagingScript: [(name: String, send: @Sendable (Front, inout String) async throws -> Front.Answer)] = [
    ("events: no credential", { front, _ in try await front.send("POST", "/events/contact", fields: [json], body: "{}") }),
    ("events: of no interest", { front, _ in try await front.send("POST", "/events/contact", fields: [json, credential], body: status("open")) }),
    ("events: no contact", { front, _ in
        try await front.send("POST", "/events/contact", fields: [json, credential], body: #"{"event":"CaseStatusChanged","status":"closed"}"#)
    }),
    ("events: GET", { front, _ in try await front.send("GET", "/events/contact", fields: [credential]) }),
    ("webhook: bad signature", { front, _ in
        try await front.send("POST", "/webhook/app", fields: [json, "webhook-id: w-1", "webhook-timestamp: 1700000000", "webhook-signature: v1,AAAA"], body: "{}")
    }),
    ("webhook: no signature", { front, _ in try await front.send("POST", "/webhook/app", fields: [json], body: "{}") }),
    ("webhook: nobody's", { front, _ in try await front.send("POST", "/webhook/nobody", fields: [json], body: "{}") }),
    ("webhook: PUT without a token", { front, _ in
        try await front.send("PUT", "/webhook/herd/_matrix/app/v1/transactions/1", fields: [json], body: #"{"events":[]}"#)
    }),
    ("chat: another site", { front, _ in
        try await front.send("POST", "/chat/window/sessions", fields: [json, "Origin: https://evil.example"], body: "{}")
    }),
    ("chat: nobody's", { front, _ in try await front.send("GET", "/chat/nobody") }),
    ("chat: the page", { front, _ in try await front.send("GET", "/chat/window") }),
    ("chat: the script", { front, _ in try await front.send("GET", "/chat/causeway-chat.js") }),
    ("chat: DELETE", { front, _ in try await front.send("DELETE", "/chat/window/messages") }),
    ("chat: no token", { front, _ in try await front.send("GET", "/chat/window/messages") }),
    ("attachments: POST", { front, _ in try await front.send("POST", "/attachments/v1.00000000.AAAA", fields: [json], body: "{}") }),
    ("health: POST", { front, _ in try await front.send("POST", "/health", fields: [json], body: "{}") }),
    ("pages: without a token", { front, _ in try await front.send("GET", "/channels/add") }),
    ("pages: another's host", { front, _ in
        try await front.send("GET", "/channels/add?userId=1&brandId=1&token=abc&apiHost=https%3A%2F%2Fevil.example&backUrl=https%3A%2F%2Fevil.example")
    }),
    ("pages: DELETE", { front, _ in try await front.send("DELETE", "/channels/remove") }),
]

private let json = "Content-Type: application/json"
private let credential = "Authorization: \(Stage.authorization)"

private func status(_ status: String) -> String { #"{"event":"CaseStatusChanged","caseNumber":"48213","status":"\#(status)"}"# }

/// What the calls above must be answered, on the port itself.
func checkMessaging(_ answers: [String: Front.Answer]) {
    let expected: [(String, Int, String)] = [
        ("events: no credential", 401, ""), ("events: of no interest", 204, ""), ("events: no contact", 400, "missingContact"), ("events: GET", 405, ""),
        ("webhook: bad signature", 401, "unauthenticated"), ("webhook: no signature", 401, "unauthenticated"),
        ("webhook: nobody's", 404, "notFound"), ("webhook: PUT without a token", 401, ""), ("chat: another site", 403, "originRefused"),
        ("chat: nobody's", 404, "notFound"), ("chat: the page", 200, "<html"), ("chat: the script", 200, "data-channel"), ("chat: DELETE", 405, ""),
        ("attachments: POST", 405, ""), ("health: POST", 405, ""), ("pages: without a token", 401, "<html"), ("pages: another's host", 403, "<html"),
        ("pages: DELETE", 405, ""), ("chat: no token", 401, "unauthenticated"),
    ]
    for (name, status, part) in expected {
        #expect(answers[name]?.status == status && (part.isEmpty || answers[name]?.body.contains(part) == true), "\(name): \(answers[name].map { "\($0)" } ?? "-")")
    }
}
