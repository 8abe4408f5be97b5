package import HTTP
import HTTPTypes
import Time

extension Variables {
    /// What the variables say about a request, before its body is there.
    package struct Head {
        package var request: Request
        /// What `CONTENT_LENGTH` says.
        package var length: Length
        /// Whether the body is sent in chunks that the server has taken apart, so that no length is known.
        package var isChunked: Bool
    }

    package enum Length: Equatable {
        /// Absent or empty.
        case untold
        case octets(Int)
        /// Negative, no number, or beyond 63 bits.
        case nonsense
    }

    /// The neutral request (`runtimes.md` §2). Of doubles the last wins; header fields that came twice stay two, cookies are joined.
    /// `Proxy` and the client's own copies of length and type are dropped (`security.md` §4).
    ///
    /// - Parameter isOnlyOne: Whether this process serves no other request.
    package func head(limits: GatewayLimits, isOnlyOne: Bool = false) throws(Refusal) -> Head {
        var known = Known()
        var fields = HTTPFields()
        fields.reserveCapacity(16)
        var cookies: [UInt8]?
        var total = 0

        for pair in pairs {
            let name = bytes[pair.name]
            guard name.starts(with: Variables.fieldPrefix) else {
                known.take(name, pair.value)
                continue
            }
            let variable = name.dropFirst(Variables.fieldPrefix.count)
            if Variables.isDropped(variable) { continue }
            total += name.count + pair.value.count
            guard pair.name.count + pair.value.count <= limits.field, total <= limits.head, fields.count < limits.fields else {
                throw .fieldsTooLarge
            }
            guard let field = isOnlyOne ? FieldNames.made(from: variable) : FieldNames.name(for: variable) else { continue }
            let value = bytes[pair.value]
            guard !value.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { throw .malformed }
            if field == .cookie {
                if cookies == nil { cookies = Array(value) } else { cookies?.append(contentsOf: Array("; ".utf8) + value) }
            } else {
                fields.append(Variables.field(field, value))
            }
        }
        if let cookies { fields.append(HTTPField(name: .cookie, value: cookies)) }
        if let type = known.contentType, !type.isEmpty { fields.append(Variables.field(.contentType, bytes[type])) }

        guard let method = known.method.flatMap({ HTTPRequest.Method(text($0)) }) else { throw .malformed }
        var front = Front()
        front.prefix = known.scriptName.map(text) ?? ""
        front.peer = known.peer.flatMap { $0.isEmpty ? nil : text($0) }
        front.isSecure = isSecure(known)
        if let verify = known.clientVerify, bytes[verify].elementsEqual("SUCCESS".utf8) {
            front.clientCertificate = known.clientCertificate.flatMap { $0.isEmpty ? nil : text($0) }
        }
        front.requestID =
            RequestID.accepted(known.requestID.map { bytes[$0] }) ?? RequestID.accepted(known.uniqueID.map { bytes[$0] }) ?? RequestID.make()
        front.arrived = .now()
        let target = try self.target(known, limits: limits)
        let isChunked = fields.value(.transferEncoding)?.lowercased().contains("chunked") ?? false
        return Head(
            request: Request(method: method, target: target, fields: fields, front: front),
            length: length(known.contentLength), isChunked: isChunked)
    }

    private static let fieldPrefix = Array("HTTP_".utf8)

    private static func isDropped(_ variable: ArraySlice<UInt8>) -> Bool {
        switch variable.count {
        case 5: variable.elementsEqual("PROXY".utf8)
        case 12: variable.elementsEqual("CONTENT_TYPE".utf8)
        case 14: variable.elementsEqual("CONTENT_LENGTH".utf8)
        default: false
        }
    }

    /// What is ASCII, as nearly every value is, becomes a text at once; other octets are kept as they are.
    private static func field(_ name: HTTPField.Name, _ value: ArraySlice<UInt8>) -> HTTPField {
        value.contains { $0 >= 0x80 } ? HTTPField(name: name, value: value) : HTTPField(name: name, value: String(decoding: value, as: UTF8.self))
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func isSecure(_ known: Known) -> Bool? {
        if let https = known.https, !https.isEmpty {
            return !bytes[https].elementsEqual("off".utf8)
        }
        guard let scheme = known.scheme, !scheme.isEmpty else { return nil }
        return bytes[scheme].elementsEqual("https".utf8)
    }

    /// The raw target. `REQUEST_URI` in path form or, under Apache, in absolute form; a server that does not set it has at least
    /// the decoded parts.
    private func target(_ known: Known, limits: GatewayLimits) throws(Refusal) -> String {
        var raw: [UInt8]
        if let uri = known.uri, !uri.isEmpty {
            raw = Array(Target.originForm(bytes[uri]))
        } else {
            raw = (known.scriptName.map { Array(bytes[$0]) } ?? []) + (known.pathInfo.map { Array(bytes[$0]) } ?? [])
            if let query = known.query, !query.isEmpty { raw += [UInt8(ascii: "?")] + bytes[query] }
            if raw.isEmpty { raw = [UInt8(ascii: "/")] }
        }
        guard raw.count <= limits.target else { throw .targetTooLong }
        guard let target = Target.text(raw[...]) else { throw .malformed }
        return target
    }

    private func length(_ value: Range<Int>?) -> Length {
        guard let value, !value.isEmpty else { return .untold }
        guard let count = Decimal.parse(bytes[value]) else { return .nonsense }
        return .octets(count)
    }

    /// The variables that we read beside header fields.
    private struct Known {
        var method, uri, scriptName, pathInfo, query, contentType, contentLength: Range<Int>?
        var peer, https, scheme, clientVerify, clientCertificate, requestID, uniqueID: Range<Int>?

        mutating func take(_ name: ArraySlice<UInt8>, _ value: Range<Int>) {
            func named(_ word: StaticString) -> Bool {
                word.withUTF8Buffer { name.elementsEqual($0) }
            }
            switch name.count {
            case 5: if named("HTTPS") { https = value }
            case 9:
                if named("PATH_INFO") { pathInfo = value } else if named("UNIQUE_ID") { uniqueID = value }
            case 10: if named("REQUEST_ID") { requestID = value }
            case 11:
                if named("REQUEST_URI") { uri = value }
                if named("SCRIPT_NAME") { scriptName = value }
                if named("REMOTE_ADDR") { peer = value }
            case 12:
                if named("QUERY_STRING") { query = value } else if named("CONTENT_TYPE") { contentType = value }
            case 14:
                if named("REQUEST_METHOD") { method = value }
                if named("CONTENT_LENGTH") { contentLength = value }
                if named("REQUEST_SCHEME") { scheme = value }
            case 15: if named("SSL_CLIENT_CERT") { clientCertificate = value }
            case 17: if named("SSL_CLIENT_VERIFY") { clientVerify = value }
            default: break
            }
        }
    }
}
