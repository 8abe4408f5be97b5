import JSON
import Secrets

/// Reads one object of the settings file. A group of settings is a value whose initializer asks the reader for each of its keys, with
/// description and default; from that one declaration come parsing, messages, `--help`, the JSON Schema and the reference pages:
///
///     package struct RasaSettings: SettingsGroup {
///         package let url: String
///         package let token: Secret?
///         package init(from reader: SettingsReader) {
///             url = reader.required("url", .url, "Root of the Rasa server, such as `http://127.0.0.1:5005`.")
///             token = reader.optional("token", .secret, "Bearer token of the gateway in front of Rasa.")
///         }
///     }
///
/// A key that is missing or wrong is recorded as a problem and answered by a placeholder, so that all mistakes are reported at once.
/// Keys that nobody asked for are problems too. With `describing` a reader has no file behind it and only collects declarations.
package protocol SettingsGroup: Sendable {
    init(from reader: SettingsReader)
}

package final class SettingsReader {
    private let value: JSON?
    /// What leads here from the parent: a key, `agents.orders` or `headers[0]`; the whole path for a reader without parent.
    private let step: String
    private let parent: SettingsReader?
    private let context: SettingsContext
    /// Collected while describing.
    private var asked: [SettingDeclaration] = []
    /// Collected while a file is read, where only the key matters: to find those that nobody asked for.
    private var keys: [String] = []
    private var leavesRest = false
    /// Whether missing keys are not worth a word, because the whole object is of the wrong kind, which was reported.
    private let isMuted: Bool

    init(value: JSON?, path step: String, context: SettingsContext, parent: SettingsReader? = nil, isMuted: Bool = false) {
        self.value = value
        self.step = step
        self.parent = parent
        self.context = context
        self.isMuted = isMuted
    }

    // Path and place are worked out when there is something to say: a function that serves one turn reads its settings for that turn.

    /// Dotted path of the object, for messages: `agents.orders.rasa`.
    package var path: String { parent?.joined(step) ?? step }

    /// Where to point when a key is missing: at the object, or where the object itself should be.
    private var place: JSONPosition? { value?.position ?? parent?.place }

    /// A reader of a nested value; anything but an object is read as one without keys.
    private func reader(of child: JSON?, step: String) -> SettingsReader {
        let isObject = child?.kind == .object
        return SettingsReader(
            value: isObject ? child : nil, path: step, context: context, parent: self, isMuted: child != nil && !isObject)
    }

    /// Whether declarations are collected instead of values read.
    package var isDescribing: Bool { context.isDescribing }

    // MARK: Asking

    // Kinds are made when they are needed, and not at all for a key that the file does not have: each is a generic value with closures,
    // and there are some eighty keys. What needs a kind therefore stands in functions of its own.

    package func required<Value>(_ key: String, _ kind: @autoclosure () -> SettingKind<Value>, _ description: String) -> Value {
        let kind = kind()
        if isDescribing {
            declareRequired(key, kind, description)
            return kind.placeholder
        }
        guard let member = member(key) else {
            if !isMuted { context.report("\"\(key)\" is missing", position: place, path: path) }
            return kind.placeholder
        }
        return read(member, key, kind, or: kind.placeholder)
    }

    package func optional<Value>(_ key: String, _ kind: @autoclosure () -> SettingKind<Value>, _ description: String) -> Value? {
        guard let member = member(key) else {
            if isDescribing { declareOptional(key, kind, description) }
            return nil
        }
        return present(member, key, kind)
    }

    package func value<Value>(
        _ key: String, _ kind: @autoclosure () -> SettingKind<Value>, default fallback: Value, _ description: String
    ) -> Value {
        guard let member = member(key) else {
            if isDescribing { declareDefault(key, kind, description, fallback) }
            return fallback
        }
        return present(member, key, kind, or: fallback)
    }

    @inline(never)
    private func present<Value>(_ member: JSON, _ key: String, _ kind: () -> SettingKind<Value>) -> Value? {
        let problems = context.problems.count
        let kind = kind()
        let value = read(member, key, kind, or: kind.placeholder)
        return context.problems.count == problems ? value : nil
    }

    @inline(never)
    private func present<Value>(_ member: JSON, _ key: String, _ kind: () -> SettingKind<Value>, or fallback: Value) -> Value {
        read(member, key, kind(), or: fallback)
    }

    @inline(never)
    private func declareRequired<Value>(_ key: String, _ kind: SettingKind<Value>, _ description: String) {
        declare(key, kind, description, default: nil, isRequired: true)
    }

    @inline(never)
    private func declareOptional<Value>(_ key: String, _ kind: () -> SettingKind<Value>, _ description: String) {
        declare(key, kind(), description, default: nil, isRequired: false)
    }

    @inline(never)
    private func declareDefault<Value>(_ key: String, _ kind: () -> SettingKind<Value>, _ description: String, _ fallback: Value) {
        declare(key, kind(), description, default: fallback, isRequired: false)
    }

    /// The value of a key, which is known from now on; `nil` when the file has none or null.
    private func member(_ key: String) -> JSON? {
        guard !isDescribing else { return nil }
        keys.append(key)
        guard let member = value?[key], !member.isNull else { return nil }
        return member
    }

    private func read<Value>(_ member: JSON, _ key: String, _ kind: SettingKind<Value>, or fallback: Value) -> Value {
        switch kind.parse(member, context) {
        case .success(let parsed): return parsed
        case .failure(let problem):
            context.report("\"\(key)\" \(problem.message)", at: member, path: joined(key))
            return fallback
        }
    }

    /// A nested group that is always there; an absent object reads as an empty one.
    package func group<Group: SettingsGroup>(_ key: String, _ type: Group.Type, _ description: String) -> Group {
        nested(key, type, description, isRequired: false, child: value?[key])
    }

    /// A nested group that may be absent as a whole.
    package func optionalGroup<Group: SettingsGroup>(_ key: String, _ type: Group.Type, _ description: String) -> Group? {
        if context.isDescribing {
            _ = nested(key, type, description, isRequired: false, child: nil)
            return nil
        }
        guard let child = value?[key], !child.isNull else {
            keys.append(key)
            return nil
        }
        return nested(key, type, description, isRequired: false, child: child)
    }

    private func nested<Group: SettingsGroup>(
        _ key: String, _ type: Group.Type, _ description: String, isRequired: Bool, child: JSON?
    ) -> Group {
        if let child, child.kind != .object { context.report("\"\(key)\" must be an object", at: child, path: joined(key)) }
        let reader = reader(of: child, step: key)
        let group = Group(from: reader)
        reader.finish()
        if isDescribing { note(key, description, "object", isRequired: isRequired, members: reader.asked) } else { keys.append(key) }
        return group
    }

    /// An object whose keys are names that the user chooses, such as `agents`; in the order of the file.
    package func named<Group: SettingsGroup>(
        _ key: String, _ type: Group.Type, _ description: String, isRequired: Bool = false
    ) -> [(name: String, group: Group)] {
        if context.isDescribing {
            let reader = SettingsReader(value: nil, path: joined(key) + ".<name>", context: context)
            _ = Group(from: reader)
            note(key, description, "named objects", isRequired: isRequired, members: reader.asked, isNamed: true)
            return []
        }
        keys.append(key)
        guard let child = value?[key], !child.isNull else {
            if isRequired, !isMuted { context.report("\"\(key)\" is missing", position: place, path: path) }
            return []
        }
        guard child.kind == .object else {
            context.report("\"\(key)\" must be an object of named objects", at: child, path: joined(key))
            return []
        }
        var groups: [(name: String, group: Group)] = []
        for member in child.members {
            if member.value.kind != .object {
                context.report("\"\(member.name)\" must be an object", at: member.value, path: joined(key))
            }
            let reader = reader(of: member.value, step: key + "." + member.name)
            let group = Group(from: reader)
            reader.finish()
            groups.append((member.name, group))
        }
        return groups
    }

    /// An array of groups.
    package func list<Group: SettingsGroup>(_ key: String, _ type: Group.Type, _ description: String) -> [Group] {
        if context.isDescribing {
            let reader = SettingsReader(value: nil, path: joined(key) + "[]", context: context)
            _ = Group(from: reader)
            note(key, description, "array of objects", isRequired: false, members: reader.asked, isArray: true)
            return []
        }
        keys.append(key)
        guard let child = value?[key], !child.isNull else { return [] }
        guard child.kind == .array else {
            context.report("\"\(key)\" must be an array", at: child, path: joined(key))
            return []
        }
        var groups: [Group] = []
        for element in child.elements {
            let reader = reader(of: element, step: "\(key)[\(groups.count)]")
            if element.kind != .object { context.report("must be an object", at: element, path: reader.path) }
            groups.append(Group(from: reader))
            reader.finish()
        }
        return groups
    }

    /// The file paths under one key, one or a list, wherever it stands in this object, with their places: whoever looks after files need not know the groups
    /// that name them.
    package func paths(named key: String) -> [(place: String, path: String)] {
        guard let value, !isDescribing else { return [] }
        var found: [(place: String, path: String)] = []
        var rest: [(place: String, value: JSON)] = [(path, value)]
        while let (place, value) = rest.popLast() {
            for member in value.members {
                let name = place.isEmpty ? member.name : place + "." + member.name
                guard member.name == key, member.value.kind != .object else {
                    rest.append((name, member.value))
                    continue
                }
                if let text = member.value.string { found.append((name, context.resolve(text))) }
                for (index, element) in member.value.elements.enumerated() {
                    if let text = element.string { found.append(("\(name)[\(index)]", context.resolve(text))) }
                }
            }
            for (index, element) in value.elements.enumerated() { rest.append(("\(place)[\(index)]", element)) }
        }
        return found.sorted { $0.place < $1.place }
    }

    /// Keys that stand here for other readers of the same file; nothing is said about them.
    package func leave(_ keys: String...) {
        guard !context.isDescribing else { return }
        self.keys += keys
    }

    /// Every key that is not asked for is somebody else's: for a function that needs a part of the file only, and not its secrets.
    package func leaveRest() { leavesRest = true }

    // MARK: Telling

    /// Records a mistake that no single kind can see, at `key` or at the whole object.
    package func problem(_ message: String, at key: String? = nil) {
        guard !context.isDescribing else { return }
        context.report(message, position: key.flatMap { value?[$0]?.position } ?? place, path: key.map(joined) ?? path)
    }

    /// Records something that works but should be changed.
    package func warning(_ message: String, at key: String? = nil) {
        guard !context.isDescribing else { return }
        let place = key.flatMap { value?[$0] } ?? value
        context.warn(message, at: place, path: key.map(joined) ?? path)
    }

    /// Whether the file has this key, with a value other than null.
    package func has(_ key: String) -> Bool { value?[key].map { !$0.isNull } ?? false }

    /// Reports keys that nobody asked for, each with the nearest known one.
    func finish() {
        guard let value, !context.isDescribing, !leavesRest else { return }
        for member in value.members where member.name != "$schema" || !path.isEmpty {
            guard !keys.contains(member.name) else { continue }
            let nearest = Spelling.nearest(to: member.name, among: keys)
            let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? "; known here: \(keys.joined(separator: ", "))"
            context.report("unknown key \"\(member.name)\"\(hint)", position: member.position, path: path)
        }
    }

    var declarations: [SettingDeclaration] { asked }

    private func joined(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    private func declare<Value>(_ key: String, _ kind: SettingKind<Value>, _ description: String, default fallback: Value?, isRequired: Bool) {
        asked.append(SettingDeclaration(
            key: key, description: description, kind: kind.name, schema: kind.schema, fallback: fallback.map(kind.show),
            isRequired: isRequired))
    }

    private func note(
        _ key: String, _ description: String, _ kind: String, isRequired: Bool, members: [SettingDeclaration] = [],
        isNamed: Bool = false, isArray: Bool = false
    ) {
        // Two readers of one file may both know a key; it is told once.
        guard !asked.contains(where: { $0.key == key }) else { return }
        asked.append(SettingDeclaration(
            key: key, description: description, kind: kind, schema: "", fallback: nil, isRequired: isRequired,
            members: members, isNamed: isNamed, isArray: isArray))
    }
}
