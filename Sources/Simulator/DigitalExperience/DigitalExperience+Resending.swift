import HTTP
import HTTPTypes
package import JSON
import Secrets
import Synchronization
import Time

extension DigitalExperience: ExchangeResender {
    /// A callback goes out again as any, its token included; a request of the middleware is served again, with a token made for it.
    package func resend(_ exchange: RecordedExchange, body: [UInt8]) async -> String? {
        exchange.isFromCXone ? await callAgain(exchange, body) : await serveAgain(exchange, body)
    }

    private func callAgain(_ exchange: RecordedExchange, _ body: [UInt8]) async -> String? {
        guard let method = HTTPRequest.Method(exchange.method) else { return "\(exchange.method) is no method." }
        let forms = integrations
        if let form = forms.first(where: { $0.eventsURL == exchange.url }) {
            var fields: HTTPFields = [.contentType: "application/json"]
            if let credential = form.eventsAuthorization { fields[.authorization] = credential.revealText() }
            _ = await post(.callbackEvent, exchange.url, fields, body, form.connection)
            return nil
        }
        guard let form = forms.first(where: { exchange.url.hasPrefix($0.boxURL + "/") }) else {
            return "No integration calls \(exchange.url) any more."
        }
        guard form.authorizationURL != exchange.url else { return "A token is asked for with every credential that CXone has: send a callback again instead." }
        guard let json = try? RawJSON(parsing: body) else { return "CXone sends JSON only: the body is none." }
        _ = await callback(.callbackOther, to: form, path: String(exchange.url.dropFirst(form.boxURL.count)), body: json, shape: nil, method: method)
        return nil
    }

    private func serveAgain(_ exchange: RecordedExchange, _ body: [UInt8]) async -> String? {
        guard let method = HTTPRequest.Method(exchange.method), let target = WebAddress(exchange.url)?.target else { return "\(exchange.url) is no address." }
        var fields: HTTPFields = [.contentType: exchange.requestFields.first { $0.name.lowercased() == "content-type" }?.value ?? "application/json"]
        let expires = time.now().advanced(byMilliseconds: 60_000)
        fields[.authorization] = "Bearer " + world.withLock { $0.tokens.giveAccess(to: nil, until: expires) }
        var request = Request(method: method, target: target, fields: fields, body: body)
        request.front.requestID = Digest.hex(Random.bytes(8))
        _ = await respond(to: request)
        return nil
    }
}
