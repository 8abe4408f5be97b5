/// The only sound that CXone exchanges: G.711 µ-law, 8 kHz, 8 bits, mono, in a RIFF/WAVE container (`virtual-agent.md` §4.1, §12).
///
/// One octet is one sample, 8000 make a second. The reader takes nothing that it would have to guess: every length must agree with
/// the octets that are there.
package struct AudioFile: Sendable, Equatable {
    /// The µ-law samples.
    package let samples: ArraySlice<UInt8>

    package static let samplesPerSecond = 8_000
    /// Ten minutes: far beyond an utterance, and below the body limit of a voice turn.
    package static let mostSamples = 600 * samplesPerSecond

    package var milliseconds: Int { samples.count / 8 }

    package init(samples: some Sequence<UInt8>) { self.samples = Array(samples)[...] }

    /// Why octets are not such a file. Its text is for logs.
    package enum Problem: String, Error, Sendable {
        case tooShort, notRIFF, wrongLength, notWAVE, badChunk, noFormat, formatTwice, badFormat, notMuLaw, notMono, wrongRate, wrongDepth
        case noSamples, samplesTwice, tooLong
    }

    /// - Parameter file: The whole file. Trailing octets are refused, except one that pads an odd last chunk.
    package init(parsing file: [UInt8]) throws(Problem) {
        guard file.count >= 12 else { throw .tooShort }
        guard file[0..<4].elementsEqual("RIFF".utf8) else { throw .notRIFF }
        guard file[8..<12].elementsEqual("WAVE".utf8) else { throw .notWAVE }
        guard AudioFile.number32(file, 4) + 8 == file.count else { throw .wrongLength }
        var hasFormat = false
        var found: ArraySlice<UInt8>?
        var offset = 12
        while offset < file.count {
            guard file.count - offset >= 8 else { throw .badChunk }
            let size = AudioFile.number32(file, offset + 4)
            let start = offset + 8
            guard size <= file.count - start else { throw .badChunk }
            let name = file[offset..<(offset + 4)]
            if name.elementsEqual("fmt ".utf8) {
                guard !hasFormat else { throw .formatTwice }
                try AudioFile.check(format: file[start..<(start + size)])
                hasFormat = true
            } else if name.elementsEqual("data".utf8) {
                guard hasFormat else { throw .noFormat }
                guard found == nil else { throw .samplesTwice }
                found = file[start..<(start + size)]
            }
            // Chunks begin at even offsets; a last odd one may lack its padding.
            offset = min(start + size + (size & 1), max(file.count, start + size))
        }
        guard hasFormat else { throw .noFormat }
        guard let samples = found, !samples.isEmpty else { throw .noSamples }
        guard samples.count <= AudioFile.mostSamples else { throw .tooLong }
        self.samples = samples
    }

    private static func check(format: ArraySlice<UInt8>) throws(Problem) {
        let format = Array(format)
        // 16 octets, or 18 with an empty extension, as µ-law writers add.
        guard format.count == 16 || (format.count == 18 && number16(format, 16) == 0) else { throw .badFormat }
        guard number16(format, 0) == 7 else { throw .notMuLaw }
        guard number16(format, 2) == 1 else { throw .notMono }
        guard number32(format, 4) == samplesPerSecond, number32(format, 8) == samplesPerSecond else { throw .wrongRate }
        guard number16(format, 12) == 1, number16(format, 14) == 8 else { throw .wrongDepth }
    }

    /// The file as CXone takes it: format chunk of 18 octets, fact chunk, samples, padded to an even length.
    package var bytes: [UInt8] {
        let padding = samples.count & 1
        var out: [UInt8] = []
        out.reserveCapacity(58 + samples.count + padding)
        out.append(contentsOf: "RIFF".utf8)
        AudioFile.append32(50 + samples.count + padding, to: &out)
        out.append(contentsOf: "WAVEfmt ".utf8)
        AudioFile.append32(18, to: &out)
        out.append(contentsOf: [7, 0, 1, 0])
        AudioFile.append32(AudioFile.samplesPerSecond, to: &out)
        AudioFile.append32(AudioFile.samplesPerSecond, to: &out)
        out.append(contentsOf: [1, 0, 8, 0, 0, 0])
        out.append(contentsOf: "fact".utf8)
        AudioFile.append32(4, to: &out)
        AudioFile.append32(samples.count, to: &out)
        out.append(contentsOf: "data".utf8)
        AudioFile.append32(samples.count, to: &out)
        out.append(contentsOf: samples)
        if padding == 1 { out.append(0xFF) }
        return out
    }

    private static func append32(_ value: Int, to out: inout [UInt8]) {
        for shift in [0, 8, 16, 24] { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    private static func number16(_ bytes: [UInt8], _ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
    private static func number32(_ bytes: [UInt8], _ at: Int) -> Int { number16(bytes, at) | number16(bytes, at + 2) << 16 }
}
