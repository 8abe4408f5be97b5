import HTTP
import HTTPTypes
import JSON

/// A fault that happened, and what came of it.
struct TakenFault {
    let number: Int
    let kind: Fault.Kind
    let operation: Operation
    /// Method and path.
    let what: String
    /// The message that was carried, where there is one: a repeat carries it too.
    let message: String?
    /// Milliseconds since 1970.
    let at: Int64
    /// In words; `nil` while nothing has come of it.
    var outcome: String?
    var isGood = true
}

extension World {
    private static let mostTaken = 100

    mutating func takeFault(_ operation: Operation, _ request: Request, at epoch: Int64) -> Fault.Kind? {
        guard let kind = takeFault(operation, isCallback: false) else { return nil }
        let what = "\(request.method.rawValue) \(request.path)"
        note(TakenFault(
            number: nextFault(), kind: kind, operation: operation, what: what, message: World.message(in: request), at: epoch,
            outcome: kind.isOnlySlow ? "answered, late" : nil))
        return kind
    }

    mutating func takeCallbackFault(_ operation: Operation, _ path: String, at epoch: Int64) -> TakenFault? {
        guard let kind = takeFault(operation, isCallback: true) else { return nil }
        let taken = TakenFault(number: nextFault(), kind: kind, operation: operation, what: "POST \(path)", message: nil, at: epoch)
        note(taken)
        return taken
    }

    private mutating func takeFault(_ operation: Operation, isCallback: Bool) -> Fault.Kind? {
        guard let index = behaviour.faults.firstIndex(where: {
            $0.kind.isOfCallbacks == isCallback && ($0.operation == nil || $0.operation == operation)
        }) else { return nil }
        let kind = behaviour.faults[index].kind
        if let count = behaviour.faults[index].count {
            if count <= 1 { behaviour.faults.remove(at: index) } else { behaviour.faults[index].count = count - 1 }
        }
        return kind
    }

    private mutating func nextFault() -> Int { (journal.taken.last?.number ?? 0) + 1 }

    private mutating func note(_ fault: TakenFault) {
        journal.taken.append(fault)
        if journal.taken.count > World.mostTaken { journal.taken.removeFirst(journal.taken.count - World.mostTaken) }
    }

    /// The middleware came again with what a fault had met, and this time it was taken.
    mutating func recover(_ operation: Operation, _ request: Request, at epoch: Int64) {
        let what = "\(request.method.rawValue) \(request.path)"
        if operation == .listMessages {
            // Whoever got no answer looks before sending the same again.
            for (index, fault) in journal.taken.enumerated() where fault.outcome == nil && fault.kind == .reset {
                guard let message = fault.message, request.target.contains(Percent.encode(message)) else { continue }
                journal.taken[index].outcome = "the middleware looked, and found it there, \(epoch - fault.at) ms later"
            }
        }
        guard journal.taken.contains(where: { $0.outcome == nil && $0.operation == operation && $0.what == what }) else { return }
        let message = World.message(in: request)
        for (index, fault) in journal.taken.enumerated()
        where fault.outcome == nil && fault.operation == operation && fault.what == what && fault.message == message {
            journal.taken[index].outcome = "the middleware came again and was answered, \(epoch - fault.at) ms later"
        }
    }

    mutating func judge(_ fault: TakenFault, _ outcome: String, isGood: Bool) {
        guard let index = journal.taken.firstIndex(where: { $0.number == fault.number }) else { return }
        (journal.taken[index].outcome, journal.taken[index].isGood) = (outcome, isGood)
    }

    private static func message(in request: Request) -> String? {
        (try? JSON(parsing: request.body))?["idOnExternalPlatform"]?.string
    }
}

extension Fault.Kind {
    fileprivate var isOnlySlow: Bool { if case .slow = self { true } else { false } }

    /// As the desk's interface names it.
    var name: String {
        switch self {
        case .slow: "slow"
        case .drop: "drop"
        case .reset: "reset"
        case .status: "status"
        case .html: "html"
        case .duplicate: "duplicate"
        case .lost: "lost"
        case .unknownField: "unknownField"
        case .expiredToken: "expiredToken"
        case .cut: "cut"
        }
    }
}
