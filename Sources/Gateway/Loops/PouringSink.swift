import HTTP

/// Sends a streamed body over a connection in the frames of its protocol, at the client's pace. Lives on the loop's thread.
final class PouringSink: ResponseSink, @unchecked Sendable {
    // @unchecked: made and used by one request's task, which runs on the connection's loop.
    private let stream: SocketStream
    private let frame: ([UInt8]) -> [UInt8]
    /// Octets of the body so far.
    private(set) var sent = 0

    init(_ stream: SocketStream, frame: @escaping ([UInt8]) -> [UInt8]) {
        self.stream = stream
        self.frame = frame
    }

    func write(_ octets: [UInt8]) async -> Bool {
        guard !octets.isEmpty, stream.isOpen, !Task.isCancelled else { return stream.isOpen && !Task.isCancelled }
        sent += octets.count
        stream.send(frame(octets))
        return await stream.waitForRoom() && !Task.isCancelled
    }

    func writeHead(_ octets: [UInt8]) async -> Bool {
        stream.send(frame(octets))
        return await stream.waitForRoom()
    }

    /// Sends the body; whether all of it was made and nobody went away.
    func isComplete(_ body: ResponseStream) async -> Bool {
        let isMade = await body.write(to: self)
        return isMade && stream.isOpen && !Task.isCancelled && body.length ?? sent == sent
    }
}
