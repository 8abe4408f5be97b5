package import HTTP
import HTTPTypes
import JSON
package import Secrets
import Simulator
import Synchronization
package import Time

/// The Watering Hole: an example social platform, joined by the `Webhook` channel as anybody's own app would be. Everything in memory.
///
/// Three parts of the desk: `/hole` is for its page, `/hole/app` takes what agents write (signed), `/hole/files` hands out files under unguessable names.
package final class WateringHole: Sendable {
    let world = Mutex(HoleWorld())
    let signature: HoleSignature
    /// Where the middleware takes what people do: `http://127.0.0.1:8080/webhook/wateringhole`.
    let webhook: String
    /// Where this desk answers, without a slash at its end.
    let base: String
    /// The web chat's page, shown beside the platform.
    let chat: String
    let network: any HTTPTransport
    let time: any TimeSource
    let sleep: @Sendable (Instant) async -> Void
    let onChange: @Sendable () -> Void

    package init(
        front: String, base: String, secret: Secret, over network: any HTTPTransport, time: any TimeSource = SystemTime(),
        sleep: @escaping @Sendable (Instant) async -> Void, onChange: @escaping @Sendable () -> Void = {}
    ) {
        (webhook, chat, self.base) = (front + "/webhook/wateringhole", front + "/chat/webchat", base)
        (signature, self.network, self.time, self.sleep, self.onChange) = (HoleSignature(secret: secret), network, time, sleep, onChange)
    }

    package var parts: [DeskSite.Part] {
        [
            DeskSite.Part("/hole/app", isOpen: true, Door { await self.take($0) }),
            DeskSite.Part("/hole/files", isOpen: true, Door { self.file($0) }),
            DeskSite.Part("/hole", Door { await self.page($0) }),
        ]
    }

    private struct Door: Handler {
        let answer: @Sendable (Request) async -> Response

        func respond(to request: Request) async -> Response { await answer(request) }
    }

    /// `GET /hole/files/{id}`; everything else of that name belongs to the page.
    private func file(_ request: Request) -> Response {
        let id = request.path.split(separator: "/").last.map(String.init) ?? ""
        guard request.method == .get, let file = world.withLock({ $0.files[id] }) else { return .problem(.notFound, "There is no such file.") }
        var response = Response(status: .ok, fields: [.contentType: file.mediaType, .xContentTypeOptions: "nosniff"], body: file.octets)
        response.fields[.contentSecurityPolicy] = "sandbox; default-src 'none'"
        response.fields[.contentDisposition] = "attachment; filename*=UTF-8''\(Percent.encode(file.name))"
        response.fields[.cacheControl] = "private, max-age=3600"
        return response
    }
}

extension Response {
    static func json(_ raw: RawJSON) -> Response { .json(.ok, Array(raw.bytes)) }
}
