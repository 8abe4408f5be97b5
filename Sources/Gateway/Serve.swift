import CLinux
package import EventLoop
import Glibc
package import HTTP
import Logging

/// The near side: whatever called this process, its requests reach the handler and the answers go back.
package enum Gateway {
    /// Whether this process serves one request and ends (CGI), so that nothing is worth preparing for a second one.
    package static var isShortLived: Bool { StartMode.detect() == .cgi }

    /// Whether this process goes on between requests, so that what an answer need not wait for can be done then. Lambda stops it meanwhile.
    package static var isLongLived: Bool {
        switch StartMode.detect() {
        case .fastCGI, .http: true
        case .cgi, .lambda, .usage: false
        }
    }

    /// Serves until the caller is done (CGI), or until SIGTERM. Call it from a synchronous `main`.
    ///
    /// `make` builds the handler once per process. When it throws, its error's description is logged and the process ends with status 78;
    /// a caller that already waits gets a problem document. `function` names it in log lines and in the usage.
    package static func serve(
        _ function: String, limits: GatewayLimits = .standard, _ make: () throws -> any Handler
    ) -> Never {
        signal(SIGPIPE, SIG_IGN)
        let mode = StartMode.detect()
        // Nothing that serves a single request logs through swift-log, and making it ready would be a part of that request's time.
        if mode != .cgi { LoggingSystem.bootstrap { JSONLines(label: $0) } }
        if mode != .cgi, CommandLine.arguments.dropFirst().contains(where: { $0 == "--help" || $0 == "-h" }) {
            _ = Descriptor.writeAll(1, Array(usage(function).utf8))
            exit(EX_OK)
        }
        if mode == .usage {
            _ = Descriptor.writeAll(2, Array(usage(function).utf8))
            exit(EX_USAGE)
        }
        var limits = limits
        if let turns = Environment.count("CAUSEWAY_MAXIMUM_TURNS") { limits.turns = turns }

        let handler: any Handler
        do {
            handler = try make()
        } catch {
            Events.log(.critical, "\(function) cannot start: \(error)")
            reportFailedStart(mode)
            end(EX_CONFIG)
        }
        let service = Service(function: function, mode: mode.name, limits: limits, handler: handler)
        do throws(SystemFailure) {
            try run(service, mode: mode)
        } catch {
            Events.log(.critical, "\(function) cannot serve: \(error)")
            end(EX_OSERR)
        }
        end(EX_OK)
    }

    /// Serves one port of 127.0.0.1 for people at a desk and for tests, whatever started the process, until SIGTERM or SIGINT. Here a handler
    /// may end a connection without an answer: by the status 444.
    package static func serveDesk(_ name: String, port: UInt16, limits: GatewayLimits, handler: any Handler) throws(SystemFailure) {
        signal(SIGPIPE, SIG_IGN)
        LoggingSystem.bootstrap { JSONLines(label: $0) }
        let service = Service(function: name, mode: "desk", limits: limits, handler: handler)
        let listener = try Listener.open(.tcp(host: "127.0.0.1", port: port))
        try Workers(count: Workers.standardCount, listener: listener, service: service) {
            HTTPConnection($0, worker: $1, dialect: .desk)
        }.run()
        LogWriter.finish()
    }

    private static func end(_ status: Int32) -> Never {
        LogWriter.finish()
        exit(status)
    }

    private static func run(_ service: Service, mode: StartMode) throws(SystemFailure) {
        switch mode {
        case .cgi:
            CGI.serve(
                service, loop: try EventLoop(), environment: CGI.environment(),
                input: CGI.standardInput(until: Deadline(milliseconds: service.limits.receiving)), write: CGI.standardOutput)
        case .fastCGI(let listener):
            try Workers(count: Workers.standardCount, listener: listener, service: service) { FastCGIConnection($0, worker: $1) }.run()
        case .http(let endpoint):
            let dialect: HTTPDialect = if case .fn = endpoint { .fn } else { .plain }
            let listener = try Listener.open(endpoint)
            try Workers(count: Workers.standardCount, listener: listener, service: service) {
                HTTPConnection($0, worker: $1, dialect: dialect)
            }.run()
        case .lambda(let api):
            guard try Lambda.serve(service, api: api) else { end(EX_UNAVAILABLE) }
        case .usage: break
        }
    }

    private static func reportFailedStart(_ mode: StartMode) {
        switch mode {
        case .cgi:
            CGI.standardOutput(CGI.output(Service.answer(.notStarted, requestID: RequestID.make()), isHead: false))
        case .lambda(let api): Lambda.reportFailedStart(api: api)
        default: break
        }
    }

    private static func usage(_ function: String) -> String {
        """
        \(function): one endpoint of Causeway. It is started by a web server or a platform, which decides how it is called:

          FastCGI      a listening socket on descriptor 0 (spawn-fcgi, lighttpd, systemd with StandardInput=socket),
                       or on descriptor 3 (LISTEN_FDS and LISTEN_PID)
          CGI          GATEWAY_INTERFACE and REQUEST_METHOD are set
          AWS Lambda   AWS_LAMBDA_RUNTIME_API is set
          HTTP         PORT=n, CAUSEWAY_LISTEN=host:port, FUNCTIONS_CUSTOMHANDLER_PORT=n or FN_LISTENER=unix:/path

        Settings come from the file that CAUSEWAY_SETTINGS names. CAUSEWAY_LOOPS sets the number of event loops (one per core),
        CAUSEWAY_MAXIMUM_TURNS the requests that may run at once (4096). Set SWIFT_BACKTRACE=enable=no, so that a crash cannot print
        what memory holds.

        """
    }
}
