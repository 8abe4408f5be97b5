import CWebChat
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets

/// A file of `Assets`, with a tag by which browsers ask whether theirs is still right.
struct ChatDocument: Sendable {
    let octets: [UInt8]
    let type: String
    let tag: String

    private init(_ type: String, _ asset: (UnsafeMutablePointer<Int>?) -> UnsafePointer<UInt8>?) {
        var size = 0
        let start = asset(&size)
        octets = Array(UnsafeBufferPointer(start: start, count: size))
        self.type = type
        tag = "\"" + Digest.hex(Digest.sha256(octets).prefix(8)) + "\""
    }

    static let page = ChatDocument("text/html; charset=utf-8", cwebchat_page)
    static let script = ChatDocument("text/javascript; charset=utf-8", cwebchat_script)
    static let style = ChatDocument("text/css; charset=utf-8", cwebchat_style)
    static let icon = ChatDocument("image/svg+xml", cwebchat_icon)
    static let description = ChatDocument("application/json; charset=utf-8", cwebchat_description)

    /// No inline script or style, nothing from elsewhere; pictures of the conversation come as `blob:`.
    /// - Parameter origins: The sites that may show the page in a frame.
    static func policy(_ origins: [String]) -> String {
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
            + "media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors \(origins.isEmpty ? "'none'" : origins.joined(separator: " "))"
    }
}

extension WebChatHandler {
    /// The page and the files that it, and other sites, need. They hold nothing of anybody and are the same for all.
    func document(_ route: ChatRoute, _ request: Request) -> Response {
        guard route.methods.contains(request.method) else {
            var response = ChatProblem.methodNotAllowed.response()
            response.fields[.allow] = "GET, HEAD"
            return response
        }
        let document: ChatDocument
        switch route {
        case .script: document = .script
        case .style: document = .style
        case .icon: document = .icon
        case .description: document = .description
        case .page(let channel) where places.contains { $0.channel.name == channel }: document = .page
        default: return ChatProblem.notFound.response()
        }
        var fields: HTTPFields = [.contentType: document.type, .eTag: document.tag, .cacheControl: "no-cache"]
        fields[.xContentTypeOptions] = "nosniff"
        if case .page(let channel) = route {
            let place = places.first { $0.channel.name == channel }
            fields[.contentSecurityPolicy] = ChatDocument.policy(place?.chat.settings.origins ?? [])
            if let name = HTTPField.Name("Referrer-Policy") { fields[name] = "no-referrer" }
        } else if case .style = route {
            // A site that shows the chat loads it into its own page.
            fields[.accessControlAllowOrigin] = "*"
        } else if case .script = route {
            fields[.accessControlAllowOrigin] = "*"
        }
        if let name = HTTPField.Name("Cross-Origin-Resource-Policy") { fields[name] = "cross-origin" }
        if request.fields.value(.ifNoneMatch) == document.tag { return Response(status: .notModified, fields: fields) }
        return Response(status: .ok, fields: fields, body: document.octets)
    }

    /// What the script must know before anybody has written: words, colours, limits.
    func configuration(of place: WebChatPlace) -> Response {
        let settings = place.chat.settings
        var writer = JSONWriter()
        writer.object { json in
            json.field("title", settings.title)
            json.field("texts", settings.texts)
            json.field("colours", object: { json in
                json.field("accent", settings.colours.accent)
                json.field("accentDark", settings.colours.accentDark)
            })
            json.field("limits", object: { json in
                json.field("text", settings.limits.text)
                json.field("files", settings.limits.files)
                json.field("fileOctets", settings.limits.fileOctets)
                json.field("types", array: { json in for type in ChatFileType.allowed { json.value(type) } })
            })
            json.field("endsWhenLeft", settings.endsWhenLeft)
        }
        return .json(.ok, writer.bytes)
    }
}
