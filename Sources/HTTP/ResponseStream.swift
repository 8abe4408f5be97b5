/// The body of an answer that is made while it is sent, at the pace of whoever reads it. Answers that stand in memory have none.
package final class ResponseStream: Sendable {
    /// Octets in all, when known. Exactly as many must then be written.
    package let length: Int?
    private let makeBody: @Sendable (any ResponseSink) async -> Bool

    /// - Parameter write: Writes the body. False when it could not be completed: the receiver must not take what came for all of it.
    package init(length: Int?, _ write: @escaping @Sendable (any ResponseSink) async -> Bool) {
        self.length = length
        makeBody = write
    }

    package func write(to sink: any ResponseSink) async -> Bool { await makeBody(sink) }
}

package protocol ResponseSink: Sendable {
    /// Waits until there is room for more; false when nobody reads any more, and nothing further need be written.
    func write(_ octets: [UInt8]) async -> Bool
}
