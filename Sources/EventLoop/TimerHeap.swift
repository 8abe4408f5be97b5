import Time

extension EventLoop {
    /// Names one scheduled action. Meaningless on another loop.
    package struct Timer: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    /// A binary heap by time. Cancelled timers stay until their time and are then passed over: a turn's deadline is
    /// nearly always cancelled, and forgetting its action frees what it holds at once.
    struct TimerHeap {
        private var heap: [(at: Instant, timer: Timer)] = []
        private var actions: [Timer: () -> Void] = [:]
        private var last: UInt64 = 0

        /// Time of the earliest entry.
        var first: Instant? { actions.isEmpty ? nil : heap.first?.at }

        mutating func insert(_ instant: Instant, _ action: @escaping () -> Void) -> Timer {
            last &+= 1
            let timer = Timer(number: last)
            actions[timer] = action
            heap.append((instant, timer))
            siftUp(heap.count - 1)
            return timer
        }

        mutating func remove(_ timer: Timer) {
            actions[timer] = nil
            // With nothing alive, or mostly dead entries, the heap is rebuilt, so that it never outgrows what is scheduled.
            if actions.isEmpty {
                heap.removeAll(keepingCapacity: true)
            } else if heap.count > 64, heap.count > actions.count * 4 {
                let alive = heap.filter { actions[$0.timer] != nil }.sorted { $0.at < $1.at }
                heap = alive
            }
        }

        /// The latest that was inserted.
        var newest: Timer { Timer(number: last) }

        /// The earliest of those inserted no later than `newest`, if its time has come.
        mutating func removeFirst(notAfter now: Instant, upTo newest: Timer) -> (() -> Void)? {
            while let top = heap.first, top.at <= now {
                // One that is younger and earlier waits for the next round, and those behind it with it.
                guard top.timer.number <= newest.number || actions[top.timer] == nil else { return nil }
                let end = heap.removeLast()
                if !heap.isEmpty {
                    heap[0] = end
                    siftDown()
                }
                if let action = actions.removeValue(forKey: top.timer) { return action }
            }
            return nil
        }

        private mutating func siftUp(_ start: Int) {
            var child = start
            while child > 0 {
                let parent = (child - 1) / 2
                guard heap[child].at < heap[parent].at else { return }
                heap.swapAt(child, parent)
                child = parent
            }
        }

        private mutating func siftDown() {
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].at < heap[least].at {
                    least = child
                }
                guard least != parent else { return }
                heap.swapAt(parent, least)
                parent = least
            }
        }
    }
}
