/// Sound between the desk and CXone: what a caller says goes out as G.711 µ-law, what an agent sends comes back as PCM that browsers play
/// (`virtual-agent.md` §12). Written apart from the middleware's reader.
package struct WaveFile: Sendable {
    /// 16-bit samples of one channel.
    package let samples: [Int16]
    package let rate: Int
    /// Whether the file was µ-law, 8 kHz, mono already.
    package let isMuLaw: Bool

    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package init(samples: [Int16], rate: Int) { (self.samples, self.rate, isMuLaw) = (samples, rate, false) }

    /// Reads G.711 (µ-law, A-law) and PCM of 8, 16, 24 and 32 bits or 32-bit floats, any rate; channels are mixed.
    package init(parsing file: [UInt8]) throws(Problem) {
        func word(_ at: Int) -> Int { at + 1 < file.count ? Int(file[at]) | Int(file[at + 1]) << 8 : 0 }
        func long(_ at: Int) -> Int { word(at) | word(at + 2) << 16 }
        guard file.count >= 12, file[0..<4].elementsEqual("RIFF".utf8), file[8..<12].elementsEqual("WAVE".utf8) else {
            throw Problem(description: "is no WAV file (RIFF, WAVE)")
        }
        var format: (code: Int, channels: Int, rate: Int, bits: Int)?
        var data: ArraySlice<UInt8>?
        var offset = 12
        while offset + 8 <= file.count, data == nil {
            let (name, size, start) = (file[offset..<(offset + 4)], long(offset + 4), offset + 8)
            if name.elementsEqual("fmt ".utf8), size >= 16, start + size <= file.count {
                let code = word(start) == 0xFFFE && size >= 26 ? word(start + 24) : word(start)
                format = (code, word(start + 2), long(start + 4), word(start + 14))
            } else if name.elementsEqual("data".utf8) {
                // Recorders that stream leave the length open.
                data = file[start..<min(file.count, start + size)]
            }
            offset = start + min(size, file.count) + (size & 1)
        }
        guard let format else { throw Problem(description: "has no format chunk") }
        guard let data, !data.isEmpty else { throw Problem(description: "holds no samples") }
        guard (1...8).contains(format.channels), (4000...192_000).contains(format.rate) else {
            throw Problem(description: "has \(format.channels) channels at \(format.rate) Hz")
        }
        guard let all = WaveFile.decode(Array(data), code: format.code, bits: format.bits) else {
            throw Problem(description: "has the encoding \(format.code) with \(format.bits) bits; G.711 and PCM are read")
        }
        var mixed: [Int16] = []
        mixed.reserveCapacity(all.count / format.channels)
        var index = 0
        while index + format.channels <= all.count {
            var sum = 0
            for channel in 0..<format.channels { sum += Int(all[index + channel]) }
            mixed.append(Int16(clamping: sum / format.channels))
            index += format.channels
        }
        (samples, rate) = (mixed, format.rate)
        isMuLaw = format.code == 7 && format.channels == 1 && format.rate == 8000
    }

    package var milliseconds: Int { rate > 0 ? samples.count * 1000 / rate : 0 }

    private static func decode(_ data: [UInt8], code: Int, bits: Int) -> [Int16]? {
        func little(_ size: Int, _ make: (UInt32) -> Int16) -> [Int16] {
            var out: [Int16] = []
            out.reserveCapacity(data.count / size)
            var index = 0
            while index + size <= data.count {
                var value: UInt32 = 0
                for place in 0..<size { value |= UInt32(data[index + place]) << UInt32(8 * place) }
                out.append(make(value))
                index += size
            }
            return out
        }
        switch (code, bits) {
        case (7, 8): return data.map(MuLaw.decode)
        case (6, 8): return data.map(MuLaw.decodeALaw)
        case (1, 8): return data.map { (Int16($0) - 128) << 8 }
        case (1, 16): return little(2) { Int16(truncatingIfNeeded: $0) }
        case (1, 24): return little(3) { Int16(truncatingIfNeeded: $0 >> 8) }
        case (1, 32): return little(4) { Int16(truncatingIfNeeded: $0 >> 16) }
        case (3, 32):
            return little(4) { bits in
                let value = Float(bitPattern: bits)
                return value.isFinite ? Int16(max(-32_768, min(32_767, value * 32_767))) : 0
            }
        default: return nil
        }
    }

    /// The sound as CXone sends it: µ-law, 8 kHz, mono.
    package var muLawFile: [UInt8] {
        let samples = resampled(8000).map(MuLaw.encode)
        return WaveFile.file(format: [7, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0, 0, 0], samples)
    }

    /// The sound as any browser plays it: 16-bit PCM.
    package var pcmFile: [UInt8] {
        var format: [UInt8] = [1, 0, 1, 0]
        for value in [rate, rate * 2] { for shift in [0, 8, 16, 24] { format.append(UInt8(truncatingIfNeeded: value >> shift)) } }
        format += [2, 0, 16, 0]
        var octets: [UInt8] = []
        octets.reserveCapacity(samples.count * 2)
        for sample in samples { octets += [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)] }
        return WaveFile.file(format: format, octets)
    }

    private func resampled(_ wanted: Int) -> [Int16] {
        guard rate != wanted, samples.count > 1 else { return samples }
        let count = samples.count * wanted / rate
        // Going down, the mean of what falls together keeps high tones from folding back; going up, a straight line.
        return (0..<count).map { index in
            let from = index * rate / wanted
            if rate > wanted {
                let to = min(samples.count, max(from + 1, (index + 1) * rate / wanted))
                return Int16(clamping: samples[from..<to].reduce(0) { $0 + Int($1) } / (to - from))
            }
            let next = min(samples.count - 1, from + 1)
            let share = index * rate % wanted
            return Int16(clamping: (Int(samples[from]) * (wanted - share) + Int(samples[next]) * share) / wanted)
        }
    }

    private static func file(format: [UInt8], _ data: [UInt8]) -> [UInt8] {
        func long(_ value: Int) -> [UInt8] { [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) } }
        let padding = data.count & 1
        var out = Array("RIFF".utf8) + long(4 + 8 + format.count + 8 + data.count + padding)
        out += Array("WAVEfmt ".utf8) + long(format.count) + format + Array("data".utf8) + long(data.count)
        out += data
        if padding == 1 { out.append(0) }
        return out
    }
}

/// ITU-T G.711.
package enum MuLaw {
    package static func encode(_ sample: Int16) -> UInt8 {
        let sign: UInt8 = sample < 0 ? 0x80 : 0
        let magnitude = min(Int(sample.magnitude), 32_635) + 132
        var exponent = 7
        while exponent > 0, magnitude & (0x80 << exponent) == 0 { exponent -= 1 }
        let mantissa = UInt8(truncatingIfNeeded: magnitude >> (exponent + 3) & 0x0F)
        return ~(sign | UInt8(exponent) << 4 | mantissa)
    }

    package static func decode(_ octet: UInt8) -> Int16 {
        let octet = ~octet
        let magnitude = ((Int(octet & 0x0F) << 3) + 132) << Int(octet >> 4 & 7) - 132
        return Int16(clamping: octet & 0x80 == 0 ? magnitude : -magnitude)
    }

    package static func decodeALaw(_ octet: UInt8) -> Int16 {
        let octet = octet ^ 0x55
        let exponent = Int(octet >> 4 & 7)
        var magnitude = Int(octet & 0x0F) << 4 + 8
        if exponent > 0 { magnitude = (magnitude + 256) << (exponent - 1) }
        return Int16(clamping: octet & 0x80 == 0 ? -magnitude : magnitude)
    }
}
