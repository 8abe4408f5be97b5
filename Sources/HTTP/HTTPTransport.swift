package import HTTPTypes
package import Secrets
package import Time

/// One outbound HTTP request.
package struct Call: Sendable {
    package var method: HTTPRequest.Method
    /// Absolute `http` or `https` URL.
    package var url: String
    package var fields: HTTPFields
    package var body: [UInt8]
    /// When the call is given up, connecting included.
    package var deadline: Instant
    /// Octets of the answer's body beyond which the call fails with `tooLarge`.
    package var responseLimit: Int
    package var connection: ConnectionOptions
    /// Called with each piece of the body of a 2xx answer as it arrives, on the caller's loop. What was received stays usable when the
    /// call then times out.
    package var receive: (@Sendable ([UInt8]) -> Void)?
    /// Takes the body of a 2xx answer instead of the answer itself, at the reader's pace. See `HTTPTransport.download`.
    package var download: BodyPipe?
    /// The body, instead of `body`, at the writer's pace.
    package var upload: Upload?
    package var reach = Reach.anywhere

    /// Whether sending twice does what sending once does, by the method (RFC 9110, section 9.2.2).
    package var isIdempotent: Bool { method != .post && method != .patch && method != .connect }

    package struct Upload: Sendable {
        package let pipe: BodyPipe
        /// Octets in all, when known; what does not know it goes in chunks.
        package let length: Int?
        package init(_ pipe: BodyPipe, length: Int?) {
            self.pipe = pipe
            self.length = length
        }
    }

    /// Which addresses a call may connect to, whatever its host's name resolves to.
    package enum Reach: Sendable {
        case anywhere
        /// Addresses of the public Internet only, and never on a connection that another call left.
        case publicOnly
        /// And those of this machine: for tests.
        case publicOrLoopback
    }

    package init(
        method: HTTPRequest.Method, url: String, fields: HTTPFields = [:], body: [UInt8] = [], deadline: Instant,
        responseLimit: Int = 2 << 20, connection: ConnectionOptions = ConnectionOptions(),
        receive: (@Sendable ([UInt8]) -> Void)? = nil
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.deadline = deadline
        self.responseLimit = responseLimit
        self.connection = connection
        self.receive = receive
    }
}

/// How to reach one remote end: trust, our own certificate, proxy. From settings only.
package struct ConnectionOptions: Sendable {
    /// PEM file of the authorities to trust instead of the system's.
    package var authorityFile: String?
    /// PEM file of our client certificate and its chain.
    package var certificateFile: String?
    /// PEM file of its key, when apart.
    package var keyFile: String?
    package var keyPassword: Secret?
    /// `http://host:port`; `nil` means none, whatever the environment says.
    package var proxy: String?

    package init() {}
}

/// Sends one request and waits for the whole answer, whatever its status. Cancelling the task ends the call.
package protocol HTTPTransport: Sendable {
    func send(_ call: Call) async throws(TransportError) -> Response
}

/// Why no complete answer came.
package struct TransportError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case badURL, notResolved, notConnected, tlsFailed, certificateRefused, proxyFailed, sendFailed, receiveFailed
        case timedOut, cancelled, tooLarge, protocolViolated, misconfigured, internalFailure
        /// No credential could be had for the call, which was therefore not made.
        case notAuthorized
    }

    package let code: Code
    /// Whether any octet of the request may have reached the other side.
    package let mayHaveArrived: Bool
    /// A short text without URL, header or body.
    package let reason: String

    package init(_ code: Code, mayHaveArrived: Bool, reason: String = "") {
        self.code = code
        self.mayHaveArrived = mayHaveArrived
        self.reason = reason
    }

    /// Whether it is certain that the request had no effect.
    package var isCertain: Bool { !mayHaveArrived }
    /// Whether the same request may be sent again at once.
    package var isRetryable: Bool {
        guard !mayHaveArrived else { return false }
        return switch code {
        case .notResolved, .notConnected, .sendFailed, .receiveFailed, .proxyFailed: true
        default: false
        }
    }

    package static func == (left: TransportError, right: TransportError) -> Bool { left.code == right.code }
    package var description: String { reason.isEmpty ? code.rawValue : "\(code.rawValue): \(reason)" }
}
