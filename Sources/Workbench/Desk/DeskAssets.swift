import CDesk
package import HTTP
import HTTPTypes

/// The pages' files. They are part of the command; while they are being written, they are read from a folder instead.
package struct DeskAssets: Sendable {
    private let folder: String?
    /// Where the functions are reached: the only other place from which a page may show something, the chat.
    private let front: String

    /// - Parameter folder: Read anew for each request, so that an edited file shows at once.
    package init(folder: String? = nil, front: String) { (self.folder, self.front) = (folder, front) }

    func answer(_ name: String) -> Response {
        guard let file = Self.all.first(where: { $0.name == name }) else { return Response.problem(.notFound, "There is no such file.") }
        let octets = folder.flatMap { Files.read("\($0)/\(name)").map { Array($0.utf8) } } ?? file.octets
        return Response(
            status: .ok,
            fields: [
                .contentType: Self.type(name), .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .referrerPolicy: "no-referrer", .contentSecurityPolicy: policy,
            ], body: octets)
    }

    /// A file as it stands in the command.
    static func text(_ name: String) -> String { all.first { $0.name == name }.map { String(decoding: $0.octets, as: UTF8.self) } ?? "" }

    private var policy: String {
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: \(front); media-src 'self' blob:; connect-src 'self'; "
            + "frame-src \(front); base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    private static let all: [(name: String, octets: [UInt8])] = (0..<cdesk_count()).compactMap { index in
        let file = cdesk_file(index)
        guard let name = file.name, let bytes = file.bytes else { return nil }
        return (String(cString: name), Array(UnsafeBufferPointer(start: bytes, count: file.size)))
    }

    private static func type(_ name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "md": "text/markdown; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}
