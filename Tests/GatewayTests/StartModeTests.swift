import Gateway
import Testing

/// `runtimes.md` §1: which row matches.
struct StartCase: Sendable, CustomTestStringConvertible {
    let name: String
    var variables: [String: String] = [:]
    var listening: Set<Int32> = []
    let mode: StartMode
    var testDescription: String { name }

    static let all: [StartCase] = [
        StartCase(name: "nothing", mode: .usage),
        StartCase(name: "Lambda before everything", variables: ["AWS_LAMBDA_RUNTIME_API": "h:1", "PORT": "80", "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"], listening: [0], mode: .lambda(api: "h:1")),
        StartCase(name: "empty Lambda variable is none", variables: ["AWS_LAMBDA_RUNTIME_API": "", "PORT": "80"], mode: .http(.tcp(host: "0.0.0.0", port: 80))),
        StartCase(name: "socket activation", variables: ["LISTEN_FDS": "1", "LISTEN_PID": "77"], mode: .fastCGI(listener: 3)),
        StartCase(name: "activation meant for another process", variables: ["LISTEN_FDS": "1", "LISTEN_PID": "76"], mode: .usage),
        StartCase(name: "activation without descriptors", variables: ["LISTEN_FDS": "0", "LISTEN_PID": "77"], mode: .usage),
        StartCase(name: "activation with nonsense", variables: ["LISTEN_FDS": "many", "LISTEN_PID": "77"], mode: .usage),
        StartCase(name: "listening descriptor 0", listening: [0], mode: .fastCGI(listener: 0)),
        StartCase(name: "a listening descriptor elsewhere says nothing", listening: [3], mode: .usage),
        StartCase(name: "FastCGI started by something that was a CGI child", variables: ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"], listening: [0], mode: .fastCGI(listener: 0)),
        StartCase(name: "CGI", variables: ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"], mode: .cgi),
        StartCase(name: "CGI child that inherits ports", variables: ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "PORT": "8080", "CAUSEWAY_LISTEN": "127.0.0.1:1", "FUNCTIONS_CUSTOMHANDLER_PORT": "2", "FN_LISTENER": "unix:/x"], mode: .cgi),
        StartCase(name: "CGI child of fcgiwrap", variables: ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "FCGI_ROLE": "RESPONDER"], mode: .cgi),
        StartCase(name: "CGI without method", variables: ["GATEWAY_INTERFACE": "CGI/1.1"], mode: .usage),
        StartCase(name: "a gateway that is not CGI", variables: ["GATEWAY_INTERFACE": "SCGI/1", "REQUEST_METHOD": "GET"], mode: .usage),
        StartCase(name: "told address", variables: ["CAUSEWAY_LISTEN": "127.0.0.1:9000", "PORT": "80"], mode: .http(.tcp(host: "127.0.0.1", port: 9000))),
        StartCase(name: "told IPv6 address", variables: ["CAUSEWAY_LISTEN": "[::1]:9000"], mode: .http(.tcp(host: "::1", port: 9000))),
        StartCase(name: "told address without port", variables: ["CAUSEWAY_LISTEN": "127.0.0.1"], mode: .usage),
        StartCase(name: "Azure", variables: ["FUNCTIONS_CUSTOMHANDLER_PORT": "7071", "PORT": "80"], mode: .http(.tcp(host: "127.0.0.1", port: 7071))),
        StartCase(name: "Fn", variables: ["FN_LISTENER": "unix:/tmp/iofs/lsnr.sock", "PORT": "80"], mode: .http(.fn(path: "/tmp/iofs/lsnr.sock"))),
        StartCase(name: "Fn with another scheme", variables: ["FN_LISTENER": "tcp:1"], mode: .usage),
        StartCase(name: "Cloud Run", variables: ["PORT": "8080", "K_SERVICE": "s"], mode: .http(.tcp(host: "0.0.0.0", port: 8080))),
        StartCase(name: "port out of range", variables: ["PORT": "70000"], mode: .usage),
        StartCase(name: "OpenFaaS classic is not served", variables: ["Http_Method": "POST"], mode: .usage),
    ]
}

@Test("P1: how a process was started is told from its environment and descriptors", arguments: StartCase.all)
func startMode(_ start: StartCase) {
    let mode = StartMode.detect(environment: { start.variables[$0] }, pid: 77, isListening: { start.listening.contains($0) })
    #expect(mode == start.mode)
}
