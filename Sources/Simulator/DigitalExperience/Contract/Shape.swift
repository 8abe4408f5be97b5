package import JSON

/// What a value of a request must look like. One description both refuses and tells where.
package indirect enum Shape: Sendable {
    /// Any string, an empty one too.
    case text
    /// A string with at least one character that is no white space.
    case filledText
    /// ISO 8601 with an offset; with exactly three digits of a second when `milliseconds`.
    case time(milliseconds: Bool)
    /// An absolute `http` or `https` URL.
    case url
    case boolean
    case integer
    case choice([String])
    case list(Shape)
    case object([Field])
    /// An object whose members nobody describes.
    case anyObject
    case any

    package struct Field: Sendable {
        let name: String
        let shape: Shape
        let isRequired: Bool
        var isNullable = false

        static func required(_ name: String, _ shape: Shape) -> Field { Field(name: name, shape: shape, isRequired: true) }
        static func optional(_ name: String, _ shape: Shape) -> Field { Field(name: name, shape: shape, isRequired: false) }
        static func nullable(_ name: String, _ shape: Shape) -> Field {
            Field(name: name, shape: shape, isRequired: false, isNullable: true)
        }
    }
}

/// One entry of an error's `errors` (`byoc.md` §5.4).
package struct Violation: Sendable, Equatable {
    /// `thread.idOnExternalPlatform`, `attachments[0].url`; `nil` when the whole request is meant.
    package let field: String?
    package let message: String
    /// Ours: NICE publishes no list of codes.
    package let code: String

    package init(_ field: String?, _ message: String, _ code: String) {
        (self.field, self.message, self.code) = (field, message, code)
    }
}

extension Shape {
    /// Everything that is wrong with `value`, in the order of the description.
    package func violations(of value: JSON, at path: String = "", refusingUnknown: Bool) -> [Violation] {
        let place = path.isEmpty ? nil : path
        func wrong(_ message: String, _ code: String) -> [Violation] { [Violation(place, message, code)] }
        switch self {
        case .text:
            return value.kind == .string ? [] : wrong("This value should be of type string.", "type")
        case .filledText:
            guard let text = value.string else { return wrong("This value should be of type string.", "type") }
            return text.allSatisfy(\.isWhitespace) ? wrong("This value should not be blank.", "blank") : []
        case .time(let milliseconds):
            guard let text = value.string else { return wrong("This value should be of type string.", "type") }
            guard ISOTime.parse(text, milliseconds: milliseconds) == nil else { return [] }
            return wrong("This value is not a valid datetime\(milliseconds ? " with milliseconds" : "").", "format")
        case .url:
            guard let text = value.string else { return wrong("This value should be of type string.", "type") }
            return WebAddress(text) == nil ? wrong("This value is not a valid URL.", "format") : []
        case .boolean:
            return value.bool == nil ? wrong("This value should be of type boolean.", "type") : []
        case .integer:
            return value.integer == nil ? wrong("This value should be of type integer.", "type") : []
        case .choice(let choices):
            guard let text = value.string else { return wrong("This value should be of type string.", "type") }
            return choices.contains(text) ? [] : wrong("The value you selected is not a valid choice.", "choice")
        case .list(let element):
            guard value.kind == .array else { return wrong("This value should be of type array.", "type") }
            return value.elements.enumerated().flatMap { index, value in
                element.violations(of: value, at: "\(path)[\(index)]", refusingUnknown: refusingUnknown)
            }
        case .object(let fields):
            guard value.kind == .object else { return wrong("This value should be of type object.", "type") }
            return Shape.violations(of: value, against: fields, at: path, refusingUnknown: refusingUnknown)
        case .anyObject:
            return value.kind == .object ? [] : wrong("This value should be of type object.", "type")
        case .any: return []
        }
    }

    private static func violations(of value: JSON, against fields: [Field], at path: String, refusingUnknown: Bool) -> [Violation] {
        func inner(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        var found: [Violation] = []
        for field in fields {
            guard let member = value[field.name] else {
                if field.isRequired { found.append(Violation(inner(field.name), "This field is missing.", "missing")) }
                continue
            }
            if member.isNull {
                if !field.isNullable { found.append(Violation(inner(field.name), "This value should not be null.", "null")) }
            } else {
                found += field.shape.violations(of: member, at: inner(field.name), refusingUnknown: refusingUnknown)
            }
        }
        guard refusingUnknown else { return found }
        for member in value.members where !fields.contains(where: { $0.name == member.name }) {
            found.append(Violation(inner(member.name), "This field was not expected.", "unexpected"))
        }
        return found
    }
}
