import JSON

/// A part of a callback's body with its path, read as liberally as CXone writes (`byoc.md` §13): absent, null and empty are alike, ids are
/// texts or numbers, what is not asked for is ignored. What says who and where is never guessed: the wrong kind there is a fault.
struct CallbackValue {
    let json: JSON
    let path: [String]

    init(_ json: JSON, path: [String] = []) {
        self.json = json
        self.path = path
    }

    /// A nested object. PHP writes an empty one as an empty list.
    func object(_ name: String) throws(CallbackProblem) -> CallbackValue? {
        guard let value = present(name) else { return nil }
        guard value.kind == .object else { throw .malformed(path + [name], "must be an object") }
        return value.count == 0 ? nil : CallbackValue(value, path: path + [name])
    }

    /// The objects of a list.
    func list(_ name: String) throws(CallbackProblem) -> [CallbackValue] {
        guard let value = present(name) else { return [] }
        if value.kind == .object, value.count == 0 { return [] }
        guard value.kind == .array else { throw .malformed(path + [name], "must be a list") }
        var found: [CallbackValue] = []
        for element in value.elements {
            let place = path + [name, String(found.count)]
            guard element.kind == .object else { throw .malformed(place, "must be an object") }
            found.append(CallbackValue(element, path: place))
        }
        return found
    }

    func id(_ name: String) throws(CallbackProblem) -> String? {
        guard let value = present(name) else { return nil }
        guard let id = value.idText else { throw .malformed(path + [name], "must be a text or a number") }
        return id
    }

    /// The first of several members, nested ones with dots, that holds an id.
    func id(at places: String...) throws(CallbackProblem) -> String? {
        for place in places {
            var value: CallbackValue? = self
            let names = place.split(separator: ".").map(String.init)
            for name in names.dropLast() { value = try value?.object(name) }
            if let last = names.last, let id = try value?.id(last) { return id }
        }
        return nil
    }

    func requiredID(_ name: String) throws(CallbackProblem) -> String {
        guard let id = try id(name) else { throw .malformed(path + [name], "is missing") }
        return id
    }

    /// Something to show; of the wrong kind it is as good as absent.
    func text(_ name: String) -> String? { json[name].flatMap(Self.text) }

    func flag(_ name: String) -> Bool? {
        guard let value = json[name] else { return nil }
        return value.bool ?? (value.string ?? value.numberLiteral).flatMap { ["true": true, "1": true, "false": false, "0": false][$0] }
    }

    static func text(_ value: JSON) -> String? {
        let text = value.string ?? value.numberLiteral
        return text?.isEmpty == true ? nil : text
    }

    private func present(_ name: String) -> JSON? {
        guard let value = json[name], !value.isNull, value.string?.isEmpty != true else { return nil }
        return value.kind == .array && value.count == 0 ? nil : value
    }
}
