import Glibc
import JSON

/// A file of records for tools at the desk: one JSON object a line, written by one `write` to a file opened for appending, so that processes
/// may share it. What cannot be written is lost without a word: no request fails for its record.
struct TraceLog: Sendable {
    private let file: String

    init(file: String) { self.file = file }

    func append(_ write: (inout JSONWriter) -> Void) {
        var line = RawJSON { $0.object(write) }.bytes
        line.append(0x0A)
        let descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}

extension JSONWriter {
    /// The calls of a request, without header fields.
    mutating func calls(_ calls: TracedCalls?, _ mask: TraceMask) {
        guard let calls else { return }
        field("calls", array: { list in
            for call in calls.entries {
                list.object { record in
                    record.field("method", call.method)
                    record.field("url", mask.url(call.url))
                    record.field("at", call.at)
                    record.field("milliseconds", call.milliseconds)
                    record.field("status", call.status)
                    record.field("problem", call.problem)
                    record.name("request")
                    mask.write(call.body, to: &record)
                    record.name("answer")
                    mask.write(call.answer, to: &record)
                }
            }
        })
    }
}
