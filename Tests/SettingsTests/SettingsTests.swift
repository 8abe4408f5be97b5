import JSON
import Secrets
import Settings
import Testing

/// A group with every kind of key.
private struct Fleet: SettingsGroup {
    let url: String
    let port: Int
    let tint: Tint
    let isOn: Bool
    let ratio: Double
    let tags: [String]
    let key: Secret?
    let keys: [Secret]
    let file: String?
    let header: String
    let extra: RawJSON?
    let ships: [(name: String, group: Ship)]
    let crew: [Sailor]

    enum Tint: String, CaseIterable { case red, green, blue }

    init(from reader: SettingsReader) {
        url = reader.required("url", .rootURL, "Where it is.")
        port = reader.value("port", .integer(1...65535), default: 80, "Its port.")
        tint = reader.value("tint", .choice(), default: .red, "Its colour | or shade.")
        isOn = reader.value("isOn", .flag, default: true, "Whether.")
        ratio = reader.value("ratio", .number(0...1), default: 0.5, "How much.")
        tags = reader.value("tags", .texts, default: ["a"], "Words.")
        key = reader.optional("key", .secret, "Its key.")
        keys = reader.value("keys", .secrets, default: [], "Its keys.")
        file = reader.optional("file", .path, "Its file.")
        header = reader.value("header", .headerName, default: "X-A", "Its header.")
        extra = reader.optional("extra", .json, "Anything.")
        ships = reader.named("ships", Ship.self, "The ships.")
        crew = reader.list("crew", Sailor.self, "The sailors.")
    }
}

private struct Ship: SettingsGroup {
    let mast: Mast

    init(from reader: SettingsReader) { mast = reader.group("mast", Mast.self, "Its mast.") }
}

private struct Mast: SettingsGroup {
    let height: Int
    init(from reader: SettingsReader) { height = reader.required("height", .integer(1...99), "In metres.") }
}

private struct Sailor: SettingsGroup {
    let name: String
    init(from reader: SettingsReader) {
        name = reader.required("name", .text, "What to call them.")
        if name == "Ahab" { reader.warning("has been seen before", at: "name") }
        if name == "Nobody" { reader.problem("is nobody", at: "name") }
    }
}

private let environment = [
    "GOOD_KEY": "correct-horse-battery", "OTHER_KEY": "another-long-enough-key", "SHORT_KEY": "abc", "SAMPLE_KEY": "0123456789abcdef", "EMPTY_KEY": "",
]

private func read(_ text: String) -> (settings: Fleet?, messages: [String]) {
    do {
        let (settings, warnings) = try SettingsFile.read(Fleet.self, text: Array(text.utf8), path: "conf/fleet.jsonc", environment: environment)
        return (settings, warnings.map { "warning \($0)" })
    } catch {
        return (nil, error.description.split(separator: "\n").map(String.init))
    }
}

@Test("a file with comments and trailing commas gives every value; what is absent has its default")
func reads() throws {
    let (settings, messages) = read("""
        // The fleet
        {
          "$schema": "fleet.schema.json",
          "url": "https://sea.example/",   // slash at the end goes
          "tint": "blue", "ratio": 1, "tags": ["x", "y",],
          "key": {"env": "GOOD_KEY"}, "keys": [{"env": "OTHER_KEY"}, {"env": "GOOD_KEY"}],
          "file": "map.txt", "extra": {"n": 1.50},
          /* two ships */
          "ships": {"b": {"mast": {"height": 9}}, "a": {"mast": {"height": 7}}},
          "crew": [{"name": "Ishmael"}, {"name": "Ahab"}],
        }
        """)
    let fleet = try #require(settings)
    #expect(fleet.url == "https://sea.example")
    #expect(fleet.port == 80)
    #expect(fleet.tint == .blue)
    #expect(fleet.ratio == 1)
    #expect(fleet.tags == ["x", "y"])
    #expect(fleet.key?.matches("correct-horse-battery".utf8) == true)
    #expect(fleet.keys.count == 2 && fleet.keys.first?.matches("another-long-enough-key".utf8) == true)
    #expect(fleet.file == "conf/map.txt")
    #expect(fleet.extra?.text == #"{"n": 1.50}"#)
    #expect(fleet.ships.map(\.name) == ["b", "a"], "the order of the file counts")
    #expect(fleet.ships.map(\.group.mast.height) == [9, 7])
    #expect(fleet.crew.map(\.name) == ["Ishmael", "Ahab"])
    #expect(messages == ["warning 10:42: crew[1].name: has been seen before"])
}

@Test("all mistakes are reported at once, each with file, line, column and a suggestion")
func reportsAll() {
    let (settings, messages) = read("""
        {
          "prot": 80,
          "port": "80",
          "tint": "gren",
          "isOn": "true",
          "ratio": 2,
          "tags": [1],
          "header": "a b",
          "ships": {"a": {"mast": {"hight": 3}}},
          "crew": [{}, 7, {"name": "Nobody"}]
        }
        """)
    #expect(settings == nil)
    let expected = [
        #"conf/fleet.jsonc:1:1: "url" is missing"#,
        #"conf/fleet.jsonc:2:3: unknown key "prot"; did you mean "port"?"#,
        #"conf/fleet.jsonc:3:11: port: "port" must be a whole number from 1 to 65535"#,
        #"conf/fleet.jsonc:4:11: tint: "tint" must be "red" or "green" or "blue"; did you mean "green"?"#,
        #"conf/fleet.jsonc:5:11: isOn: "isOn" must be true or false, without quotes"#,
        #"conf/fleet.jsonc:6:12: ratio: "ratio" must be a number from 0.0 to 1.0"#,
        #"conf/fleet.jsonc:7:11: tags: "tags" must be a list of texts, such as ["a", "b"]"#,
        #"conf/fleet.jsonc:8:13: header: "header" must be a header name: letters, digits and !#$%&'*+-.^_`|~"#,
        #"conf/fleet.jsonc:9:27: ships.a.mast: "height" is missing"#,
        #"conf/fleet.jsonc:9:28: ships.a.mast: unknown key "hight"; did you mean "height"?"#,
        #"conf/fleet.jsonc:10:12: crew[0]: "name" is missing"#,
        #"conf/fleet.jsonc:10:16: crew[1]: must be an object"#,
        #"conf/fleet.jsonc:10:28: crew[2].name: is nobody"#,
    ]
    for line in expected { #expect(messages.contains(line), "\(line)\nis not among\n\(messages.joined(separator: "\n"))") }
    #expect(messages.count == expected.count, "\(messages.filter { !expected.contains($0) })")
}

@Test("a secret never stands in the file, is never weak, and no message repeats it", arguments: [
    (#"{"env": "GOOD_KEY"}"#, nil),
    (#"{"env": "SHORT_KEY", "allowShort": true}"#, nil),
    (#""correct-horse-battery""#, "a secret never stands in the settings file"),
    (#"{"env": "GOOD_KEY", "file": "x"}"#, "a secret never stands in the settings file"),
    (#"{"value": "correct-horse-battery"}"#, "a secret never stands in the settings file"),
    (#"{}"#, "a secret never stands in the settings file"),
    (#"{"env": "MISSING"}"#, "names the environment variable MISSING, which is not set"),
    (#"{"env": "EMPTY_KEY"}"#, "names the environment variable EMPTY_KEY, which is not set"),
    (#"{"env": "SHORT_KEY"}"#, "(environment variable SHORT_KEY) is shorter than 16 characters"),
    (#"{"env": "SAMPLE_KEY"}"#, "(environment variable SAMPLE_KEY) is a well-known sample value"),
    (#"{"env": "SAMPLE_KEY", "allowShort": true}"#, "(environment variable SAMPLE_KEY) is a well-known sample value"),
    (#"{"file": "not-there"}"#, "names the file not-there, which cannot be read"),
] as [(String, String?)])
func secrets(reference: String, message: String?) {
    let (settings, messages) = read(#"{"url": "http://a", "key": \#(reference)}"#)
    if let message {
        #expect(settings == nil)
        #expect(messages.count == 1 && messages[0].contains(message), "\(messages)")
        #expect(messages[0].hasPrefix("conf/fleet.jsonc:1:28: key: "))
    } else {
        #expect(messages.isEmpty, "\(messages)")
        #expect(settings?.key != nil)
    }
    let told = messages.joined() + "\(String(describing: settings))" + String(reflecting: settings?.key)
    for value in environment.values where value.count > 3 { #expect(!told.contains(value), "a message shows the secret") }
}

@Test("a secret's file is read without its last line end; an empty one is refused")
func secretFiles() throws {
    // Files that exist on every Linux: one with a line, one without anything.
    let (settings, messages) = read(#"{"url": "http://a", "key": {"file": "/proc/sys/kernel/random/boot_id"}}"#)
    #expect(messages.isEmpty, "\(messages)")
    #expect(settings?.key?.byteCount == 36)
    #expect(read(#"{"url": "http://a", "key": {"file": "/dev/null"}}"#).messages == [
        #"conf/fleet.jsonc:1:28: key: "key" names the file /dev/null, which is empty"#,
    ])
}

@Test("a URL is absolute and carries no credentials", arguments: [
    ("http://a", true), ("https://a.example:8443/x/y", true), ("http://[::1]:80", true), ("ftp://a", false), ("a.example", false), ("http://", false),
    ("http://user:pass@a", false), ("http://a#b", false), ("http://a b", false), ("", false),
])
func urls(text: String, isGood: Bool) {
    #expect(read(#"{"url": "\#(text)"}"#).messages.isEmpty == isGood)
}

@Test("what is no JSON, or no object, is told with its place", arguments: [
    ("{\"url\": \"http://a\"\n \"port\": 1}", "conf/fleet.jsonc:2:2:"), ("[]", "conf/fleet.jsonc:1:1: must hold one object"),
    ("{\"url\": \"http://a\", \"url\": \"http://b\"}", "conf/fleet.jsonc:1:21: the object names this member twice"), ("", "conf/fleet.jsonc:1:1:"),
])
func broken(text: String, message: String) {
    let (settings, messages) = read(text)
    #expect(settings == nil)
    #expect(messages.count == 1 && messages[0].hasPrefix(message), "\(messages)")
}

@Test("a file that cannot be read is told by name")
func unreadable() {
    #expect { try SettingsFile.read(Fleet.self, at: "nowhere/fleet.jsonc", environment: [:]) } throws: { error in
        "\(error)" == "nowhere/fleet.jsonc:cannot be read: No such file or directory"
    }
}

@Test("the schema is JSON, closed, and says what the reader checks")
func schema() throws {
    let text = SettingsFile.schema(SettingsFile.declarations(of: Fleet.self), title: "Fleet")
    let schema = try JSON(parsing: text)
    #expect(schema["$schema"]?.string == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["additionalProperties"]?.bool == false)
    #expect(schema["required"]?.elements.map(\.string) == ["url"])
    let properties = try #require(schema["properties"])
    #expect(properties["port"]?["maximum"]?.integer == 65535)
    #expect(properties["port"]?["default"]?.integer == 80)
    #expect(properties["tint"]?["enum"]?.elements.map(\.string) == ["red", "green", "blue"])
    #expect(properties["key"]?["additionalProperties"]?.bool == false)
    #expect(properties["ships"]?["additionalProperties"]?["properties"]?["mast"]?["properties"]?["height"]?["type"]?.string == "integer")
    #expect(properties["crew"]?["items"]?["required"]?.elements.map(\.string) == ["name"])
}

@Test("the reference is one table whose cells hold, whatever a description says")
func reference() {
    let lines = SettingsFile.table(SettingsFile.declarations(of: Fleet.self)).split(separator: "\n")
    #expect(lines[0] == "| Key | Value | Default | Meaning |")
    #expect(lines.contains("| `url` | URL | required | Where it is. |"))
    #expect(lines.contains(#"| `tint` | "red" or "green" or "blue" | `"red"` | Its colour \| or shade. |"#))
    #expect(lines.contains("| `ships.<name>.mast.height` | whole number 1…99 | required | In metres. |"))
    #expect(lines.contains("| `crew[].name` | text | required | What to call them. |"))
    #expect(lines.contains("| `key` | secret: {\"env\": …} or {\"file\": …} | – | Its key. |"))
}

private struct Door: SettingsGroup {
    let url: String
    init(from reader: SettingsReader) { url = reader.required("url", .url, "Where it is called.") }
}

@Test("A URL that is called as it stands keeps its slash and its query; a root has no query")
func urlsAsTheyStand() throws {
    let text = Array(#"{"url": "https://a.example/token/?tenant=1/"}"#.utf8)
    let door = try SettingsFile.read(Door.self, text: text, path: "door.jsonc", environment: [:]).settings
    #expect(door.url == "https://a.example/token/?tenant=1/")
    #expect(read(#"{"url": "http://a/?b"}"#).messages.contains { $0.contains("without a query") })
}
