import Glibc
import TestSupport
import Testing

/// Answers wait for the end of a round of the loop: none is lost, held back or out of order.
@Suite("Many small answers", .serialized)
struct SmallAnswerTests {
    private func request(_ uri: String, id: UInt16 = 1, flags: UInt8 = 1) -> [UInt8] {
        FastCGIBytes.request(id: id, [("REQUEST_METHOD", "GET"), ("REQUEST_URI", uri)], flags: flags)
    }

    @Test("one FastCGI connection: records stay in the order of what was asked, also those about the connection itself")
    func order() throws {
        let probe = try Probe(environment: ["CAUSEWAY_LOOPS=1"])
        let client = try Client(probe.socketPath)
        let about = FastCGIBytes.record(9, id: 0, FastCGIBytes.pairs([("FCGI_MPXS_CONNS", "")])) + FastCGIBytes.record(99, id: 0)
        for number in 0..<500 {
            client.send((number % 3 == 0 ? about : []) + request("/size?\(number)", id: UInt16(number % 7 + 1)))
            let answer = client.answer()
            let kinds = answer.kinds.filter { $0 != 6 }
            #expect(kinds == (number % 3 == 0 ? [10, 11, 3] : [3]) && answer.end == 0)
            let isLastOutput = answer.kinds.dropLast().last == 6
            #expect(isLastOutput && answer.output.count { $0 == UInt8(ascii: "x") } >= number)
        }
        // A request that comes while one runs is refused at once, and the running one is answered behind it.
        client.send(request("/sleep?100", id: 1) + request("/echo", id: 2))
        #expect(client.answer().end == 1)
        #expect(client.answer().end == 0)
    }

    @Test("more connections than a round has events: each is answered, round for round")
    func manyConnections() throws {
        let probe = try Probe(environment: ["CAUSEWAY_LOOPS=1"])
        let clients = try (0..<150).map { _ in try Client(probe.socketPath) }
        for round in 0..<10 {
            for (index, client) in clients.enumerated() { client.send(request("/size?\(index + round)")) }
            for (index, client) in clients.enumerated() {
                let answer = client.answer()
                #expect(answer.end == 0 && answer.output.suffix(index + round).allSatisfy { $0 == UInt8(ascii: "x") })
            }
        }
    }

    @Test("whoever closes before the answer leaves costs nobody else anything")
    func gone() throws {
        let probe = try Probe(environment: ["CAUSEWAY_LOOPS=1"])
        let steady = try Client(probe.socketPath)
        for number in 0..<100 {
            let leaving = try Client(probe.socketPath)
            leaving.send(request(number % 2 == 0 ? "/echo" : "/size?2000000"))
            if number % 3 == 0 { shutdown(leaving.descriptor, Int32(SHUT_WR)) }
        }
        for number in 0..<20 {
            steady.send(request("/size?\(number)"))
            #expect(steady.answer().end == 0)
        }
    }

    @Test("an answer that left is told as written on kept connections and others; one that nobody took is not")
    func written() throws {
        for (flags, leaves) in [(UInt8(1), false), (0, false), (1, true), (0, true)] {
            let notes = try temporaryFolder() + "/notes"
            let probe = try Probe(environment: ["PROBE_NOTES=" + notes])
            do {
                let client = try Client(probe.socketPath)
                client.send(request("/noted?\(leaves ? 3000 : 1)", flags: flags))
                if !leaves { #expect(client.answer().output.text.hasSuffix("noted")) } else { usleep(50_000) }
            }
            for _ in 0..<500 where access(notes, F_OK) != 0 { usleep(10_000) }
            #expect(try readFile(notes).text == (leaves ? "left" : "written"), "flags \(flags)")
        }
    }
}
