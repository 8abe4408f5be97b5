import CXone
import Conversation
import HTTP
import HTTPTypes
import JSON
import Secrets
import Settings
import Store
import Synchronization
import TestSupport
import Time

/// CXone's channel API in a few lines, with one-time tokens that work once, and a browser that keeps its cookie.
final class PagesBench: HTTPTransport {
    struct State {
        var calls: [Call] = []
        var tokens: Set<String> = ["one-time-token"]
        var channels: [String] = []
        var failing: Int?
        var cookie: String?
    }

    static let access = "access-token-of-the-administrator"
    let state = Mutex(State())
    let store: any KeyValueStore
    let handler: ChannelPagesHandler

    init(integration: String? = "int-1", channelID: String? = nil, hosts: String = "") throws {
        store = MemoryStore()
        let text = """
            {"t":{"brandId":"9001","clientId":"c","clientSecret":{"env":"S"},"accessKeyId":"k","accessKeySecret":{"env":"S"}\(hosts)}}
            """
        struct Tenants: SettingsGroup {
            let tenants: [(name: String, group: TenantSettings)]
            init(from reader: SettingsReader) { tenants = reader.named("tenants", TenantSettings.self, "") }
        }
        let settings = try SettingsFile.read(
            Tenants.self, text: Array(#"{"tenants":\#(text)}"#.utf8), path: "x", environment: ["S": "a-secret-of-good-length"]).settings
        var capabilities = ChannelCapabilities()
        capabilities.files = 3
        let box = Box()
        handler = ChannelPagesHandler(
            tenants: settings.tenants,
            offers: [
                ChannelOffer(
                    channel: "hole", platform: "webhook", tenant: "t", visibility: .direct, integrationID: integration, channelID: channelID,
                    capabilities: capabilities),
                ChannelOffer(
                    channel: "hole", platform: "webhook", tenant: "t", visibility: .post, integrationID: integration, channelID: nil,
                    capabilities: capabilities),
                ChannelOffer(
                    channel: "foreign", platform: "webhook", tenant: "other", visibility: .direct, integrationID: "int-9", channelID: nil,
                    capabilities: capabilities),
            ],
            publicURL: "https://mw.example", store: store, over: box, time: ManualTime(), allowsPlainHTTP: false)
        box.bench.withLock { $0 = self }
    }

    private final class Box: HTTPTransport {
        let bench = Mutex<PagesBench?>(nil)
        func send(_ call: Call) async throws(TransportError) -> Response {
            guard let bench = bench.withLock({ $0 }) else { throw TransportError(.internalFailure, mayHaveArrived: false) }
            return try await bench.send(call)
        }
    }

    var calls: [Call] { state.withLock { $0.calls } }

    func send(_ call: Call) async throws(TransportError) -> Response {
        state.withLock { state in
            state.calls.append(call)
            if let failing = state.failing { return Response(status: .init(code: failing)) }
            let body = try? JSON(parsing: call.body)
            if call.url.hasSuffix("/one-time-token/verification") {
                guard let token = body?["token"]?.string, state.tokens.remove(token) != nil else { return Response(status: .badRequest) }
                return .json(.ok, Array(#"{"brand":{"id":9001,"friendlyName":"The <Jungle>"},"user":{"id":1,"firstName":"Ann","surname":"Lee"},"accessToken":"\#(Self.access)"}"#.utf8))
            }
            guard call.fields[.authorization] == "Bearer " + Self.access else { return Response(status: .unauthorized) }
            switch call.method {
            case .get: return .json(.ok, Array("[\(state.channels.joined(separator: ","))]".utf8))
            case .post:
                guard let body, let id = body["id"]?.string else { return Response(status: .badRequest) }
                state.channels.removeAll { $0.contains(#""id":"\#(id)""#) }
                state.channels.append(String(decoding: call.body, as: UTF8.self))
                return .json(.ok, call.body)
            default:
                guard let id = call.url.split(separator: "/").last else { return Response(status: .notFound) }
                state.channels.removeAll { $0.contains(#""id":"\#(id)""#) }
                return Response(status: .noContent)
            }
        }
    }

    // MARK: The browser

    static let arrival = "userId=4711&brandId=9001&token=one-time-token&backUrl=https%3A%2F%2Fna1.nicecxone.com%2Fback&apiHost=api-de-na1.niceincontact.com"

    func get(_ target: String, keepsCookie: Bool = true) async -> Response {
        var request = Request(method: .get, target: target)
        request.front.isSecure = true
        if let cookie = state.withLock({ $0.cookie }) { request.fields[.cookie] = cookie }
        let response = await handler.respond(to: request)
        if let set = response.fields[.setCookie] { state.withLock { $0.cookie = String(set.prefix { $0 != ";" }) } }
        return response
    }

    func post(_ target: String, _ form: String, origin: String? = "https://mw.example", site: String? = nil) async -> Response {
        var request = Request(method: .post, target: target, fields: [.contentType: "application/x-www-form-urlencoded"], body: Array(form.utf8))
        request.front.isSecure = true
        if let cookie = state.withLock({ $0.cookie }) { request.fields[.cookie] = cookie }
        if let origin { request.fields[.origin] = origin }
        if let site, let name = HTTPField.Name("Sec-Fetch-Site") { request.fields[name] = site }
        return await handler.respond(to: request)
    }

    /// Comes from CXone, follows the redirect, and gives the form's key.
    func arrive(at page: String = "add") async -> String {
        _ = await get("/channels/\(page)?" + Self.arrival)
        return Self.key(in: await get("/channels/\(page)"))
    }

    static func key(in response: Response) -> String {
        let text = String(decoding: response.body, as: UTF8.self)
        guard let place = text.firstRange(of: #"name="key" value=""#) else { return "" }
        return String(text[place.upperBound...].prefix { $0 != "\"" })
    }
}
