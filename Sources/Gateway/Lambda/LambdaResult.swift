package import HTTP
import HTTPTypes
import JSON
import Secrets

/// An answer as the result of an invocation, in the shape of the event that asked (`runtimes.md` §9.3). Always the full object: without
/// `statusCode` the platform would guess.
package enum LambdaResult {
    /// Beyond this the runtime API answers 413 and the caller sees the platform's error.
    package static let limit = 6_291_556

    package static func encode(_ response: Response, for shape: LambdaEvent.Shape, isHead: Bool) -> [UInt8] {
        let body = isHead ? [] : response.body
        let isText = isText(response)
        var writer = JSONWriter(reservingCapacity: body.count * (isText ? 1 : 2) + 512)
        writer.object { result in
            result.field("statusCode", response.status.code)
            switch shape {
            case .http2:
                write(single: response.fields.filter { $0.name != .setCookie }, to: &result)
                let cookies = response.fields[values: .setCookie]
                if !cookies.isEmpty { result.field("cookies", array: { list in for cookie in cookies { list.value(cookie) } }) }
            case .rest1:
                write(lists: response.fields, to: &result)
            case .balancer(let listsHeaders):
                result.field("statusDescription", "\(response.status.code) \(ResponseHead.reason(of: response.status.code))")
                if listsHeaders {
                    write(lists: response.fields, to: &result)
                } else {
                    write(single: Array(response.fields), to: &result)
                }
            }
            if isText, let text = String(validating: body, as: UTF8.self) {
                result.field("body", text)
                result.field("isBase64Encoded", false)
            } else {
                result.name("body")
                result.plainString(Base64.encode(body))
                result.field("isBase64Encoded", true)
            }
        }
        return writer.bytes
    }

    private static func isText(_ response: Response) -> Bool {
        guard let type = response.fields[.contentType]?.lowercased() else { return response.body.isEmpty }
        let essence = type.prefix { $0 != ";" && $0 != " " }
        guard essence.hasPrefix("text/") || essence == "application/json" || essence.hasSuffix("+json") else { return false }
        guard let charset = type.range(of: "charset=") else { return true }
        return type[charset...].hasPrefix("utf-8") || type[charset...].hasPrefix("\"utf-8\"")
    }

    /// Doubles joined: the shape has room for one value a name.
    private static func write(single fields: [HTTPField], to writer: inout JSONWriter) {
        var seen: Set<HTTPField.Name> = []
        writer.field("headers", object: { object in
            for field in fields where seen.insert(field.name).inserted {
                object.field(field.name.rawName, fields.filter { $0.name == field.name }.map { $0.value }.joined(separator: ", "))
            }
        })
    }

    private static func write(lists fields: HTTPFields, to writer: inout JSONWriter) {
        var seen: Set<HTTPField.Name> = []
        writer.field("multiValueHeaders", object: { object in
            for field in fields where seen.insert(field.name).inserted {
                object.field(field.name.rawName, array: { list in for value in fields[values: field.name] { list.value(value) } })
            }
        })
    }
}

extension String {
    /// The index behind the first occurrence.
    fileprivate func range(of part: String) -> Index? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
