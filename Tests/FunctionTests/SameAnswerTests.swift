import JSON
import Testing
import Workbench

/// The requests of the comparison, in order; each answer must be the same octets behind every host.
private let turnScript: [(name: String, send: @Sendable (Front, inout String) async throws -> Front.Answer)] = [
    ("welcome", { front, state in try await conversation(front, &state, #""userInput":"WELCOME","userInputType":5"#) }),
    ("question", { front, state in try await conversation(front, &state, #""userInput":"Where is my order?","userInputType":1"#) }),
    ("silence", { front, state in try await conversation(front, &state, #""userInput":null,"userInputType":0"#) }),
    ("digits", { front, state in
        try await conversation(front, &state, #""userInput":"0090294837290","userInputType":6,"base64wavFile":null,"mediaType":"voip""#)
    }),
    ("transfer", { front, state in try await conversation(front, &state, #""userInput":"Can I talk to someone?","userInputType":1"#) }),
    ("unknown agent", { front, _ in try await front.turn(#""userInput":"hi","userInputType":1"#, agent: "nobody") }),
    ("no JSON", { front, _ in try await front.turn(#""userInput":"#) }),
    ("no credential", { front, _ in try await front.send("POST", "/exchange", fields: ["Content-Type: application/json"], body: "{}") }),
    ("wrong credential", { front, _ in
        try await front.send("POST", "/exchange", fields: ["Content-Type: application/json", "Authorization: nonsense"], body: "{}")
    }),
    ("V13: GET", { front, _ in try await front.send("GET", "/exchange", fields: credential) }),
    ("V13: DELETE", { front, _ in try await front.send("DELETE", "/exchange/orders", fields: credential) }),
    ("plain text", { front, _ in try await front.send("POST", "/exchange", fields: credential + ["Content-Type: text/plain"], body: "hi") }),
    ("too large", { front, _ in
        // The service in front of Lambda refuses such bodies itself.
        if front.host == .lambda { return Front.Answer(status: 413, fields: [], body: "") }
        let answer = try await front.turn(#""userInput":""# + String(repeating: "x", count: 8_600_000) + #"""#)
        return Front.Answer(status: answer.status, fields: [], body: "")
    }),
    ("attachments: a link that nobody made", { front, _ in try await front.send("GET", "/attachments/v1.00000000.AAAA") }),
    ("health: another path", { front, _ in try await front.send("GET", "/health/nothing") }),
    ("cache: claim", { front, _ in try await cache(front, "PUT", ["If-None-Match: *", "Cache-Lifetime: 60"], "one") }),
    ("cache: claimed", { front, _ in try await cache(front, "PUT", ["If-None-Match: *", "Cache-Lifetime: 60"], "two") }),
    ("cache: get", { front, _ in try await cache(front, "GET", []) }),
    ("cache: delete", { front, _ in try await cache(front, "DELETE", []) }),
    ("cache: gone", { front, _ in try await cache(front, "GET", []) }),
    ("cache: no credential", { front, _ in try await front.send("GET", "/cache/some/key") }),
]

private let script: [(name: String, send: @Sendable (Front, inout String) async throws -> Front.Answer)] = turnScript + callbackScript + messagingScript

private let credential = ["Authorization: \(Stage.authorization)"]

private func conversation(_ front: Front, _ state: inout String, _ members: String) async throws -> Front.Answer {
    let answer = try await front.turn(#""executionInfo":{"contactId":"4711"},"botSessionState":\#(state),\#(members)"#)
    state = (try? JSON(parsing: Array(answer.body.utf8)))?["botSessionState"].map { String(decoding: $0.raw, as: UTF8.self) } ?? "null"
    return answer
}

private func cache(_ front: Front, _ method: String, _ fields: [String], _ body: String? = nil) async throws -> Front.Answer {
    try await front.send(
        method, "/cache/some/key", fields: fields + ["Authorization: Bearer \(Stage.cacheSecret)", "Content-Type: application/octet-stream"], body: body)
}

private func play(_ host: Host) async throws -> [String: Front.Answer] {
    try await Stage(host.mode).with(host) { front in
        var answers: [String: Front.Answer] = [:]
        var state = "null"
        for (name, send) in script { answers[name] = try await send(front, &state) }
        return answers
    }
}

/// What the plain HTTP port answers, with no server in between: the measure for all others.
private let measure = Task { try await play(.port) }

@Suite("The same executable behind every host", .serialized)
struct SameAnswerTests {
    @Test("the order-status conversation and every refusal, on the port itself")
    func port() async throws {
        let answers = try await measure.value
        func status(_ name: String) -> Int? { answers[name]?.status }
        func body(_ name: String) -> String { answers[name]?.body ?? "" }
        #expect(body("welcome").contains("PromptAndCollectNextResponse"))
        #expect(body("question").contains("13-digit order number"))
        #expect(body("silence").contains("UserInputTimeout"))
        #expect(body("digits").contains("0 0 9 0 2 9 4 8 3 7 2 9 0") || body("digits").contains("0090294837290"), "leading zeros are kept: \(body("digits"))")
        #expect(body("digits").contains("three days"), "\(body("digits"))")
        #expect(body("transfer").contains("ReturnControlToScript") && body("transfer").contains("0090294837290"), "\(body("transfer"))")
        #expect(status("no JSON") == 400)
        #expect(status("no credential") == 401 && body("no credential").isEmpty)
        #expect(status("wrong credential") == 401 && body("wrong credential").isEmpty)
        for name in ["V13: GET", "V13: DELETE"] {
            #expect(status(name) == 405)
            #expect(answers[name]?.fields.contains("allow: POST") == true)
        }
        #expect(status("plain text") == 415)
        #expect(status("too large") == 413)
        #expect(status("attachments: a link that nobody made") == 404)
        #expect(status("health: another path") == 404)
        #expect([status("cache: claim"), status("cache: claimed"), status("cache: get"), status("cache: delete"), status("cache: gone")]
            == [204, 412, 200, 204, 404])
        #expect(body("cache: get") == "one")
        #expect(status("cache: no credential") == 401)
        checkCallbacks(answers)
        checkMessaging(answers)
    }

    @Test("V9, P1, P2: status, fields and body are the same octets", arguments: Host.present.filter { $0 != .port })
    func same(host: Host) async throws {
        let expected = try await measure.value
        let answers = try await play(host)
        for (name, _) in script {
            #expect(answers[name] == expected[name], "\(name) behind \(host)")
        }
    }

    @Test("software that is missing here", .enabled(if: Host.present.count < Host.allCases.count), arguments: Host.allCases.filter { !Host.present.contains($0) })
    func missing(host: Host) {
        withKnownIssue { Issue.record("\(host): \(host.missing ?? "")") }
    }
}
