import CCurl
import HTTP
import HTTPTypes
import Secrets

/// Owns one easy handle of libcurl, and remembers what it is set to: setting thirty options anew for each call costs more than any of them.
final class EasyHandle {
    let easy: UnsafeMutableRawPointer
    /// What of the connection the handle is set to, when the next call may rely on it.
    private var connection: ConnectionOptions?
    /// The URL that the handle is set to.
    private var url = ""
    /// Where libcurl writes what went wrong first in a transfer.
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init?() {
        guard let easy = curl_easy_init() else {
            errorText.deallocate()
            return nil
        }
        self.easy = easy
        errorText.pointee = 0
        guard setBuffer() else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        errorText.deallocate()
    }

    /// Whether anything went wrong since the call began.
    var hasError: Bool { errorText.pointee != 0 }

    /// Sets what `call` needs. `lines` and the receiver behind `context` must outlive the transfer.
    func configure(
        _ call: Call, options: CurlOptions, milliseconds: Int, lines: UnsafeMutablePointer<curl_slist>?, engine: CurlEngine,
        context: UnsafeMutableRawPointer
    ) -> CURLcode {
        var configuration = EasyConfiguration(easy: easy)
        errorText.pointee = 0
        // What a call sets beyond the usual must not be met by the next one.
        let isUsual = call.method == .post && call.upload == nil && call.download == nil && call.reach == .anywhere
        if let connection, isUsual, connection.isSame(as: call.connection) {
            if url != call.url { configuration.setURL(call.url) }
        } else {
            if connection != nil, !reset() { return CURLE_OUT_OF_MEMORY }
            configuration.setConnection(call.connection, default: options.authorities, engine: engine)
            configuration.setURL(call.url)
            configuration.setMethod(call)
        }
        connection = isUsual ? call.connection : nil
        url = call.url
        configuration.setBounds(milliseconds: milliseconds, connectMilliseconds: min(options.connectMilliseconds, milliseconds))
        configuration.setBody(call)
        configuration.setHeaders(lines)
        configuration.setReceiver(context)
        if !isUsual {
            if let upload = call.upload { configuration.setSource(upload, context) }
            if call.reach != .anywhere { configuration.setAddressCheck(context) }
            if call.download != nil { configuration.setLargeBuffer() }
        }
        return configuration.code
    }

    /// Lets go of everything that belongs to the call. Connections and sessions belong to the engine and stay.
    ///
    /// False when the handle must not be used again: behind a call that shared an HTTP/2 connection libcurl 7.88 keeps the handle's
    /// buffer, and then refuses to be told its size.
    func rest(afterSuccess isClean: Bool) -> Bool {
        guard isClean, connection != nil else { return reset() }
        var configuration = EasyConfiguration(easy: easy)
        configuration.forgetCall()
        return configuration.code == CURLE_OK
    }

    /// Forgets every option.
    private func reset() -> Bool {
        connection = nil
        curl_easy_reset(easy)
        return setBuffer()
    }

    /// Thousands of calls wait at once, each with a buffer of its own; answers are mostly small.
    private func setBuffer() -> Bool {
        ccurl_set_long(easy, CURLOPT_BUFFERSIZE, 4 << 10) == CURLE_OK && ccurl_set_error_text(easy, errorText) == CURLE_OK
    }
}

extension ConnectionOptions {
    /// Whether libcurl is set the same way for both.
    fileprivate func isSame(as other: ConnectionOptions) -> Bool {
        authorityFile == other.authorityFile && certificateFile == other.certificateFile && keyFile == other.keyFile && proxy == other.proxy
            && keyPassword?.reveal() == other.keyPassword?.reveal()
    }
}
