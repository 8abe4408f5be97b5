import CLinux
import Glibc

/// How this process was started, and so how requests reach it (`runtimes.md` §1).
package enum StartMode: Equatable, Sendable {
    /// The AWS Lambda runtime API at `host:port`.
    case lambda(api: String)
    /// FastCGI connections arrive at this listening descriptor.
    case fastCGI(listener: Int32)
    case cgi
    case http(Endpoint)
    /// Nothing told: print the usage.
    case usage

    /// Where the plain HTTP port listens.
    package enum Endpoint: Equatable, Sendable {
        case tcp(host: String, port: UInt16)
        /// The Fn platform's socket: announced under `path` only once it accepts.
        case fn(path: String)
    }

    package var name: StaticString {
        switch self {
        case .lambda: "lambda"
        case .fastCGI: "fastcgi"
        case .cgi: "cgi"
        case .http: "http"
        case .usage: "usage"
        }
    }

    /// The first row that matches. CGI comes before every port, because a CGI child may inherit `PORT` from its parent; a listening
    /// descriptor 0 comes before CGI, because a FastCGI process may inherit `GATEWAY_INTERFACE`.
    package static func detect(
        environment: (String) -> String?, pid: Int32, isListening: (Int32) -> Bool
    ) -> StartMode {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }

        if let api = value("AWS_LAMBDA_RUNTIME_API") { return .lambda(api: api) }
        if let count = value("LISTEN_FDS").flatMap({ Int($0) }), count >= 1, value("LISTEN_PID") == String(pid) {
            return .fastCGI(listener: 3)
        }
        if isListening(0) { return .fastCGI(listener: 0) }
        if value("GATEWAY_INTERFACE")?.hasPrefix("CGI/") == true, value("REQUEST_METHOD") != nil { return .cgi }
        if let text = value("CAUSEWAY_LISTEN"), let endpoint = Endpoint(address: text) { return .http(endpoint) }
        if let port = value("FUNCTIONS_CUSTOMHANDLER_PORT").flatMap({ UInt16($0) }) {
            return .http(.tcp(host: "127.0.0.1", port: port))
        }
        if let path = value("FN_LISTENER"), path.hasPrefix("unix:"), path.utf8.count > 5 {
            return .http(.fn(path: String(path.dropFirst(5))))
        }
        if let port = value("PORT").flatMap({ UInt16($0) }) { return .http(.tcp(host: "0.0.0.0", port: port)) }
        return .usage
    }

    package static func detect() -> StartMode {
        detect(environment: Environment.value, pid: getpid(), isListening: clinux_is_listening)
    }
}

extension StartMode.Endpoint {
    /// `127.0.0.1:9000`, `[::1]:9000`.
    package init?(address: String) {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else { return nil }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: port)
    }
}

/// Single variables of the process's environment: start-up settings of the gateway itself, never parts of a request.
package enum Environment {
    @Sendable static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// A whole number of at least one, or `nil`.
    package static func count(_ name: String) -> Int? { value(name).flatMap { Int($0) }.flatMap { $0 >= 1 ? $0 : nil } }
}
