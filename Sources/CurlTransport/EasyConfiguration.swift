import CCurl
import HTTP
import HTTPTypes
import Secrets

/// Sets the options of one easy handle and remembers the first that libcurl refused.
struct EasyConfiguration {
    let easy: UnsafeMutableRawPointer
    private(set) var code = CURLE_OK

    init(easy: UnsafeMutableRawPointer) { self.easy = easy }

    private mutating func set(_ option: CURLoption, _ value: Int) { note(ccurl_set_long(easy, option, value)) }
    private mutating func set(_ option: CURLoption, _ value: String?) { note(ccurl_set_text(easy, option, value)) }
    private mutating func note(_ result: CURLcode) { if code == CURLE_OK { code = result } }

    mutating func setBounds(milliseconds: Int, connectMilliseconds: Int) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        set(CURLOPT_CONNECTTIMEOUT_MS, connectMilliseconds)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
    }

    /// The certificates that the other side is checked with, and our own. libcurl shares no connection between calls that differ here.
    mutating func setTrust(_ connection: ConnectionOptions, default authorities: CurlOptions.Authorities) {
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        switch connection.authorityFile.map(CurlOptions.Authorities.bundle) ?? authorities {
        case .bundle(let file):
            set(CURLOPT_CAINFO, file)
            set(CURLOPT_CAPATH, nil)
        case .directory(let directory):
            set(CURLOPT_CAINFO, nil)
            set(CURLOPT_CAPATH, directory)
        }
        guard let certificate = connection.certificateFile else { return }
        set(CURLOPT_SSLCERT, certificate)
        set(CURLOPT_SSLKEY, connection.keyFile ?? certificate)
        // Without a password OpenSSL would ask for one on the terminal, and the loop would stand.
        set(CURLOPT_KEYPASSWD, connection.keyPassword?.revealText() ?? "")
    }

    /// The empty texts keep libcurl from looking into the environment (`http_proxy`, `ALL_PROXY`, `NO_PROXY` and the like).
    mutating func setProxy(_ proxy: String?) {
        set(CURLOPT_PROXY, proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    mutating func setRequest(_ call: Call, userAgent: String) {
        set(CURLOPT_URL, call.url)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_USERAGENT, userAgent)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        switch call.method {
        case .get where call.body.isEmpty: break
        case .head: set(CURLOPT_NOBODY, 1)
        case .post: setBody(call.body)
        default:
            // A body makes it a POST by another name, none a GET by another name.
            if !call.body.isEmpty || call.method == .put || call.method == .patch { setBody(call.body) }
            set(CURLOPT_CUSTOMREQUEST, call.method.rawValue)
        }
    }

    private mutating func setBody(_ body: [UInt8]) {
        set(CURLOPT_POST, 1)
        note(ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, body.count))
        // An address even for no octets: without one libcurl would read the body from standard input.
        (body.isEmpty ? [0] : body).withUnsafeBufferPointer { note(ccurl_set_body(easy, $0.baseAddress)) }
    }

    /// `lines` must outlive the transfer.
    mutating func setHeaders(_ lines: UnsafeMutablePointer<curl_slist>?) { note(ccurl_set_headers(easy, lines)) }

    mutating func setReceivers(
        context: UnsafeMutableRawPointer, head: ccurl_data_callback, body: ccurl_data_callback
    ) {
        note(ccurl_set_header_callback(easy, head, context))
        note(ccurl_set_body_callback(easy, body, context))
    }
}
