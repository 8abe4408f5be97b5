import Catalog
import CXone
import CurlTransport
import EventLoop
import Gateway
import Settings
import Time

/// One turn from Virtual Agent Hub: `POST /exchange` and `/exchange/{agent}`.
@main
enum Function {
    static func main() {
        Gateway.serve("exchange", limits: .voice) {
            let (settings, warnings) = try SettingsFile.load(CausewaySettings.self)
            for warning in warnings { Gateway.warn("\(warning)") }
            let time = SystemTime()
            let transport = CurlTransport(options: Gateway.isShortLived ? .shortLived() : .longLived())
            let agents = settings.exchangeAgents(over: transport, time: time, report: Gateway.report)
            let services = settings.callerServices(over: transport, time: time, report: Gateway.report)
            return ExchangeHandler(
                agents: agents, endpoint: settings.exchange, time: time, sleep: EventLoop.sleep, services: services,
                isShortLived: Gateway.isShortLived)
        }
    }
}
