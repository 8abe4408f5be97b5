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

    /// What all calls to one origin share.
    mutating func setConnection(_ connection: ConnectionOptions, default authorities: CurlOptions.Authorities, engine: CurlEngine) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        setTrust(connection, default: authorities)
        setProxy(connection.proxy)
        note(ccurl_set_opening(easy))
        note(ccurl_set_socket_callbacks(easy, { context, socket, _ in
            CurlEngine.from(context)?.opened(socket)
            return CURL_SOCKOPT_OK
        }, { context, socket in
            CurlEngine.from(context)?.close(socket)
            return 0
        }, Unmanaged.passUnretained(engine).toOpaque()))
        note(ccurl_set_guard(easy) { context, _, _, _, _ in
            Transfer.from(context)?.maySend() ?? false ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        })
        note(ccurl_set_receivers(easy, { octets, size, count, context in
            Transfer.from(context)?.receiveHead(octets, size * count) ?? 0
        }, { octets, size, count, context in
            Transfer.from(context)?.receiveBody(octets, size * count) ?? 0
        }))
    }

    mutating func setBounds(milliseconds: Int, connectMilliseconds: Int) {
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        set(CURLOPT_CONNECTTIMEOUT_MS, connectMilliseconds)
    }

    /// The certificates that the other side is checked with, and our own. libcurl shares no connection between calls that differ here.
    private mutating func setTrust(_ connection: ConnectionOptions, default authorities: CurlOptions.Authorities) {
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
    private mutating func setProxy(_ proxy: String?) {
        set(CURLOPT_PROXY, proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    mutating func setURL(_ url: String) { set(CURLOPT_URL, url) }

    /// The method of a handle without one.
    mutating func setMethod(_ call: Call) {
        switch call.method {
        case .get where call.body.isEmpty: break
        case .head: set(CURLOPT_NOBODY, 1)
        case .post: set(CURLOPT_POST, 1)
        default:
            // A body makes it a POST by another name, none a GET by another name.
            if EasyConfiguration.hasBody(call) { set(CURLOPT_POST, 1) }
            set(CURLOPT_CUSTOMREQUEST, call.method.rawValue)
        }
    }

    private static func hasBody(_ call: Call) -> Bool {
        !call.body.isEmpty || call.upload != nil || call.method == .post || call.method == .put || call.method == .patch
    }

    /// The body of an upload. What is read from a pipe cannot be read again, so it must not meet a kept connection that is dead.
    mutating func setSource(_ upload: Call.Upload, _ context: UnsafeMutableRawPointer) {
        note(ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, upload.length ?? -1))
        set(CURLOPT_FRESH_CONNECT, 1)
        note(ccurl_set_source_callback(easy, { octets, size, count, context in
            Transfer.from(context)?.fill(octets, size * count) ?? Int(CURL_READFUNC_ABORT)
        }, context))
    }

    /// Only addresses that the transfer admits, and no connection that was made without asking it.
    mutating func setAddressCheck(_ context: UnsafeMutableRawPointer) {
        note(ccurl_set_address_check(easy, { octets, count, context in
            guard let octets else { return false }
            return Transfer.from(context)?.admits(Array(UnsafeBufferPointer(start: octets, count: count))) ?? false
        }, context))
        set(CURLOPT_FRESH_CONNECT, 1)
        set(CURLOPT_FORBID_REUSE, 1)
    }

    /// Larger pieces for a body that is passed on. Where libcurl keeps the buffer that it has, that one does as well.
    mutating func setLargeBuffer() { _ = ccurl_set_long(easy, CURLOPT_BUFFERSIZE, 64 << 10) }

    mutating func setBody(_ call: Call) {
        guard EasyConfiguration.hasBody(call), call.upload == nil, call.method != .head else { return }
        note(ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, call.body.count))
        // An address even for no octets: without one libcurl would read the body from standard input.
        (call.body.isEmpty ? [0] : call.body).withUnsafeBufferPointer { note(ccurl_set_body(easy, $0.baseAddress)) }
    }

    /// `lines` must outlive the transfer.
    mutating func setHeaders(_ lines: UnsafeMutablePointer<curl_slist>?) { note(ccurl_set_headers(easy, lines)) }

    mutating func setReceiver(_ context: UnsafeMutableRawPointer?) {
        note(ccurl_set_receiver(easy, context))
        note(ccurl_set_guarded(easy, context))
    }

    mutating func forgetCall() {
        set(CURLOPT_POSTFIELDS, nil)
        setHeaders(nil)
        setReceiver(nil)
    }
}
