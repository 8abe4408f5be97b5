import CTrust
import Glibc
package import Secrets

/// One look at the other side of a TLS connection. Nothing is verified and no data is sent: what is seen is judged by whoever asked.
package struct Handshake: Sendable {
    package struct Wish: Sendable {
        /// For SNI; `nil` for an address.
        package var name: String?
        /// Numeric.
        package var address: String
        package var port: Int
        package var milliseconds = 4000
        package var lowest: Version?
        package var highest: Version?
        /// OpenSSL's names of suites of TLS 1.2, joined by colons.
        package var suites: String?
        /// PEM texts of our certificate with its chain, and of its key.
        package var certificate: String?
        package var key: Secret?
        package var password: Secret?

        package init(name: String?, address: String, port: Int) { (self.name, self.address, self.port) = (name, address, port) }
    }

    package enum Version: Int32, Sendable { case tls10 = 0x0301, tls11, tls12, tls13 }

    package enum Stage: Sendable { case notConnected, connected, done }

    package var stage: Stage
    /// Whether it asked us for a certificate; not known when we brought one.
    package var asksCertificate = false
    /// Number of the alert that it ended with.
    package var alert: Int?
    package var connectMilliseconds = 0
    package var tlsMilliseconds = 0
    /// PEM text, its own certificate first.
    package var chain: [UInt8] = []
    package var version = ""
    package var suite = ""
    /// Why there was no handshake, in OpenSSL's or the system's words.
    package var reason = ""

    /// Whether TLS was agreed on, even if the other side then wanted a certificate that we did not bring.
    package var speaksTLS: Bool { stage == .done || asksCertificate }

    package init(stage: Stage) { self.stage = stage }

    /// Blocks for `milliseconds` at most.
    package static func with(_ wish: Wish) -> Handshake {
        let texts = [wish.name, wish.address, wish.suites, wish.certificate, wish.key?.revealText(), wish.password?.revealText()]
        let copies = texts.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { if let copy { explicit_bzero(copy, strlen(copy)); free(copy) } } }
        var raw = ctrust_handshake()
        (raw.name, raw.address) = (UnsafePointer(copies[0]), UnsafePointer(copies[1]))
        (raw.suites, raw.certificate) = (UnsafePointer(copies[2]), UnsafePointer(copies[3]))
        (raw.key, raw.password) = (UnsafePointer(copies[4]), UnsafePointer(copies[5]))
        (raw.port, raw.patience) = (Int32(clamping: wish.port), Int32(clamping: wish.milliseconds))
        (raw.lowest, raw.highest) = (wish.lowest?.rawValue ?? 0, wish.highest?.rawValue ?? 0)
        ctrust_shake_hands(&raw)
        var seen = Handshake(stage: raw.stage == 2 ? .done : raw.stage == 1 ? .connected : .notConnected)
        seen.asksCertificate = raw.asks_certificate != 0
        seen.alert = raw.alert < 0 ? nil : Int(raw.alert)
        (seen.connectMilliseconds, seen.tlsMilliseconds) = (Int(raw.connect_microseconds / 1000), Int(raw.tls_microseconds / 1000))
        seen.chain = Array((CText.taken(raw.chain) ?? "").utf8)
        seen.version = CText.taken(raw.version) ?? ""
        seen.suite = CText.taken(raw.suite) ?? ""
        seen.reason = CText.taken(raw.reason) ?? (raw.system_error == 0 ? "" : String(cString: strerror(raw.system_error)))
        return seen
    }
}
