import JSON
package import Secrets

/// What a link to a file carries, sealed: nobody can read it, change it or make another, and it ends (`security.md` §5, §9).
package struct AttachmentLink: Sendable, Equatable {
    package enum Place: Sendable, Equatable {
        /// What the channel's `FileSource` understands.
        case platform(String)
        /// A URL that is fetched when the link is.
        case open(String)
    }

    package var channel: String
    package var place: Place
    /// Clean.
    package var name: String
    package var mediaType: String?
    /// Milliseconds since 1970.
    package var expires: Int

    package init(channel: String, place: Place, name: String, mediaType: String?, expires: Int) {
        self.channel = channel
        self.place = place
        self.name = name
        self.mediaType = mediaType
        self.expires = expires
    }

    /// Octets of the longest link: the target of a request has its limit.
    private static let longest = 6000
    private static let context = "causeway attachment v1"

    /// One path segment; `nil` when it would be too long.
    package func sealed(by sealer: Sealer) -> String? {
        let json = RawJSON { writer in
            writer.object { json in
                json.field("c", channel)
                switch place {
                case .platform(let reference): json.field("r", reference)
                case .open(let url): json.field("u", url)
                }
                json.field("n", name)
                json.field("t", mediaType)
                json.field("e", expires)
            }
        }
        guard let octets = sealer.seal(Array(json.bytes), context: Self.context), octets.count <= Self.longest else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }

    /// `nil` for what was not sealed by us, or has ended: nobody learns which.
    package init?(sealed text: Substring, by sealer: Sealer, now: Int) {
        guard text.utf8.count <= Self.longest, let octets = sealer.open(Array(text.utf8), context: Self.context),
            let json = try? JSON(parsing: octets), let channel = json["c"]?.string, let name = json["n"]?.string,
            let expires = json["e"]?.integer, now < expires
        else { return nil }
        if let reference = json["r"]?.string {
            place = .platform(reference)
        } else if let url = json["u"]?.string {
            place = .open(url)
        } else {
            return nil
        }
        self.channel = channel
        self.name = name
        self.expires = expires
        mediaType = json["t"]?.string
    }
}
