/// Requests of the desk and of tests of whole servers, sent by `curl`: a client that is not ours, so that nobody agrees with himself.
package enum HTTPClient {
    package struct Answer: Sendable, Equatable {
        package let status: Int
        /// As received, in order: lower-case name and value.
        package let fields: [(name: String, value: String)]
        package let body: String

        package init(status: Int, fields: [(name: String, value: String)], body: String) {
            self.status = status
            self.fields = fields
            self.body = body
        }

        package static func == (left: Answer, right: Answer) -> Bool {
            left.status == right.status && left.body == right.body && left.fields.elementsEqual(right.fields) { $0 == $1 }
        }

        package func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    }

    /// Sends one request and waits for the answer; `nil` when none came.
    ///
    /// Everything goes through curl's configuration on standard input: nothing secret stands in the list of processes.
    /// - Parameters:
    ///   - fields: Whole lines, `Name: value`; `Name;` sends an empty one, `Name:` removes curl's own.
    ///   - options: Further lines of curl's configuration, such as `http2` or `unix-socket = "path"`.
    package static func send(
        _ method: String, _ url: String, fields: [String] = [], body: String? = nil, options: [String] = [], seconds: Int = 30
    ) async throws -> Answer? {
        guard let curl = find("curl") else { throw SystemFailure(saying: "curl is not installed; the Makefile installs it") }
        var lines = [
            "silent", "include", "max-time = \(seconds)", "noproxy = \"*\"", "url = \(quoted(url))", "suppress-connect-headers",
            method == "HEAD" ? "head" : "request = \(quoted(method))", "header = \"Expect:\"",
        ]
        lines += fields.map { "header = \(quoted($0))" } + options
        var folder: String?
        defer { if let folder { Files.remove(folder) } }
        if let body, body.utf8.count > 1 << 20 {
            // Longer than a line of curl's configuration may be.
            let place = try Files.temporaryFolder()
            folder = place
            try Files.write(body, to: "\(place)/body")
            lines.append("data-binary = \(quoted("@\(place)/body"))")
        } else if let body {
            lines.append("data-raw = \(quoted(body))")
        }
        let finished = try await execute(curl, ["--disable", "--config", "-"], input: lines.joined(separator: "\n") + "\n")
        return finished.succeeded ? parse(finished.output) : nil
    }

    /// The last header block and what follows; interim answers come before.
    package static func parse(_ text: String) -> Answer? {
        var rest = text[...]
        while true {
            guard let end = rest.firstRange(of: "\r\n\r\n") else { return nil }
            let lines = rest[..<end.lowerBound].split(separator: "\r\n")
            rest = rest[end.upperBound...]
            guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
            if (100..<200).contains(status) { continue }
            let fields = lines.dropFirst().map { line in
                let name = line.prefix { $0 != ":" }
                return (name: name.lowercased(), value: String(line.dropFirst(name.count + 1).drop { $0 == " " }))
            }
            return Answer(status: status, fields: fields, body: String(rest))
        }
    }

    /// A value of curl's configuration in its own quotes.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
