package import HTTP
import HTTPTypes
import JSON
package import Secrets
package import Store
package import Time

/// `GET /health`: 200 when this installation can do its work, else 503; for whoever may know, why.
package struct HealthHandler: Handler {
    private let store: (any KeyValueStore)?
    private let certificates: [(place: String, path: String)]
    private let secrets: [Secret]
    private let time: any TimeSource
    private let expiry: @Sendable (String) -> Int64?

    /// The middleware's own version.
    package static let version = "0.1"
    /// Milliseconds that the store has.
    private static let patience = 1000
    /// Days before a certificate's end from which on it is mentioned as ending.
    private static let warning = 30

    /// - Parameter expiry: The earliest end, in seconds since 1970, of the certificates in a PEM file; `nil` when it holds none or cannot be read.
    package init(
        store: (any KeyValueStore)?, certificates: [(place: String, path: String)], secrets: [Secret], time: any TimeSource,
        expiry: @escaping @Sendable (String) -> Int64?
    ) {
        self.store = store
        self.certificates = certificates
        self.secrets = secrets
        self.time = time
        self.expiry = expiry
    }

    private struct Certificate {
        let place: String
        /// Whole days, negative behind the end; `nil` when the file cannot be read.
        let days: Int?
        var status: String { days.map { $0 < 0 ? "expired" : $0 < HealthHandler.warning ? "ending" : "good" } ?? "unreadable" }
        var isUsable: Bool { (days ?? -1) >= 0 }
    }

    package func respond(to request: Request) async -> Response {
        guard request.method == .get || request.method == .head else {
            return Response(status: .methodNotAllowed, fields: [.allow: "GET, HEAD"])
        }
        guard request.path == "/health" || request.path == "/health/" else { return Response(status: .notFound) }
        let storeStatus = await lookAtStore()
        let now = time.epochMilliseconds() / 1000
        let certificates = certificates.map { place, path in
            Certificate(place: place, days: expiry(path).map { CertificateDays.left(until: $0, now: now) })
        }
        let isReady = storeStatus != "unreachable" && certificates.allSatisfy(\.isUsable)
        let isInsider = isInsider(request)
        let body = RawJSON { writer in
            writer.object { json in
                json.field("status", isReady ? "ready" : "notReady")
                guard isInsider else { return }
                json.field("version", Self.version)
                json.field("settings", "good")
                json.field("store", storeStatus)
                json.field("certificates", array: { list in
                    for certificate in certificates {
                        list.object { json in
                            json.field("setting", certificate.place)
                            json.field("status", certificate.status)
                            json.field("daysLeft", certificate.days)
                            json.field("threshold", certificate.days.flatMap(CertificateDays.threshold))
                        }
                    }
                })
            }
        }
        var response = Response.json(isReady ? .ok : .serviceUnavailable, Array(body.bytes), notes: [Note("store", storeStatus)])
        if let worst = certificates.filter({ $0.status != "good" }).min(by: { $0.days ?? -1 < $1.days ?? -1 }) {
            response.notes += [Note("certificate", worst.place), Note("certificate_status", worst.status)]
        }
        return response
    }

    /// `none` where the settings name no store.
    private func lookAtStore() async -> String {
        guard let store else { return "none" }
        let key = StoreKey(tenant: "health", purpose: "look", id: "health")
        if case .unavailable = await store.get(key, by: time.now().advanced(byMilliseconds: Self.patience)) { return "unreachable" }
        return "good"
    }

    /// Somebody on this machine whom no proxy speaks for, or somebody with a secret.
    private func isInsider(_ request: Request) -> Bool {
        if let value = request.fields.value(.authorization), value.lowercased().hasPrefix("bearer ") {
            let candidate = Array(value.utf8.dropFirst(7))
            if secrets.reduce(false, { $1.matches(candidate) || $0 }) { return true }
        }
        let isLocal = request.front.peer.map { ["127.0.0.1", "::1", "::ffff:127.0.0.1"].contains($0) } ?? false
        return isLocal && !request.fields.contains { ["x-forwarded-for", "forwarded", "x-real-ip"].contains($0.name.canonicalName) }
    }
}
