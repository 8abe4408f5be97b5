/// What one request, and one process, may take (`security.md` §9). A function passes its own where the contract needs more.
package struct GatewayLimits: Sendable {
    /// Octets of a request's body; beyond it 413.
    package var body: Int
    /// Header fields of a request; beyond it 431.
    package var fields = 100
    /// Octets of one header field; beyond it 431.
    package var field = 8 << 10
    /// Octets of all header fields together; beyond it 431.
    package var head = 64 << 10
    /// Octets of the request target; beyond it 414.
    package var target = 8 << 10
    /// Milliseconds from a request's first octet to its last.
    package var receiving = 10_000
    /// Milliseconds that a connection of the plain HTTP port may wait for its next request. FastCGI's wait as long as the server wants.
    package var idling = 75_000
    /// Milliseconds that running requests get to end after SIGTERM.
    package var grace = 10_000
    /// Requests that run at once in this process; beyond it 503. `CAUSEWAY_MAXIMUM_TURNS` overrides it.
    package var turns = 4096

    package init(body: Int = 1 << 20) { self.body = body }

    package static let standard = GatewayLimits()
    /// For endpoints that receive recorded audio.
    package static let voice = GatewayLimits(body: 8 << 20)
}

extension GatewayLimits {
    /// Octets of a refused body that are still read, so that the server gets to our answer.
    static let drained = 64 << 20
}
