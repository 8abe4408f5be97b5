import CXone
import Gateway
import Settings
import Time

/// Access tokens for CXone: `POST /byoc/1.0/token` and `/byoc/oauth/token`, described in `openapi.yaml`.
@main
enum Function {
    static func main() {
        Gateway.serve("byoc-token", limits: GatewayLimits(body: TokenHandler.mostOctets)) {
            let (settings, warnings) = try SettingsFile.load(TokenEndpointSettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            guard let byoc = settings.byoc else { return UnconfiguredHandler() }
            return TokenHandler(byoc, time: SystemTime())
        }
    }
}
