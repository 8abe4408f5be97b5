import Gateway

/// libFuzzer's entry: the octets of one FastCGI connection. However they are cut into pieces, the reader says the same, holds no more than
/// its limits, and says nothing more after a violation. What it takes for a request is taken on to the neutral request.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFastCGIRecords(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = Array(UnsafeBufferPointer(start: octets, count: count))
    // The first octet says how the rest is cut, and whether requests are answered at once.
    let control = bytes.isEmpty ? 0 : bytes.removeFirst()
    let answersAtOnce = control & 1 == 0
    let whole = events(bytes, piece: max(1, bytes.count), answersAtOnce: answersAtOnce)
    let pieces = events(bytes, piece: Int(control >> 1) + 1, answersAtOnce: answersAtOnce)
    precondition(whole == pieces, "the events depend on how the octets were cut")
    if let violation = whole.firstIndex(where: { if case .violation = $0 { true } else { false } }) {
        precondition(violation == whole.count - 1, "something came after a violation")
    }
    for case .request(let received) in whole {
        precondition((received.params?.count ?? 0) <= paramsLimit && (received.body?.count ?? 0) <= bodyLimit, "more than the limit")
        guard let params = received.params, let variables = Variables(fastCGI: params) else { continue }
        _ = try? variables.head(limits: .standard)
    }
    return 0
}

private let paramsLimit = 512
private let bodyLimit = 256

private func events(_ bytes: [UInt8], piece: Int, answersAtOnce: Bool) -> [FastCGIReader.Event] {
    var reader = FastCGIReader(paramsLimit: paramsLimit, bodyLimit: bodyLimit)
    var events: [FastCGIReader.Event] = []
    var start = 0
    while start < bytes.count {
        let end = min(start + piece, bytes.count)
        let part = Array(bytes[start..<end])
        var offset = 0
        while let event = reader.next(part.span, at: &offset) {
            events.append(event)
            if case .request = event, answersAtOnce { reader.finish() }
        }
        precondition(offset == part.count || reader.next(part.span, at: &offset) == nil)
        start = end
    }
    return events
}
