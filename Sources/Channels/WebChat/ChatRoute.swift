import HTTP
import HTTPTypes

/// What a path below `/chat` names.
enum ChatRoute: Equatable {
    case script, style, icon, description
    /// The chat's own page.
    case page(channel: String)
    case configuration(channel: String), sessions(channel: String), messages(channel: String), typing(channel: String), read(channel: String),
        files(channel: String), end(channel: String), leave(channel: String)
    case file(channel: String, id: String)

    private static let prefix = "/chat"

    init?(_ request: Request) {
        var rest = request.path
        let mount = request.front.prefix
        if !mount.isEmpty, rest == mount || rest.hasPrefix(mount + "/") { rest = rest.dropFirst(mount.count) }
        // Where the mount point does not say it already, the function's own name may lead the path.
        if !mount.hasSuffix(Self.prefix), rest.hasPrefix(Self.prefix + "/") { rest = rest.dropFirst(Self.prefix.count) }
        guard rest.first == "/" else { return nil }
        let segments = rest.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard (1...3).contains(segments.count), segments.allSatisfy({ !$0.isEmpty }) else { return nil }
        guard let channel = PathSegment.decoded(segments[0]) else { return nil }
        switch segments.count {
        case 1:
            switch segments[0] {
            case "causeway-chat.js": self = .script
            case "causeway-chat.css": self = .style
            case "causeway-chat.svg": self = .icon
            case "openapi.json": self = .description
            default: self = .page(channel: channel)
            }
        case 2:
            switch segments[1] {
            case "config": self = .configuration(channel: channel)
            case "sessions": self = .sessions(channel: channel)
            case "messages": self = .messages(channel: channel)
            case "typing": self = .typing(channel: channel)
            case "read": self = .read(channel: channel)
            case "files": self = .files(channel: channel)
            case "end": self = .end(channel: channel)
            case "leave": self = .leave(channel: channel)
            default: return nil
            }
        default:
            guard segments[1] == "files", let id = PathSegment.decoded(segments[2]) else { return nil }
            self = .file(channel: channel, id: id)
        }
    }

    var channel: String? {
        switch self {
        case .script, .style, .icon, .description: nil
        case .page(let channel), .configuration(let channel), .sessions(let channel), .messages(let channel), .typing(let channel),
            .read(let channel), .files(let channel), .end(let channel), .leave(let channel), .file(let channel, _): channel
        }
    }

    var methods: [HTTPRequest.Method] {
        switch self {
        case .script, .style, .icon, .description, .page, .configuration, .file: [.get, .head]
        case .messages: [.get, .post]
        case .sessions, .typing, .read, .files, .end, .leave: [.post]
        }
    }
}

/// Parts of a request target.
enum ChatQuery {
    /// The first value of a query's parameter, decoded.
    static func parameter(_ name: String, in request: Request) -> String? {
        guard let start = request.target.firstIndex(of: "?") else { return nil }
        for pair in request.target[start...].dropFirst().split(separator: "&") where pair.hasPrefix(name + "=") {
            return PathSegment.decoded(pair.dropFirst(name.count + 1))
        }
        return nil
    }
}
