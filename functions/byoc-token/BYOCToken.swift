import CXone
import Gateway
import Settings
import Time

/// Access tokens for CXone, described in `openapi.yaml`: `POST /byoc/1.0/token` and `/byoc/oauth/token` for its calls about channels; `POST
/// /byoc/tunnel/token` for turns, with `GET /byoc/tunnel/keys`.
@main
enum Function {
    static func main() {
        Gateway.serve("byoc-token", limits: GatewayLimits(body: TokenHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(TokenEndpointSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            return TokenEndpoint(settings, time: SystemTime())
        }
    }
}
