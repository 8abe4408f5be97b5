import EventLoop
import Testing
import Time

@Test("A sleep ends early when its task is cancelled, and leaves no timer behind that keeps the loop waiting")
func cancelledSleepEnds() throws {
    let loop = try EventLoop()
    let waited: Int = loop.run {
        let start = Instant.now()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 5_000)) }
            group.addTask {}
            await group.next()
            group.cancelAll()
        }
        return Instant.now().milliseconds(since: start)
    }
    #expect(waited < 1_000)
}
