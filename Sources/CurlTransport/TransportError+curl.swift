import CCurl
import Glibc
import HTTP
import Time

extension TransportError {
    /// An option that libcurl does not take.
    init(refusedOption code: CURLcode) {
        self.init(
            code == CURLE_OUT_OF_MEMORY ? .internalFailure : .misconfigured, mayHaveArrived: false, reason: Self.text(code))
    }

    /// What a transfer's result means. Reasons are libcurl's constant texts, with the system's or OpenSSL's cause: no host, URL or
    /// header is in them.
    init(
        _ code: CURLcode, easy: UnsafeMutableRawPointer, refusal: Code?, mayHaveArrived: Bool, call: Call
    ) {
        if let refusal {
            self.init(refusal, mayHaveArrived: true, reason: "the answer is larger than allowed")
            return
        }
        let reason = Self.text(code)
        switch code {
        // Not the connection that the request went out on, but the one on which libcurl wanted to send it again.
        case _ where mayHaveArrived && Self.isOfConnecting(code): self = .lostConnection
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED:
            self.init(.badURL, mayHaveArrived: false, reason: reason)
        case CURLE_UNSUPPORTED_PROTOCOL where !mayHaveArrived:
            self.init(.badURL, mayHaveArrived: false, reason: reason)
        case CURLE_COULDNT_RESOLVE_HOST:
            self.init(.notResolved, mayHaveArrived: false, reason: reason)
        case CURLE_COULDNT_CONNECT:
            self.init(.notConnected, mayHaveArrived: false, reason: Self.systemText(easy) ?? reason)
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            self.init(.proxyFailed, mayHaveArrived: false, reason: reason)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS:
            self.init(.certificateRefused, mayHaveArrived: false, reason: Self.certificateText(easy))
        case CURLE_SSL_CERTPROBLEM:
            self.init(.misconfigured, mayHaveArrived: false, reason: "our certificate, its key or the key's password does not work")
        case CURLE_SSL_CACERT_BADFILE:
            self.init(.misconfigured, mayHaveArrived: false, reason: "the file of trusted authorities cannot be read")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED:
            self.init(.tlsFailed, mayHaveArrived: mayHaveArrived, reason: reason)
        case CURLE_OPERATION_TIMEDOUT:
            // Before the deadline it was the limit for connecting: as good as refused.
            let isEarly = !mayHaveArrived && call.deadline.milliseconds(since: .now()) > 10
            self.init(
                isEarly ? .notConnected : .timedOut, mayHaveArrived: mayHaveArrived,
                reason: isEarly ? "no connection in time" : mayHaveArrived ? "no complete answer in time" : "not sent in time")
        case CURLE_SEND_ERROR:
            self.init(.sendFailed, mayHaveArrived: mayHaveArrived, reason: Self.systemText(easy) ?? reason)
        case CURLE_RECV_ERROR where !mayHaveArrived && call.connection.proxy != nil:
            self.init(.proxyFailed, mayHaveArrived: false, reason: "the proxy gave no tunnel")
        case CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
            self.init(.receiveFailed, mayHaveArrived: mayHaveArrived, reason: Self.systemText(easy) ?? reason)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL,
            CURLE_WRITE_ERROR:
            self.init(.protocolViolated, mayHaveArrived: mayHaveArrived, reason: reason)
        default:
            self.init(.internalFailure, mayHaveArrived: mayHaveArrived, reason: "libcurl \(code.rawValue): \(reason)")
        }
    }

    /// A kept connection ended, and nobody knows what became of the request.
    static let lostConnection = TransportError(.receiveFailed, mayHaveArrived: true, reason: "the connection ended before an answer")

    private static func isOfConnecting(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY, CURLE_PEER_FAILED_VERIFICATION,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
            true
        default: false
        }
    }

    private static func text(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }

    private static func systemText(_ easy: UnsafeMutableRawPointer) -> String? {
        let number = ccurl_get_long(easy, CURLINFO_OS_ERRNO)
        return number == 0 ? nil : String(cString: strerror(Int32(truncatingIfNeeded: number)))
    }

    /// X509_V_ERR_… numbers of OpenSSL, which libcurl passes on.
    private static func certificateText(_ easy: UnsafeMutableRawPointer) -> String {
        switch ccurl_get_long(easy, CURLINFO_SSL_VERIFYRESULT) {
        case 9: "the certificate is not valid yet"
        case 10: "the certificate has expired"
        case 18...21: "the certificate comes from no trusted authority"
        case 23: "the certificate was revoked"
        // 1 is what libcurl begins with; it stays when the chain is good and the name is not.
        case 0, 1, 62: "the certificate is for another name"
        case let number: "the certificate does not verify (\(number))"
        }
    }
}
