import HTTP
import HTTPTypes
import JSON
import Secrets
import Store
import Time

/// The requests by which a service user's access key, or a refresh token, becomes an access token (`byoc.md` §5.2).
struct AccessKeyGrant: Sendable {
    enum Kind { case password, refresh(Secret) }

    struct Answer: Sendable {
        let grant: TokenGrant
        /// Replaces the one that was used.
        let refresh: Secret?
        /// From the `id_token`.
        let tenantID: String?
    }

    let settings: TenantSettings
    let transport: any HTTPTransport

    /// Somebody else's password checks must not be tried again and again, nor a busy server be pressed: half a minute at least.
    private static let pause = 30_000
    /// The share of its life after which a token is renewed.
    private static let renewal = 0.8

    func ask(_ kind: Kind, at endpoint: String, by deadline: Instant) async -> Result<Answer, TokenFailure> {
        let response: Response
        do {
            response = try await transport.send(call(kind, at: endpoint, by: deadline))
        } catch {
            let code: TokenFailure.Code = switch error.code {
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            case .tooLarge, .protocolViolated: .malformed
            default: .notReached
            }
            return .failure(TokenFailure(code, reason: error.code.rawValue))
        }
        let json = try? JSON(parsing: response.body)
        let status = response.status.code
        switch status {
        case 200...299:
            guard let json, let answer = answer(json) else { return .failure(TokenFailure(.malformed, reason: "status \(status)", pause: Self.pause)) }
            return .success(answer)
        case 429, 500...:
            let told = response.fields.value(.retryAfter).flatMap { Int($0) }.map { min(max(0, $0), 300) * 1000 } ?? 0
            return .failure(TokenFailure(.busy, reason: "status \(status)", pause: max(told, Self.pause)))
        default:
            let error = json?["error"]?.string.flatMap { Self.standardErrors.contains($0) ? $0 : nil }
            return .failure(TokenFailure(.refused, reason: "status \(status)" + (error.map { ", \($0)" } ?? ""), pause: 2 * Self.pause))
        }
    }

    // MARK: Request

    private func call(_ kind: Kind, at endpoint: String, by deadline: Instant) -> Call {
        var fields: HTTPFields = [.accept: "application/json"]
        let body: [UInt8]
        if settings.accessKeyURL != nil {
            fields[.contentType] = "application/json"
            body = Array(RawJSON { writer in
                writer.object { json in
                    json.field("accessKeyId", settings.accessKeyID)
                    json.field("accessKeySecret", settings.accessKeySecret.revealText())
                }
            }.bytes)
        } else {
            let id = settings.clientID ?? ""
            let both = FormText.encode(Array(id.utf8)) + [UInt8(ascii: ":")] + FormText.encode(settings.clientSecret?.reveal() ?? [])
            fields[.authorization] = "Basic " + Base64.encodeText(both)
            fields[.contentType] = "application/x-www-form-urlencoded"
            body = FormText.encode(pairs(kind, clientID: id))
        }
        return Call(
            method: .post, url: endpoint, fields: fields, body: body, deadline: deadline, responseLimit: 64 << 10,
            connection: settings.connection)
    }

    private func pairs(_ kind: Kind, clientID: String) -> [([UInt8], [UInt8])] {
        func pair(_ name: String, _ value: [UInt8]) -> ([UInt8], [UInt8]) { (Array(name.utf8), value) }
        switch kind {
        case .password:
            return [
                pair("grant_type", Array("password".utf8)), pair("username", Array(settings.accessKeyID.utf8)),
                pair("password", settings.accessKeySecret.reveal()),
            ]
        case .refresh(let token):
            return [
                pair("grant_type", Array("refresh_token".utf8)), pair("client_id", Array(clientID.utf8)),
                pair("refresh_token", token.reveal()),
            ]
        }
    }

    // MARK: Answer

    private func answer(_ json: JSON) -> Answer? {
        guard let token = json["access_token"]?.string, !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let life = json["expires_in"].flatMap(TokenLifetime.milliseconds)
            ?? (settings.tokenLifetimeSeconds ?? TokenLifetime.fallbackSeconds) * 1000
        let refresh = json["refresh_token"]?.string.flatMap { $0.isEmpty ? nil : Secret($0) }
        return Answer(
            grant: TokenGrant(secret: Secret(token), type: json["token_type"]?.string, life: life, renewal: Self.renewal), refresh: refresh,
            tenantID: json["id_token"]?.string.flatMap(Self.tenantID))
    }

    /// The claim `tenantId`. The token came straight from the token endpoint over TLS, so that its signature need not be checked
    /// (OpenID Connect Core §3.1.3.7, point 6), and the claim only chooses what to ask the issuer next.
    static func tenantID(inToken token: String) -> String? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let claims = Base64.decode(Array(parts[1]), .url), let json = try? JSON(parsing: claims),
            let id = json["tenantId"]?.string, (1...64).contains(id.utf8.count),
            id.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) })
        else { return nil }
        return id
    }

    private static let standardErrors: Set = [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
    ]
}
