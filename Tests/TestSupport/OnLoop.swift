import EventLoop
import Glibc

/// Runs `body` as a task of an event loop on a thread of its own, as a function does.
package func onLoop<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async throws -> Result {
    let loop = try EventLoop()
    return await withCheckedContinuation { continuation in
        let box = ThreadBody { continuation.resume(returning: loop.run(until: body)) }
        var thread = pthread_t()
        pthread_create(&thread, nil, { context in
            guard let context else { return nil }
            Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(box).toOpaque())
        pthread_detach(thread)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
