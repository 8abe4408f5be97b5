import HTTP
import HTTPTypes

/// An answer's head as octets.
enum ResponseHead {
    /// `Status: 200 OK` and the fields, ended by an empty line: what CGI and FastCGI servers read. No length: with kept connections a
    /// wrong one makes nginx wait (`runtimes.md` §4.3).
    static func appendCGI(_ response: Response, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "Status: ".utf8)
        appendStatus(response.status, to: &bytes)
        appendFields(response, to: &bytes)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    /// `200 OK` with the line's end.
    static func appendStatus(_ status: HTTPResponse.Status, to bytes: inout [UInt8]) {
        LogLine.append(decimal: status.code, to: &bytes)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: (status.reasonPhrase.isEmpty ? reason(of: status.code) : status.reasonPhrase).utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    static func appendFields(_ response: Response, to bytes: inout [UInt8]) {
        for field in response.fields {
            bytes.append(contentsOf: field.name.rawName.utf8)
            bytes.append(contentsOf: ": ".utf8)
            field.withUnsafeBytesOfValue { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: "\r\n".utf8)
        }
    }

    /// The phrases of RFC 9110 and RFC 6585 for the codes that handlers and gateway use; never empty, because some servers want one.
    static func reason(of code: Int) -> String {
        switch code {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case ..<300: "Success"
        case ..<400: "Redirect"
        case ..<500: "Client Error"
        default: "Server Error"
        }
    }
}
