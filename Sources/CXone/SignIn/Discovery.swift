import Conversation
import HTTP
import HTTPTypes
import JSON
import Store
import Synchronization
import Time

/// Where a tenant's sign-in and its Digital Engagement API are (`byoc.md` §5.1). What was found holds for a day, here and in the store.
final class Discovery: Sendable {
    private let settings: TenantSettings
    private let transport: any HTTPTransport
    private let store: (any KeyValueStore)?
    private let time: any TimeSource
    private let tenant: String
    /// The issuer's own origin, and the tenant's hosts: credentials go nowhere else.
    private let hosts: TrustedHosts
    private let found = Mutex<[StoreKey: (url: String, until: Instant)]>([:])

    private static let day = 86_400_000

    init(_ settings: TenantSettings, tenant: String, over transport: any HTTPTransport, store: (any KeyValueStore)?, time: any TimeSource) {
        self.settings = settings
        self.transport = transport
        self.store = store
        self.time = time
        self.tenant = tenant
        hosts = TrustedHosts(ends: settings.hosts, configured: settings.issuer)
    }

    /// Where tokens are asked for.
    func tokenEndpoint(by deadline: Instant) async throws(ContactCentreError) -> String {
        try await remembered("openid\u{0}" + settings.issuer, by: deadline) { () throws(ContactCentreError) in
            let json = try await self.get(self.settings.issuer + "/.well-known/openid-configuration", by: deadline)
            guard let url = json["token_endpoint"]?.string else { throw ContactCentreError(.malformed, reason: "no token_endpoint") }
            return url
        }
    }

    /// Scheme and authority of the API; `/dfo/3.0` and a path follow.
    func root(ofTenant id: String, by deadline: Instant) async throws(ContactCentreError) -> String {
        try await remembered("cxone\u{0}" + settings.issuer + "\u{0}" + id, by: deadline) { () throws(ContactCentreError) in
            let url = self.settings.issuer + "/.well-known/cxone-configuration?tenantId=" + PathSegment.encoded(id)
            let json = try await self.get(url, by: deadline)
            guard let area = json["area"]?.string?.lowercased(), let domain = json["domain"]?.string?.lowercased(),
                !area.isEmpty, area.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
            else { throw ContactCentreError(.malformed, reason: "no area or no domain") }
            return "https://api-de-\(area).\(domain)"
        }
    }

    private func remembered(
        _ name: String, by deadline: Instant, _ find: () async throws(ContactCentreError) -> String
    ) async throws(ContactCentreError) -> String {
        let key = StoreKey(tenant: tenant, purpose: "discovery", id: name)
        let now = time.now()
        if let known = found.withLock({ $0[key] }), now < known.until { return known.url }
        if let store, case .value(let value) = await store.get(key, by: deadline), let url = String(validating: value.octets, as: UTF8.self),
            hosts.allows(url)
        {
            found.withLock { $0[key] = (url, now.advanced(byMilliseconds: value.rest)) }
            return url
        }
        let url = try await find()
        guard hosts.allows(url) else {
            throw ContactCentreError(.forbidden, reason: "discovery names a host that is not under the tenant's \"hosts\"", mayHaveArrived: false)
        }
        found.withLock { $0[key] = (url, now.advanced(byMilliseconds: Self.day)) }
        _ = await store?.put(key, Array(url.utf8), life: Self.day, by: deadline)
        return url
    }

    private func get(_ url: String, by deadline: Instant) async throws(ContactCentreError) -> JSON {
        let response: Response
        do {
            response = try await transport.send(Call(
                method: .get, url: url, fields: [.accept: "application/json"], deadline: deadline, responseLimit: 256 << 10,
                connection: settings.connection))
        } catch {
            throw ContactCentreError(error)
        }
        if let error = ContactCentreError(response) { throw error }
        guard let json = try? JSON(parsing: response.body) else { throw ContactCentreError(.malformed, reason: "discovery is not JSON") }
        return json
    }
}
