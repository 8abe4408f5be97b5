package import Catalog
import ChannelCatalog
package import HTTP
package import HTTPTypes
package import Secrets
package import Settings
package import Store
package import Time

/// What the doctor's checks look at: one settings file with all that it names, and the tools to look with.
package struct Examination: Sendable {
    package struct Options: Sendable {
        /// Nothing leaves this machine.
        package var isOffline = false
        /// Virtual agents are asked.
        package var isLive = false
        /// How CXone reaches our front: the authority that it would trust, when not the system's, and the certificate that it shall present.
        package var front = ConnectionOptions()
        package init() {}
    }

    /// Tests put others in their place.
    package struct Tools: Sendable {
        package var transport: any HTTPTransport
        package var time: any TimeSource
        package var resolve: @Sendable (String) -> [[UInt8]] = Addresses.of
        package var shake: @Sendable (Handshake.Wish) -> Handshake = Handshake.with
        package var openStore: @Sendable (StoreSettings) -> any KeyValueStore

        package init(over transport: any HTTPTransport, time: any TimeSource) {
            (self.transport, self.time) = (transport, time)
            openStore = { $0.open(over: transport, time: time) }
        }
    }

    package let path: String
    package let options: Options
    package let tools: Tools
    /// `nil` when the file cannot be read.
    let text: [UInt8]?
    /// `nil` when it is no object.
    let outline: SettingsOutline?
    /// `nil` when there is any mistake in it.
    let settings: WholeSettings?
    let problems: [SettingsError.Problem]
    let warnings: [SettingsError.Problem]

    package init(settings path: String, environment: [String: String], options: Options, tools: Tools) {
        (self.path, self.options, self.tools) = (path, options, tools)
        text = FileBytes.read(path)
        guard let text else {
            (outline, settings, problems, warnings) = (nil, nil, [], [])
            return
        }
        outline = SettingsOutline(text: text, path: path, environment: environment)
        do {
            let read = try SettingsFile.read(WholeSettings.self, text: text, path: path, environment: environment)
            (settings, warnings, problems) = (read.settings, read.warnings, [])
        } catch {
            (settings, warnings, problems) = (nil, [], error.problems)
        }
    }

    // MARK: What several checks want

    /// Seconds since 1970.
    var now: Int64 { tools.time.epochMilliseconds() / 1000 }

    var store: StoreSettings? { settings?.messaging.store ?? settings?.turns.store }

    /// Our own front, where the settings say where it is.
    var front: RemoteEnd? { settings?.messaging.publicURL.flatMap { RemoteEnd(place: "publicURL", url: $0) } }

    /// PEM text of the authorities that the front is held against; `nil` for the system's.
    var frontAuthorities: [UInt8]? { options.front.authorityFile.map { FileBytes.read($0) ?? [] } }

    /// The front by TLS, where it can be found.
    func shakeFront(_ change: (inout Handshake.Wish) -> Void = { _ in }) -> Handshake? {
        guard let front, front.isTLS else { return nil }
        return shake(front, change)
    }

    /// `nil` when the name leads nowhere. The first address that answers counts.
    func shake(_ end: RemoteEnd, _ change: (inout Handshake.Wish) -> Void = { _ in }) -> Handshake? {
        var last: Handshake?
        for address in tools.resolve(end.host).prefix(4) {
            var wish = Handshake.Wish(name: end.isAddress ? nil : end.host, address: Addresses.text(address), port: end.port)
            change(&wish)
            let seen = tools.shake(wish)
            if seen.stage != .notConnected { return seen }
            last = seen
        }
        return last
    }

    /// One HTTP call that a stranger could make.
    func call(_ method: HTTPRequest.Method, _ url: String, body: [UInt8] = [], milliseconds: Int = 6000) async -> Result<Response, TransportError> {
        var call = Call(method: method, url: url, body: body, deadline: tools.time.now().advanced(byMilliseconds: milliseconds))
        if let front, url.hasPrefix(front.url) { call.connection = options.front }
        if method == .post { call.fields[.contentType] = "application/json" }
        do { return .success(try await tools.transport.send(call)) } catch { return .failure(error) }
    }
}
