import Gateway
import HTTP
import HTTPTypes

/// libFuzzer's entry: a PARAMS stream, or an environment when the first octet is odd. Whatever becomes a request keeps the promises on which
/// handlers rely: a target that begins with a slash, no control characters, no field that only servers may set.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCGIVariables(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = Array(UnsafeBufferPointer(start: octets, count: count))
    let isEnvironment = !bytes.isEmpty && bytes.removeFirst() & 1 == 1
    let variables = isEnvironment ? environment(bytes) : Variables(fastCGI: bytes)
    guard let variables, let head = try? variables.head(limits: .standard) else { return 0 }
    let request = head.request
    precondition(request.target.utf8.first == UInt8(ascii: "/"), "a target without a slash")
    precondition(!request.target.utf8.contains { $0 <= 0x20 || $0 == 0x7F }, "a target with a control character")
    for field in request.fields {
        precondition(!["proxy", "content-length"].contains(field.name.canonicalName), "a field that must not pass")
        precondition(!field.value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }, "a field with a control character")
    }
    precondition(request.fields[fields: .cookie].count <= 1, "cookies that were not joined")
    precondition(request.fields.count <= 102, "too many fields")
    precondition(!request.front.requestID.isEmpty)
    if case .octets(let length) = head.length { precondition(length >= 0) }
    return 0
}

/// `NAME=value`, each ended by NUL.
private func environment(_ bytes: [UInt8]) -> Variables {
    Variables(bytes.split(separator: 0).map { entry in
        let name = entry.prefix { $0 != UInt8(ascii: "=") }
        return (Array(name), Array(entry.dropFirst(name.count + 1)))
    })
}
