import Glibc
package import Testing

/// For tests that block: wait for a process, poll a file, read a socket. They run on threads of their own; on the pool's, which are as few as the
/// machine's cores, two such tests would stop all others, and whoever has a deadline would miss it. Four of them run at a time: most start processes.
package struct OwnThread: TestTrait, SuiteTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await Gate.shared.enter()
        do {
            try await withTaskExecutorPreference(Threads.shared) { try await function() }
        } catch {
            await Gate.shared.leave()
            throw error
        }
        await Gate.shared.leave()
    }
}

extension Trait where Self == OwnThread {
    package static var ownThread: Self { Self() }
}

/// A thread for each job. Dear, but a job here is a piece of a test.
private final class Threads: TaskExecutor {
    static let shared = Threads()

    func enqueue(_ job: consuming ExecutorJob) {
        let work = Unmanaged.passRetained(Work(UnownedJob(job))).toOpaque()
        var thread = pthread_t()
        let failed = pthread_create(&thread, nil, { context in
            guard let context else { return nil }
            Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, work)
        precondition(failed == 0, "no thread for a test")
        pthread_detach(thread)
    }

    private final class Work {
        let job: UnownedJob
        init(_ job: UnownedJob) { self.job = job }
        func run() { job.runSynchronously(on: Threads.shared.asUnownedTaskExecutor()) }
    }
}

private actor Gate {
    static let shared = Gate()
    private var places = 4
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter() async throws {
        try Task.checkCancellation()
        if places > 0 { places -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    }

    func leave() {
        if waiting.isEmpty { places += 1 } else { waiting.removeFirst().resume() }
    }
}
