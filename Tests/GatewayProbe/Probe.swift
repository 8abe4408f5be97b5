import EventLoop
import Gateway
import Glibc
import HTTP
import HTTPTypes
import Time

/// A function that shows what reached it: the gateway's tests start it in every mode.
///
///     /echo            what arrived, as text: method, target, prefix, peer, each field, the body's length and sum
///     /body            the body, back
///     /sleep?120       the same as /echo after 120 milliseconds; "cancelled" when the caller left before
///     /size?70000      that many octets
///     /stream?70000    that many octets, made while they are sent; /chunks the same without a length, /broken only half of them
///     /status?404      that status, without a body
///     /noted?50        after 50 milliseconds; then whether the answer left is noted in the file PROBE_NOTES
///
/// With PROBE_ATTENDS it appends `(` and, a little later, `)` to that file again and again beside its requests.
@main
enum Probe {
    static func main() {
        var limits = GatewayLimits(body: 1 << 20)
        // Short, so that the test of slow senders is.
        limits.receiving = 500
        Gateway.serve("probe", limits: limits) {
            if getenv("PROBE_FAILS") != nil { throw Refused() }
            guard let file = getenv("PROBE_ATTENDS") else { return ProbeHandler() }
            let path = String(cString: file)
            return AttendedHandler(ProbeHandler(), everyMilliseconds: 50) {
                append("(", to: path)
                await EventLoop.sleep(until: .now().advanced(byMilliseconds: 200))
                append(")", to: path)
            }
        }
    }

    private static func append(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        _ = write(descriptor, text, text.utf8.count)
        close(descriptor)
    }

    fileprivate static func note(_ text: String) { if let file = getenv("PROBE_NOTES") { append(text, to: String(cString: file)) } }

    private struct Refused: Error, CustomStringConvertible {
        var description: String { "line 3, column 5: no such setting" }
    }
}

struct ProbeHandler: Handler {
    func respond(to request: Request) async -> Response {
        let argument = request.target.split(separator: "?").dropFirst().first.flatMap { Int($0) } ?? 0
        switch request.path.split(separator: "/").last {
        case "body": return Response(status: .ok, fields: [.contentType: "application/octet-stream"], body: request.body)
        case "sleep":
            let end = Instant.now().advanced(byMilliseconds: argument)
            while Instant.now() < end {
                if Task.isCancelled { return text("cancelled") }
                await EventLoop.sleep(until: min(end, .now().advanced(byMilliseconds: 10)))
            }
            return text(description(of: request))
        case "size": return text(String(repeating: "x", count: min(argument, 16 << 20)))
        case "stream", "chunks", "broken":
            let kind = request.path.split(separator: "/").last ?? ""
            var response = text("")
            response.stream = ResponseStream(length: kind == "chunks" ? nil : argument) { sink in
                var left = kind == "broken" ? argument / 2 : argument
                while left > 0 {
                    guard await sink.write([UInt8](repeating: 0x78, count: min(left, 65_536))) else {
                        Probe.note("gone")
                        return false
                    }
                    left -= min(left, 65_536)
                }
                return kind != "broken"
            }
            response.afterwards = { wasWritten in Probe.note(wasWritten ? "written" : "left") }
            return response
        case "status": return Response(status: HTTPResponse.Status(code: argument))
        case "noted":
            let end = Instant.now().advanced(byMilliseconds: argument)
            while Instant.now() < end, !Task.isCancelled { await EventLoop.sleep(until: min(end, .now().advanced(byMilliseconds: 10))) }
            var response = text("noted")
            response.afterwards = { wasWritten in Probe.note(wasWritten ? "written" : "left") }
            return response
        default: return text(description(of: request))
        }
    }

    private func text(_ text: String) -> Response {
        Response(status: .ok, fields: [.contentType: "text/plain; charset=utf-8"], body: Array(text.utf8), notes: [Note("probe", true)])
    }

    private func description(of request: Request) -> String {
        var lines = [
            "\(request.method.rawValue) \(request.target)", "prefix \(request.front.prefix)", "peer \(request.front.peer ?? "-")",
            "secure \(request.front.isSecure.map { "\($0)" } ?? "-")", "certificate \(request.front.clientCertificate ?? "-")",
        ]
        // In order of name, because servers put the fields in different orders.
        lines += request.fields.map { "\($0.name.canonicalName): \($0.value)" }.sorted()
        lines.append("body \(request.body.count) \(request.body.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) })")
        return lines.joined(separator: "\n") + "\n"
    }
}
