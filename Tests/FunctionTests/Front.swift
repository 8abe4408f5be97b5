import JSON
import Secrets
import Testing
import Workbench

/// Where requests of a test go in, whatever stands there.
struct Front: Sendable {
    let host: Host
    let url: String
    let options: [String]
    /// Ports of functions that are asked directly, by their name.
    var ports: [String: Int]

    /// What the function answered; what the server in between adds of its own is left out.
    struct Answer: Equatable, CustomStringConvertible {
        let status: Int
        let fields: [String]
        let body: String

        var description: String { "\(status) \(fields) \(body)" }
    }

    /// Fields that belong to the server or the connection, or tell the time. A tag is new with each database: only its presence counts.
    private static let foreign: Set<String> = [
        "server", "date", "connection", "keep-alive", "transfer-encoding", "content-length", "via", "vary", "upgrade", "accept-ranges",
        "cache-lifetime",
    ]

    func send(_ method: String, _ path: String, fields: [String] = [], body: String? = nil) async throws -> Answer {
        try #require(await ask(method, path, fields: fields, body: body), "no answer to \(method) \(path) from \(host)")
    }

    private func ask(_ method: String, _ path: String, fields: [String], body: String?) async throws -> Answer? {
        let answer = host == .lambda
            ? try await invoke(method, path, fields: fields, body: body)
            : try await HTTPClient.send(method, address(path) + path, fields: fields, body: body, options: options)
        return answer.map { answer in
            let own = answer.fields.filter { !Self.foreign.contains($0.name) }
            return Answer(
                status: answer.status, fields: own.map { $0.name == "etag" ? $0.name : "\($0.name): \($0.value)" }.sorted(), body: answer.body)
        }
    }

    /// One turn with the right credential.
    func turn(_ members: String, agent: String = "orders") async throws -> Answer {
        try await send(
            "POST", "/exchange/\(agent)", fields: ["Authorization: \(Stage.authorization)", "Content-Type: application/json"], body: "{\(members)}")
    }

    /// Waits until every function itself refuses a request without credential; bounded.
    func wait(log folder: String) async throws {
        for endpoint in Endpoint.all {
            var isUp = false
            for _ in 0..<200 where !isUp {
                isUp = try await ask("POST", endpoint.routes.first?.example ?? endpoint.path, fields: ["Content-Type: application/json"], body: "{}").map { answer in
                    // What servers say of their own lacks this.
                    answer.status < 500 && answer.fields.contains("x-content-type-options: nosniff")
                } ?? false
                if !isUp { try await Task.sleep(for: .milliseconds(50)) }
            }
            guard isUp else {
                let logs = Files.names(in: folder).filter { $0.hasSuffix(".log") || $0.hasSuffix(".out") }
                    .map { "\($0): \((Files.read("\(folder)/\($0)") ?? "").suffix(1500))" }
                throw SystemFailure(saying: "\(endpoint.name) does not answer behind \(host)\n" + logs.joined(separator: "\n"))
            }
        }
    }

    private func address(_ path: String) -> String {
        Endpoint.serving(path).flatMap { ports[$0.name] }.map { "http://127.0.0.1:\($0)" } ?? url
    }

    /// As API Gateway asks (payload 2.0), through the emulator.
    private func invoke(_ method: String, _ path: String, fields: [String], body: String?) async throws -> HTTPClient.Answer? {
        var event = JSONWriter()
        event.object { event in
            event.field("version", "2.0")
            event.field("routeKey", "ANY /{proxy+}")
            event.field("rawPath", String(path.prefix { $0 != "?" }))
            event.field("rawQueryString", String(path.drop { $0 != "?" }.dropFirst()))
            event.name("headers")
            event.object { headers in
                for field in fields {
                    let name = field.prefix { $0 != ":" }
                    headers.field(name.lowercased(), String(field.dropFirst(name.count + 1).drop { $0 == " " }))
                }
                headers.field("x-forwarded-proto", "https")
            }
            event.name("requestContext")
            event.object { context in
                context.field("stage", "$default")
                context.field("requestId", "test-request")
                context.name("http")
                context.object { http in
                    http.field("method", method)
                    http.field("path", String(path.prefix { $0 != "?" }))
                    http.field("protocol", "HTTP/1.1")
                    http.field("sourceIp", "127.0.0.1")
                }
            }
            if let body { event.field("body", body) }
            event.field("isBase64Encoded", false)
        }
        let answer = try await HTTPClient.send(
            "POST", address(path) + "/2015-03-31/functions/function/invocations", fields: ["Content-Type: application/json"],
            body: String(decoding: event.bytes, as: UTF8.self))
        guard let answer, answer.status == 200, let json = try? JSON(parsing: Array(answer.body.utf8)), let status = json["statusCode"]?.integer
        else { return nil }
        let headers = json["headers"]?.members.map { (name: $0.name.lowercased(), value: $0.value.string ?? "") } ?? []
        var text = json["body"]?.string ?? ""
        if json["isBase64Encoded"]?.bool == true {
            text = String(decoding: try #require(Base64.decode(text.utf8)), as: UTF8.self)
        }
        return HTTPClient.Answer(status: status, fields: headers, body: text)
    }
}
