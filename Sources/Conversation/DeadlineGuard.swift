package import Time

/// Asks an agent so that an answer or an error is there in time (`security.md` §8): at the deadline its task is cancelled, which ends
/// every place where an agent may wait.
package struct DeadlineGuard: Sendable {
    private let time: any TimeSource
    private let sleep: @Sendable (Instant) async -> Void

    /// - Parameter sleep: Suspends until an instant, or until its task is cancelled.
    package init(time: any TimeSource, sleep: @escaping @Sendable (Instant) async -> Void) {
        self.time = time
        self.sleep = sleep
    }

    /// What the agent said. A type of its own, because a generic one is made anew in each process that answers one turn. Indirect, because it
    /// passes through the frames of several functions that wait.
    package indirect enum Answer: Sendable {
        case success(Reply)
        case failure(AgentError)
    }

    package struct Outcome: Sendable {
        package let result: Answer
        /// How often the agent was asked.
        package let calls: Int
    }

    /// Below this an attempt is not worth beginning.
    private static let leastMilliseconds = 200

    /// Asks, and asks again where nothing can have happened twice: a call that never arrived, one that was refused for the moment, or
    /// any failed call of an agent whose turns may be repeated. Voice is retried once, text twice.
    package func ask(_ agent: any VirtualAgent, _ turn: Turn) async -> Outcome {
        var outcome = Outcome(result: await once(agent, turn), calls: 1)
        while let next = repetition(of: turn, by: agent, after: outcome) {
            if next > time.now() { await sleep(next) }
            guard !Task.isCancelled else { return Outcome(result: .failure(Self.callerLeft), calls: outcome.calls) }
            outcome = Outcome(result: await once(agent, turn), calls: outcome.calls + 1)
        }
        return outcome
    }

    /// When the turn is to be sent again; `nil` when the outcome stands. Not inlined: the values of a function that waits stay in memory while
    /// it does, for thousands of turns at a time.
    @inline(never)
    private func repetition(of turn: Turn, by agent: any VirtualAgent, after outcome: Outcome) -> Instant? {
        guard case .failure(let error) = outcome.result, outcome.calls < (turn.medium == .voice ? 2 : 3), mayRepeat(error, agent) else { return nil }
        let pause = error.retryAfterMilliseconds ?? (error.code == .throttled ? 100 * outcome.calls : 0)
        let next = time.now().advanced(byMilliseconds: max(0, pause))
        return next.advanced(byMilliseconds: Self.leastMilliseconds) < turn.deadline ? next : nil
    }

    private func mayRepeat(_ error: AgentError, _ agent: any VirtualAgent) -> Bool {
        guard !error.isRetryable else { return true }
        guard agent.capabilities.isRepeatable else { return false }
        return switch error.code {
        case .unreachable, .failed, .malformed: true
        default: false
        }
    }

    private func once(_ agent: any VirtualAgent, _ turn: Turn) async -> Answer {
        guard time.now() < turn.deadline else { return .failure(Self.tooLate) }
        guard !agent.capabilities.keepsDeadline else { return await Self.attempt(agent, turn) }
        return await race(agent, turn)
    }

    /// One attempt against the clock. The loser is cancelled; what it still answers is thrown away.
    @inline(never)
    private func race(_ agent: any VirtualAgent, _ turn: Turn) async -> Answer {
        let sleep = sleep
        return await withTaskGroup(of: Answer?.self) { group in
            group.addTask { await Self.attempt(agent, turn) }
            group.addTask {
                await sleep(turn.deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failure(Task.isCancelled ? Self.callerLeft : Self.tooLate)
        }
    }

    private static func attempt(_ agent: any VirtualAgent, _ turn: Turn) async -> Answer {
        do throws(AgentError) {
            return .success(try await agent.reply(to: turn))
        } catch {
            return .failure(error)
        }
    }

    private static let tooLate = AgentError(.timedOut, reason: "no answer before the deadline")
    private static let callerLeft = AgentError(.cancelled, reason: "the caller went away")
}
