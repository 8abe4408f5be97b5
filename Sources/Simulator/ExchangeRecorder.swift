/// Takes what the simulator sent and received, for the inspector. Called on the path of each exchange: keep it short.
package protocol ExchangeRecorder: Sendable {
    func record(_ exchange: RecordedExchange)
}

/// One request and its answer between CXone, as it is played here, and the middleware.
package struct RecordedExchange: Sendable {
    package enum Half: String, Sendable {
        case virtualAgentHub
        case digitalExperience
    }

    package let half: Half
    /// Whether CXone asked, as for turns and callbacks, or the middleware did.
    package let isFromCXone: Bool
    /// Milliseconds since 1970 at which the request was sent, or had arrived.
    package let time: Int64
    package let milliseconds: Int
    /// The virtual agent's or the channel's id; `nil` where none was named.
    package var name: String?
    /// The conversation: an interaction of the Virtual Agent Hub, or a thread.
    package var conversation: String?
    package let method: String
    package let url: String
    /// Without credentials.
    package var requestFields: [(name: String, value: String)] = []
    package let requestBody: [UInt8]
    /// `nil` when no answer came.
    package let status: Int?
    package var responseFields: [(name: String, value: String)] = []
    package let responseBody: [UInt8]
    /// What it came to, in one or two words: the branch taken, `stored`, `refused`, `no answer`.
    package let outcome: String
    /// What was wrong, by field where there is one.
    package var violations: [String] = []

    package init(
        half: Half, isFromCXone: Bool, time: Int64, milliseconds: Int, method: String, url: String, requestBody: [UInt8], status: Int?,
        responseBody: [UInt8], outcome: String
    ) {
        (self.half, self.isFromCXone, self.time, self.milliseconds) = (half, isFromCXone, time, milliseconds)
        (self.method, self.url, self.requestBody) = (method, url, requestBody)
        (self.status, self.responseBody, self.outcome) = (status, responseBody, outcome)
    }
}

/// Sends a request again that was recorded, changed or as it was, with credentials of this moment. What comes of it is recorded as every exchange.
package protocol ExchangeResender: Sendable {
    /// - Parameter body: Nothing is hidden in it.
    /// - Returns: Why it was not sent, in words for people; `nil` when it was, whatever came of it.
    func resend(_ exchange: RecordedExchange, body: [UInt8]) async -> String?
}
