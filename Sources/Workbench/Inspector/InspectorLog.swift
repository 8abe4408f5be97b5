package import HTTP
package import Secrets
package import Simulator
import Synchronization
package import Time

/// What the inspector knows: the last exchanges of both halves of CXone, each with what the functions' trace files tell of its other side.
///
/// Bounded by number and by octets. Bodies stay in this process as they were, for sending again; what leaves it is masked. `record` only puts an
/// exchange into a queue, because it stands in the way of every exchange; everything else is done by `look`.
package final class InspectorLog: ExchangeRecorder {
    package struct Limits: Sendable {
        package var exchanges = 12_000
        package var octets = 96 << 20
        /// Of one body; what is longer is cut.
        package var bodyOctets = 256 << 10
        /// Milliseconds that a trace waits for the exchange that it belongs to.
        package var patience = 2_000
        package init() {}
    }

    /// What has not been taken in yet.
    enum Arrival: Sendable {
        case exchange(RecordedExchange)
        /// A line of a trace file.
        case line([UInt8])
    }

    struct State {
        var queue: [Arrival] = []
        /// In the order of arrival; ids rise without gaps.
        var entries: [InspectorEntry] = []
        var octets = 0
        var nextID = 1
        /// Rises with every change of an entry.
        var version = 0
        var waiting: [(trace: TraceRecord, since: Int64)] = []
        var tails: [TraceTail]
        /// Raw conversation by the key that pages see.
        var conversations: [String: String] = [:]
        var onChange: (@Sendable () -> Void)?
    }

    let state: Mutex<State>
    let limits: Limits
    let time: any TimeSource
    /// Of this run, so that hashes of contacts mean nothing elsewhere.
    private let key: Secret

    /// - Parameter traces: Files that the functions append to (`exchange.trace.file`, `trace.file`); they need not be there yet. What they hold
    ///   already is not shown.
    package init(traces: [String] = [], limits: Limits = Limits(), key: Secret = Secret(bytes: Random.bytes(32)), time: any TimeSource = SystemTime()) {
        state = Mutex(State(tails: traces.map { TraceTail(file: $0) }))
        (self.limits, self.key, self.time) = (limits, key, time)
    }

    /// Calls `action` whenever there is something new, on whatever thread.
    package func whenChanged(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.onChange = action } }

    package func record(_ exchange: RecordedExchange) {
        let onChange = state.withLock { state in
            state.queue.append(.exchange(exchange))
            // Nobody looks: the oldest go, in halves.
            if state.queue.count > 2 * limits.exchanges { state.queue.removeFirst(limits.exchanges) }
            return state.onChange
        }
        onChange?()
    }

    /// Takes in what was recorded and what the trace files have grown by.
    package func look() {
        let onChange = state.withLock { state in
            let before = state.version
            takeIn(&state)
            return state.version == before ? nil : state.onChange
        }
        onChange?()
    }

    /// Looks four times a second while the site is served, so that pages learn of what functions append to their files.
    package func looking(beside site: any Handler) -> any Handler { AttendedHandler(site, everyMilliseconds: 250) { self.look() } }

    /// Forgets everything that was kept.
    package func clear() {
        let onChange = state.withLock { state in
            (state.queue, state.entries, state.waiting, state.octets) = ([], [], [], 0)
            state.conversations = [:]
            state.version += 1
            return state.onChange
        }
        onChange?()
    }

    /// Works on entries that are up to date.
    func read<Result>(_ body: (inout State) -> Result) -> Result {
        state.withLock { state in
            takeIn(&state)
            return body(&state)
        }
    }

    func entry(_ id: Int) -> InspectorEntry? {
        read { state in state.entries.first.flatMap { state.entries.indices.contains(id - $0.id) ? state.entries[id - $0.id] : nil } }
    }

    /// Finds what came of sending an exchange again, the last of its kind since that id, and marks it so.
    func mark(since first: Int, like exchange: RecordedExchange) -> Int? {
        let path = exchange.url.urlPath
        return read { state in
            let found = state.entries.lastIndex { $0.id >= first && $0.exchange?.half == exchange.half && $0.exchange?.url.urlPath == path }
            guard let found else { return nil }
            var entry = state.entries[found]
            entry.isAgain = true
            finish(&entry, &state)
            state.entries[found] = entry
            return entry.id
        }
    }

    /// The exchanges of a conversation, oldest first.
    func entries(of conversation: String) -> [InspectorEntry] { 
        // A trace that nothing belongs to is taken in late.
        read { $0.entries.filter { $0.row.conversation == conversation } }.sorted { ($0.row.time, $0.id) < ($1.row.time, $1.id) }
    }

    func conversation(_ shown: String) -> String? { read { $0.conversations[shown] } }

    // MARK: Taking in

    /// Milliseconds after which what is left waits for the next time: after a burst the page is not to stand still.
    private static let budget = 300

    private func takeIn(_ state: inout State) {
        for index in state.tails.indices { state.queue += state.tails[index].grown().map { .line($0) } }
        let limit = time.now().advanced(byMilliseconds: Self.budget)
        let now = time.epochMilliseconds()
        var done = 0
        for arrival in state.queue {
            done += 1
            switch arrival {
            case .exchange(let exchange): add(&state, InspectorEntry(exchange: exchange.cut(limits.bodyOctets)))
            case .line(let line):
                guard let trace = TraceRecord(line) else { continue }
                let end = trace.began + Int64(trace.milliseconds)
                // What is long over belongs to nobody who is still to come.
                if now - end > Int64(limits.patience), !attach(trace, &state) {
                    add(&state, InspectorEntry(trace: trace))
                } else if now - end <= Int64(limits.patience) {
                    state.waiting.append((trace, min(now, end)))
                }
            }
            if done & 15 == 0, time.now() >= limit { break }
        }
        state.queue.removeFirst(done)
        guard state.queue.isEmpty, !state.waiting.isEmpty else { return }
        var waiting: [(trace: TraceRecord, since: Int64)] = []
        for (trace, since) in state.waiting {
            if attach(trace, &state) { continue }
            if now - since < Int64(limits.patience) { waiting.append((trace, since)) } else { add(&state, InspectorEntry(trace: trace)) }
        }
        state.waiting = waiting.suffix(limits.exchanges)
    }

    private func add(_ state: inout State, _ entry: InspectorEntry) {
        var entry = entry
        entry.id = state.nextID
        state.nextID += 1
        finish(&entry, &state)
        state.octets += entry.octets
        state.entries.append(entry)
        // Cutting a twelfth at a time costs nothing that is seen.
        if state.entries.count > limits.exchanges + limits.exchanges / 12 { drop(state.entries.count - limits.exchanges, &state) }
        while state.octets > limits.octets, state.entries.count > 1 { drop(max(1, state.entries.count / 12), &state) }
    }

    private func drop(_ count: Int, _ state: inout State) {
        state.octets -= state.entries.prefix(count).reduce(0) { $0 + $1.octets }
        state.entries.removeFirst(count)
    }

    /// Gives every exchange that the trace tells of its other side; false when there is none.
    private func attach(_ trace: TraceRecord, _ state: inout State) -> Bool {
        var isFound = false
        // The newest are the likeliest; older than the trace by a minute is another one.
        for index in state.entries.indices.reversed() {
            guard let exchange = state.entries[index].exchange else { continue }
            if exchange.time < trace.began - 60_000 { break }
            guard state.entries[index].trace == nil, let place = trace.place(of: exchange) else { continue }
            state.octets -= state.entries[index].octets
            state.entries[index].trace = trace
            state.entries[index].call = place
            var entry = state.entries[index]
            finish(&entry, &state)
            state.octets += entry.octets
            state.entries[index] = entry
            isFound = true
            if place == .whole { break }
        }
        return isFound
    }

    private func finish(_ entry: inout InspectorEntry, _ state: inout State) {
        state.version += 1
        entry.version = state.version
        let (row, conversation) = entry.makeRow { "\(Digest.hex(Digest.hmac(Array($0.utf8), key: key).prefix(4)))" }
        entry.row = row
        if let shown = row.conversation, let conversation {
            if state.conversations.count > 4 * limits.exchanges { state.conversations = [:] }
            state.conversations[shown] = conversation
        }
    }
}

extension RecordedExchange {
    fileprivate func cut(_ most: Int) -> RecordedExchange {
        guard requestBody.count > most || responseBody.count > most else { return self }
        var exchange = RecordedExchange(
            half: half, isFromCXone: isFromCXone, time: time, milliseconds: milliseconds, method: method, url: url,
            requestBody: Array(requestBody.prefix(most)), status: status, responseBody: Array(responseBody.prefix(most)), outcome: outcome)
        (exchange.name, exchange.conversation, exchange.violations) = (name, conversation, violations)
        (exchange.requestFields, exchange.responseFields) = (requestFields, responseFields)
        return exchange
    }
}
