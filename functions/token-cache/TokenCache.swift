import CacheServer
import Gateway
import Settings
import Store
import Time

/// The embedded store: `GET`, `PUT` and `DELETE` on `/cache/{key}`, described in `openapi.yaml`.
@main
enum Function {
    static func main() {
        Gateway.serve("token-cache", limits: GatewayLimits(body: CacheHandler.valueLimit)) {
            let settings = try SettingsFile.load(HTTPCacheSettings.self, at: "store.cache").settings
            return try CacheHandler(settings, time: SystemTime())
        }
    }
}
