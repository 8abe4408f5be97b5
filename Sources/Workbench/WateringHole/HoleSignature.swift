import HTTP
import HTTPTypes
import Secrets

/// Standard Webhooks 1.0.0 as the platform speaks it, written anew so that nobody agrees with himself.
struct HoleSignature: Sendable {
    let secret: Secret

    func fields(id: String, seconds: Int64, _ body: [UInt8]) -> HTTPFields {
        var fields: HTTPFields = [.contentType: "application/json"]
        set(&fields, "webhook-id", id)
        set(&fields, "webhook-timestamp", String(seconds))
        set(&fields, "webhook-signature", "v1," + Base64.encodeText(code(id, String(seconds), body)))
        return fields
    }

    /// The `webhook-id` of a request that was signed with the secret within the last five minutes.
    func verify(_ request: Request, seconds: Int64) -> String? {
        guard let id = one(request, "webhook-id"), !id.isEmpty, id.utf8.count <= 256, let timestamp = one(request, "webhook-timestamp"),
            let sent = Int64(timestamp), abs(sent.subtractingReportingOverflow(seconds).partialValue) <= 300,
            let signatures = one(request, "webhook-signature")
        else { return nil }
        let wanted = code(id, timestamp, request.body)
        for signature in signatures.split(separator: " ").prefix(8) where signature.hasPrefix("v1,") {
            if let code = Base64.decode(signature.dropFirst(3).utf8), Digest.equal(code, wanted) { return id }
        }
        return nil
    }

    private func code(_ id: String, _ timestamp: String, _ body: [UInt8]) -> [UInt8] {
        Digest.hmac(Array("\(id).\(timestamp).".utf8) + body, key: secret)
    }

    private func one(_ request: Request, _ name: String) -> String? {
        HTTPField.Name(name).flatMap { name in
            let values = request.fields[values: name]
            return values.count == 1 ? values.first : nil
        }
    }

    private func set(_ fields: inout HTTPFields, _ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { fields[name] = value }
    }
}
