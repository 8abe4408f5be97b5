import CXone
import Secrets

/// libFuzzer's entry: octets as a sound file, and as the base64 that carries one. What is taken must hold its samples inside itself and
/// come back the same when it is written and read again. Any trap is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAudioFile(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: octets, count: count))
    check(bytes)
    for alphabet in [Base64.Alphabet.standard, .url] {
        guard let decoded = Base64.decode(bytes, alphabet) else { continue }
        precondition(Base64.encode(decoded, alphabet) == bytes, "two texts decode to one value")
        check(decoded)
    }
    return 0
}

private func check(_ bytes: [UInt8]) {
    guard let file = try? AudioFile(parsing: bytes) else { return }
    precondition(!file.samples.isEmpty && file.samples.count <= AudioFile.mostSamples && file.samples.count < bytes.count)
    let again = try? AudioFile(parsing: file.bytes)
    precondition(again == file, "what was written cannot be read")
}
