import CLinux
package import HTTP
import HTTPTypes
import JSON
import Secrets
import Time

/// One HTTP request as an event: API Gateway's HTTP API and function URLs (2.0), its REST API (1.0), or a load balancer
/// (`runtimes.md` §9.3). Which one it was decides the shape of the answer.
package struct LambdaEvent {
    package enum Shape: Equatable {
        case http2
        case rest1
        /// The target group decides whether headers come, and are expected, as lists.
        case balancer(listsHeaders: Bool)
    }

    package let shape: Shape
    private let json: JSON

    /// `nil` for an event that is not an HTTP request: a schedule, the console's test button.
    package init?(_ event: [UInt8]) {
        // An event may hold the whole body as one string, but has few values.
        guard let json = try? JSON(parsing: event) else { return nil }
        if json["version"]?.string == "2.0", json["requestContext"]?["http"] != nil {
            shape = .http2
        } else if json["requestContext"]?["elb"] != nil {
            shape = .balancer(listsHeaders: json["multiValueHeaders"]?.kind == .object)
        } else if json["httpMethod"] != nil, json["resource"] != nil {
            shape = .rest1
        } else {
            return nil
        }
        self.json = json
    }

    package func request(for invocation: LambdaAPI.Invocation, limits: GatewayLimits) throws(Refusal) -> Request {
        var request =
            switch shape {
            case .http2: try fromHTTP2()
            case .rest1: try fromREST1()
            case .balancer: try fromBalancer()
            }
        let own = json["requestContext"]?["requestId"]?.string
        request.front.requestID = RequestID.accepted(own.map { Array($0.utf8)[...] }) ?? invocation.id
        request.front.arrived = .now()
        if let deadline = invocation.deadline {
            request.front.deadline = .now().advanced(byMilliseconds: Int(clamping: deadline - clinux_epoch_milliseconds()))
        }
        guard request.target.utf8.count <= limits.target else { throw .targetTooLong }
        guard request.fields.count <= limits.fields else { throw .fieldsTooLarge }
        guard request.body.count <= limits.body else { throw .bodyTooLarge }
        return request
    }

    private func fromHTTP2() throws(Refusal) -> Request {
        let context = json["requestContext"]
        var request = try LambdaEvent.request(
            json, method: context?["http"]?["method"]?.string,
            target: LambdaEvent.target(json["rawPath"]?.string, json["rawQueryString"]?.string))
        if let cookies = json["cookies"]?.elements.compactMap({ $0.string }), !cookies.isEmpty {
            request.fields.append(HTTPField(name: .cookie, value: cookies.joined(separator: "; ")))
        }
        if let stage = context?["stage"]?.string, stage != "$default", request.path.hasPrefix("/\(stage)/") || request.path == "/\(stage)" {
            request.front.prefix = "/\(stage)"
        }
        request.front.peer = context?["http"]?["sourceIp"]?.string
        request.front.isSecure = true
        request.front.clientCertificate = context?["authentication"]?["clientCert"]?["clientCertPem"]?.string
        return request
    }

    private func fromREST1() throws(Refusal) -> Request {
        let identity = json["requestContext"]?["identity"]
        var request = try LambdaEvent.request(
            json, method: json["httpMethod"]?.string, target: LambdaEvent.target(json["path"]?.string, LambdaEvent.query(json, isEncoded: false)))
        request.front.peer = identity?["sourceIp"]?.string
        request.front.isSecure = true
        request.front.clientCertificate = identity?["clientCert"]?["clientCertPem"]?.string
        return request
    }

    /// The balancer appends the address it saw to `X-Forwarded-For`; what stands before comes from the client. It sets
    /// `X-Forwarded-Proto`. Its certificate fields could be the client's own when it does not check certificates: not used.
    private func fromBalancer() throws(Refusal) -> Request {
        var request = try LambdaEvent.request(
            json, method: json["httpMethod"]?.string, target: LambdaEvent.target(json["path"]?.string, LambdaEvent.query(json, isEncoded: true)))
        func last(_ name: String) -> String? { request.fields.last { $0.name.canonicalName == name }?.value }
        request.front.peer = last("x-forwarded-for")?.split(separator: ",").last.map { String($0.drop { $0 == " " }) }
        request.front.isSecure = last("x-forwarded-proto").map { $0.lowercased() == "https" }
        return request
    }

    private static func request(_ json: JSON, method: String?, target: String) throws(Refusal) -> Request {
        guard let method = method.flatMap({ HTTPRequest.Method($0) }), let target = Target.text(Array(target.utf8)[...]) else {
            throw .malformed
        }
        return Request(method: method, target: target, fields: try fields(json), body: try body(json))
    }

    private static func fields(_ json: JSON) throws(Refusal) -> HTTPFields {
        var fields = HTTPFields()
        func append(_ name: String, _ value: String) throws(Refusal) {
            guard fields.count < 1000 else { throw .fieldsTooLarge }
            guard !value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { throw .malformed }
            guard let name = HTTPField.Name(name), !["proxy", "content-length"].contains(name.canonicalName) else { return }
            fields.append(HTTPField(name: name, value: value))
        }
        if let lists = json["multiValueHeaders"], lists.kind == .object {
            for member in lists.members {
                for value in member.value.elements { if let text = value.string { try append(member.name, text) } }
            }
        } else {
            guard let headers = json["headers"] else { return fields }
            for member in headers.members { if let text = member.value.string { try append(member.name, text) } }
        }
        return fields
    }

    private static func body(_ json: JSON) throws(Refusal) -> [UInt8] {
        guard let body = json["body"], body.kind == .string else { return [] }
        guard json["isBase64Encoded"]?.bool == true else { return body.plainBytes.map { Array($0) } ?? Array((body.string ?? "").utf8) }
        guard let octets = Base64.decode(body.plainBytes ?? Array((body.string ?? "").utf8)[...]) else { throw .malformed }
        return octets
    }

    // MARK: Target

    private static func target(_ path: String?, _ query: String?) -> String {
        let path = path.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        guard let query, !query.isEmpty else { return encoded(path, keeping: pathOctets) }
        return encoded(path, keeping: pathOctets) + "?" + encoded(query, keeping: queryOctets)
    }

    private static func query(_ json: JSON, isEncoded: Bool) -> String {
        var parts: [String] = []
        func append(_ name: String, _ value: String) {
            parts.append(isEncoded ? "\(name)=\(value)" : "\(encoded(name, keeping: plainOctets))=\(encoded(value, keeping: plainOctets))")
        }
        if let lists = json["multiValueQueryStringParameters"], lists.kind == .object {
            for member in lists.members { for value in member.value.elements { append(member.name, value.string ?? "") } }
        } else if let values = json["queryStringParameters"], values.kind == .object {
            for member in values.members { append(member.name, member.value.string ?? "") }
        }
        return parts.joined(separator: "&")
    }

    private static let plainOctets = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    private static let pathOctets = plainOctets.union("%/!$&'()*+,;=:@".utf8)
    private static let queryOctets = pathOctets.union("?[]".utf8)

    private static func encoded(_ text: String, keeping kept: Set<UInt8>) -> String {
        guard !text.utf8.allSatisfy(kept.contains) else { return text }
        var octets: [UInt8] = []
        for octet in text.utf8 {
            if kept.contains(octet) { octets.append(octet) } else { octets += "%\(octet < 16 ? "0" : "")\(String(octet, radix: 16, uppercase: true))".utf8 }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
