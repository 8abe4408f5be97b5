import CLinux
package import Logging

/// What libraries log through swift-log, as the same JSON lines on standard error that the gateway writes for each request.
package struct JSONLines: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    private let label: String

    package init(label: String) { self.label = label }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LogLine(epochMilliseconds: clinux_epoch_milliseconds(), level: JSONLines.name(of: event.level))
        line.field("logger", label)
        line.field("message", event.message.description, limit: 1024)
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }) {
            line.field(named: key, value.description)
        }
        line.write()
    }

    private static func name(of level: Logger.Level) -> StaticString {
        switch level {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        }
    }
}
