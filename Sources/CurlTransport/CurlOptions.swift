/// How a process reaches other hosts; the same for all its calls. What differs from agent to agent is in `ConnectionOptions`.
package struct CurlOptions: Sendable {
    /// Where the certificates of the authorities lie that calls trust unless they bring their own.
    ///
    /// OpenSSL parses a whole bundle for each new connection (16 ms), unless libcurl keeps the parsed one, which it does only when
    /// no directory is set beside it. A process that lives for one connection reads just the one file it needs from a directory.
    package enum Authorities: Sendable, Equatable {
        /// PEM files under the hash of their subject (`openssl rehash`): for a process that makes one call and ends.
        case directory(String)
        /// One PEM file with all of them: for a process that stays.
        case bundle(String)
    }

    package var authorities: Authorities
    /// For name look-up, TCP and TLS together. A call's own deadline cuts it shorter.
    package var connectMilliseconds: Int
    /// Idle connections that are kept for the next call, per loop.
    package var keptConnections: Int
    package var userAgent: String
    /// Header fields of an answer: how many, and octets of all together. More fail the call with `tooLarge`.
    package var headerCount: Int
    package var headerOctets: Int

    package init(
        authorities: Authorities, connectMilliseconds: Int = 1000, keptConnections: Int = 1024,
        userAgent: String = "Causeway/0.1", headerCount: Int = 100, headerOctets: Int = 64 << 10
    ) {
        self.authorities = authorities
        self.connectMilliseconds = connectMilliseconds
        self.keptConnections = keptConnections
        self.userAgent = userAgent
        self.headerCount = headerCount
        self.headerOctets = headerOctets
    }

    /// For CGI: Debian's directory, unless another is given.
    package static func shortLived(directory: String? = nil) -> CurlOptions {
        CurlOptions(authorities: .directory(directory ?? "/etc/ssl/certs"), keptConnections: 4)
    }

    /// For FastCGI, Lambda and the HTTP port: Debian's bundle, unless another is given.
    package static func longLived(bundle: String? = nil) -> CurlOptions {
        CurlOptions(authorities: .bundle(bundle ?? "/etc/ssl/certs/ca-certificates.crt"))
    }
}
