import JSON

/// Takes a token out of a turn's body, into which a 1.0.0 script has put it (V82, V83). What is left shows no trace of it: the token's member is
/// gone, and so are objects that held nothing else, so that a first turn still looks like one.
enum CarriedToken {
    enum Place: Equatable {
        case sessionState(String)
        case customPayload(String)

        fileprivate var member: String {
            switch self {
            case .sessionState: "botSessionState"
            case .customPayload: "customPayload"
            }
        }

        fileprivate var path: [String] {
            switch self {
            case .sessionState(let path), .customPayload(let path): path.split(separator: ".").map(String.init)
            }
        }
    }

    /// - Returns: The token, if the place holds a text, and the body without whatever stood there; `body` itself when nothing did.
    static func take(_ place: Place, from body: [UInt8]) -> (token: [UInt8]?, body: [UInt8]) {
        guard let json = try? JSON(parsing: body), json.kind == .object, let value = json[place.member] else { return (nil, body) }
        let path = place.path[...]
        // Scripts often put the payload into a second one of the same name.
        guard let (found, rest) = taken(path, from: value) ?? taken([place.member] + path, from: value) else { return (nil, body) }
        let left = RawJSON(reservingCapacity: body.count) { writer in
            writer.object { object in
                for member in json.members {
                    object.name(member.name)
                    if member.name == place.member { object.value(rest ?? .null) } else { object.value(member.value) }
                }
            }
        }
        let text = found.string.map { Array($0.utf8) }
        return (text.flatMap { $0.isEmpty ? nil : $0 }, Array(left.bytes))
    }

    /// What stood at the path, and what is left of the value: `nil` when that is nothing. `nil` for both when there is no such member.
    private static func taken(_ path: ArraySlice<String>, from value: JSON) -> (found: JSON, rest: RawJSON?)? {
        if let text = value.string {
            // Serialised twice (§8.1). What is inside goes back as a text.
            guard let inner = try? JSON(parsing: Array(text.utf8)), inner.kind == .object, let (found, rest) = taken(path, from: inner) else { return nil }
            return (found, rest.map { .string($0.text) })
        }
        guard value.kind == .object, let first = path.first else { return nil }
        let whole = path.joined(separator: ".")
        let found: JSON
        var (name, inside) = (whole, RawJSON?.none)
        if let member = value[whole] {
            found = member
        } else {
            guard path.count > 1, let member = value[first], let (deep, rest) = taken(path.dropFirst(), from: member) else { return nil }
            (found, name, inside) = (deep, first, rest)
        }
        let left = value.members.filter { $0.name != name }
        guard !left.isEmpty || inside != nil else { return (found, nil) }
        return (found, RawJSON { writer in
            writer.object { object in
                for member in value.members {
                    if member.name != name {
                        object.name(member.name)
                        object.value(member.value)
                    } else if let inside {
                        object.name(member.name)
                        object.value(inside)
                    }
                }
            }
        })
    }
}
