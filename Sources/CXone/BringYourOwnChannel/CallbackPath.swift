import HTTP

/// Where a callback leads: the segments of its path below the Integration Box URL, from the raw target, because servers decode and merge
/// what they hand on beside it (`runtimes.md` §2). The query is never looked at.
struct CallbackPath: Sendable {
    /// As they were sent, still encoded; empty ones left out, so that a box URL with a slash at its end does no harm.
    let segments: [Substring]

    /// Where the functions are mounted unless the server says otherwise.
    private static let mount = "byoc"
    /// A path with more parts is nobody's.
    private static let mostSegments = 32

    init(_ request: Request) {
        var rest = request.path
        let prefix = request.front.prefix
        if !prefix.isEmpty, rest.hasPrefix(prefix + "/") { rest = rest.dropFirst(prefix.count) }
        var segments = rest.split(separator: "/")
        // Some servers name the whole path as the mount, and some none: then ours may lead the rest.
        if !prefix.hasSuffix("/" + Self.mount), let first = segments.first, first == Self.mount { segments.removeFirst() }
        self.segments = segments
    }

    /// The ids in the path, by their names in the pattern, each decoded once; `nil` when the path is another one.
    ///
    /// - Parameter folded: Whether an id may stand for several segments: hosts that decode the path before they hand it on (API Gateway)
    ///   leave an id's slashes bare.
    func ids(_ pattern: CallbackPattern, folded: Bool = false) -> [String: String]? {
        guard segments.count <= Self.mostSegments else { return nil }
        return ids(pattern.parts[...], segments[...], folded: folded)
    }

    private func ids(_ parts: ArraySlice<CallbackPattern.Part>, _ rest: ArraySlice<Substring>, folded: Bool) -> [String: String]? {
        guard let part = parts.first else { return rest.isEmpty ? [:] : nil }
        guard let segment = rest.first else { return nil }
        switch part {
        case .word(let word):
            return segment == word ? ids(parts.dropFirst(), rest.dropFirst(), folded: folded) : nil
        case .id(let name):
            let most = folded ? rest.count - parts.count + 1 : 1
            guard most >= 1 else { return nil }
            for count in 1...most {
                guard var found = ids(parts.dropFirst(), rest.dropFirst(count), folded: folded) else { continue }
                var id: [String] = []
                for segment in rest.prefix(count) {
                    guard let decoded = PathSegment.decoded(segment) else { return nil }
                    id.append(decoded)
                }
                found[name] = id.joined(separator: "/")
                return found
            }
            return nil
        }
    }
}

/// `/1.0/channel/{channel}/recipients/validation`, below the Integration Box URL.
package struct CallbackPattern: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case word(String)
        case id(String)
    }

    let parts: [Part]

    package init(_ text: String) {
        parts = text.split(separator: "/").map { part in
            part.hasPrefix("{") && part.hasSuffix("}") ? .id(String(part.dropFirst().dropLast())) : .word(String(part))
        }
    }

    static let tokens = [CallbackPattern("/1.0/token"), CallbackPattern("/oauth/token")]
    static let tunnelToken = CallbackPattern("/tunnel/token")
    static let tunnelKeys = CallbackPattern("/tunnel/keys")
    static let outbound = [CallbackPattern("/2.0/channel/{channel}/outbound"), CallbackPattern("/channels/{channel}/outbound")]
    static let legacy = [CallbackPattern("/1.0/posts/{post}/messages")]
    static let recipients = [CallbackPattern("/1.0/channel/{channel}/recipients/validation")]
    static let senderAction = [CallbackPattern("/1.0/channel/{channel}/thread/{thread}/sender-action")]
}

/// Whether two ids are the same: octet by octet, as CXone compares them, and not as Unicode would (`byoc.md` §13).
func isSame(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
