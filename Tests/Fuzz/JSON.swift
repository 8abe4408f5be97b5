import JSON

/// libFuzzer's entry: whatever the octets are, reading them ends, stays inside its limits, and what is taken can be read through every
/// accessor, written anew and read again as the same. Any trap is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: octets, count: count))
    if let json = try? JSON(parsing: text) {
        let written = rewritten(json)
        guard let again = try? JSON(parsing: written) else { fatalError("what was written cannot be read") }
        precondition(rewritten(again) == written, "a second writing differs")
        precondition(RawJSON(json).parsed() != nil, "the value's own octets cannot be read")
    } else if (try? JSON(parsing: text, limits: JSONLimits(depth: 1 << 20, values: 1 << 20))) == nil {
        do throws(JSONError) {
            _ = try JSON(parsing: text)
        } catch {
            precondition(error.position.line >= 1 && error.position.column >= 1 && error.position.column <= count + 1)
        }
    }
    // The settings' dialect takes all that the strict one takes.
    let commented = try? JSON(parsing: text, dialect: .commented)
    if (try? JSON(parsing: text)) != nil { precondition(commented != nil, "the commented dialect refuses plain JSON") }
    return 0
}

private func rewritten(_ json: JSON) -> [UInt8] {
    var writer = JSONWriter()
    write(json, to: &writer)
    return writer.bytes
}

private func write(_ json: JSON, to writer: inout JSONWriter) {
    _ = (json.integer, json.double, json.bool, json.plainBytes, json.position, json.count)
    switch json.kind {
    case .object:
        writer.object { writer in
            for member in json.members {
                precondition(json[member.name] != nil, "a member is not found by its name")
                writer.name(member.name)
                write(member.value, to: &writer)
            }
        }
    case .array: writer.array { writer in for element in json.elements { write(element, to: &writer) } }
    case .string: writer.value(json.string ?? "")
    default: writer.value(json)
    }
}
