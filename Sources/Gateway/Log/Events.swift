import Logging

/// What the gateway itself has to say beside requests: starts, stops, failures.
enum Events {
    static func log(_ level: Logger.Level, _ message: String) {
        let event = LogEvent(level: level, message: "\(message)", metadata: nil, source: "Gateway", file: "", function: "", line: 0)
        JSONLines(label: "gateway").log(event: event)
    }
}

extension Gateway {
    /// Logs trouble outside any one request's own line, in every mode.
    package static func report(_ message: String) { Events.log(.warning, message) }

    /// Logs what works but should be changed, once per process: not in CGI, where every request is a process.
    package static func warn(_ message: String) {
        if !isShortLived { Events.log(.warning, message) }
    }
}
