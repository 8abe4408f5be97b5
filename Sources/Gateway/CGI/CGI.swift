import CLinux
package import EventLoop
import Glibc
package import HTTP
import HTTPTypes

/// One request: variables in the environment, body on descriptor 0, answer on descriptor 1 (RFC 3875, `runtimes.md` §3).
/// The command line is never looked at: servers put parts of the query there.
package enum CGI {
    /// `write` gets the whole answer at once, and a streamed one piece by piece; false when nobody reads.
    package static func serve(
        _ service: Service, loop: EventLoop, environment: Variables, input: (inout [UInt8], Int) -> Int,
        write: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        var record = Service.Record()
        var isHead = false
        let response: Response
        do throws(Refusal) {
            let head = try environment.head(limits: service.limits, isOnlyOne: true)
            record = Service.Record(head.request)
            isHead = head.request.method == .head
            var request = head.request
            request.body = try body(head, limits: service.limits, input: input)
            record.received = request.body.count
            let complete = request
            response = loop.run { await service.answer(complete) }
        } catch {
            response = Service.answer(error, requestID: record.requestID)
        }
        if let body = response.stream, !isHead { return pour(body, of: response, service, loop, record, write) }
        let wasWritten = write(output(response, isHead: isHead))
        service.log(record, response, sent: isHead ? 0 : response.body.count)
        if let afterwards = response.afterwards { loop.run { await afterwards(wasWritten) } }
    }

    /// The process does nothing else, so that a write may wait for the reader.
    @inline(never)
    private static func pour(
        _ body: ResponseStream, of response: Response, _ service: Service, _ loop: EventLoop, _ record: Service.Record,
        _ write: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        guard write(output(response, isHead: true)) else { return service.log(record, response, sent: 0, isComplete: false) }
        let sink = Sink(write)
        let isMade = loop.run { await body.write(to: sink) }
        let isComplete = isMade && body.length ?? sink.sent == sink.sent
        service.log(record, response, sent: sink.sent, isComplete: isComplete)
        if let afterwards = response.afterwards { loop.run { await afterwards(isComplete) } }
    }

    private final class Sink: ResponseSink, @unchecked Sendable {
        // @unchecked: one request, one thread.
        private let put: @Sendable ([UInt8]) -> Bool
        private(set) var sent = 0

        init(_ put: @escaping @Sendable ([UInt8]) -> Bool) { self.put = put }

        func write(_ octets: [UInt8]) async -> Bool {
            sent += octets.count
            return put(octets)
        }
    }

    package static func output(_ response: Response, isHead: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + response.body.count)
        ResponseHead.appendCGI(response, to: &bytes)
        if !isHead { bytes += response.body }
        return bytes
    }

    /// The body, read to its end even when it is refused: a server that is still writing may otherwise answer 502 itself.
    package static func body(
        _ head: Variables.Head, limits: GatewayLimits, input: (inout [UInt8], Int) -> Int
    ) throws(Refusal) -> [UInt8] {
        var body: [UInt8] = []
        switch head.length {
        case .octets(let count):
            guard count <= limits.body else {
                drain(input, limit: GatewayLimits.drained)
                throw .bodyTooLarge
            }
            body.reserveCapacity(count)
            while body.count < count, input(&body, count - body.count) > 0 {}
            guard body.count == count else { throw .badLength }
            // A server closes its end behind the body; one more octet than announced is a lie about the length.
            var more: [UInt8] = []
            guard input(&more, 1) <= 0 else {
                drain(input, limit: GatewayLimits.drained)
                throw .badLength
            }
        case .nonsense:
            drain(input, limit: GatewayLimits.drained)
            throw .badLength
        case .untold:
            guard head.isChunked else { return [] }
            while body.count <= limits.body, input(&body, 65_536) > 0 {}
            guard body.count <= limits.body else {
                drain(input, limit: GatewayLimits.drained)
                throw .bodyTooLarge
            }
        }
        return body
    }

    private static func drain(_ input: (inout [UInt8], Int) -> Int, limit: Int) {
        var scratch: [UInt8] = []
        var left = limit
        while left > 0 {
            scratch.removeAll(keepingCapacity: true)
            let count = input(&scratch, 65_536)
            guard count > 0 else { return }
            left -= count
        }
    }

    // MARK: The real process

    /// All of the process's variables, doubles included, which `getenv` would hide.
    package static func environment() -> Variables {
        var variables = Variables()
        variables.reserveCapacity(octets: 4096, pairs: 64)
        guard var entry = clinux_environment() else { return variables }
        while let text = entry.pointee {
            let octets = UnsafeBufferPointer(start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: strlen(text))
            if let equals = octets.firstIndex(of: UInt8(ascii: "=")) {
                variables.append(name: octets[..<equals], value: octets[(equals + 1)...])
            }
            entry += 1
        }
        return variables
    }

    /// Reads from descriptor 0, at most `count` octets; what `read` says. A sender that is slower than the limit ends the input.
    static func standardInput(until deadline: Deadline) -> (inout [UInt8], Int) -> Int {
        { bytes, count in
            guard deadline.waitReadable(0) else { return -1 }
            return Descriptor.read(0, into: &bytes, count)
        }
    }

    @discardableResult
    @Sendable static func standardOutput(_ bytes: [UInt8]) -> Bool { Descriptor.writeAll(1, bytes) }
}
