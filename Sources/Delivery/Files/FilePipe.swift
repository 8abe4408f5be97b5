package import Conversation
package import HTTP
import HTTPTypes
import Synchronization

/// A file on its way into a pipe, up to a limit.
package final class FilePipe: FileSink {
    private let pipe: BodyPipe
    private let limit: Int
    private let count = Mutex(0)

    package init(_ pipe: BodyPipe, limit: Int) {
        self.pipe = pipe
        self.limit = limit
    }

    package func begin(mediaType: String?, size: Int?) async throws(ChannelError) {
        guard open(mediaType: mediaType, size: size) else { throw ChannelError(.tooLarge, reason: "more than \(limit) octets", mayHaveArrived: false) }
    }

    /// False for a file beyond the limit.
    func open(mediaType: String?, size: Int?) -> Bool {
        guard size ?? 0 <= limit else { return false }
        var fields = HTTPFields()
        if let mediaType, !mediaType.utf8.contains(where: { $0 < 0x20 || $0 > 0x7E }) { fields[.contentType] = mediaType }
        if let size { fields[.contentLength] = String(size) }
        pipe.begin(Response(status: .ok, fields: fields))
        return true
    }

    package func write(_ octets: [UInt8]) async throws(ChannelError) {
        guard await put(octets) else {
            throw pipe.isCancelled
                ? ChannelError(.cancelled, reason: "nobody reads any more", mayHaveArrived: false)
                : ChannelError(.tooLarge, reason: "more than \(limit) octets", mayHaveArrived: false)
        }
    }

    func put(_ octets: [UInt8]) async -> Bool {
        let isWithin = count.withLock { count in
            guard octets.count <= limit - count else { return false }
            count += octets.count
            return true
        }
        guard isWithin else { return false }
        // Pieces of a size that many waiting files can afford.
        var start = 0
        while start < octets.count {
            let end = min(octets.count, start + (64 << 10))
            guard await pipe.write(start == 0 && end == octets.count ? octets : Array(octets[start..<end])) else { return false }
            start = end
        }
        return true
    }
}
