import HTTP
import HTTPTypes
import JSON
import Synchronization

/// What is handed to the recorder: each exchange once, with where it belongs, without credentials.
extension DigitalExperience {
    /// The middleware asked.
    func record(_ request: Request, _ operation: Operation, _ served: Served, at epoch: Int64, took milliseconds: Int) {
        guard let recorder else { return }
        var response: Response?
        var outcome = "no answer"
        switch served {
        case .answer(let answer): (response, outcome) = (answer, DigitalExperience.outcome(answer.status.code))
        case .hungUp(let hadEffect): outcome = hadEffect ? "done, no answer" : "no answer"
        }
        let base = world.withLock { $0.baseURL }
        var exchange = RecordedExchange(
            half: .digitalExperience, isFromCXone: false, time: epoch, milliseconds: milliseconds, method: request.method.rawValue,
            url: base + (operation == .file ? "/files/…" : request.target),
            requestBody: Credentialless.body(request.body, operation), status: response?.status.code,
            responseBody: response.map { Credentialless.body($0.body, operation) } ?? [], outcome: outcome)
        exchange.requestFields = Credentialless.fields(request.fields)
        exchange.responseFields = response.map { Credentialless.fields($0.fields) } ?? []
        if let response, response.status.code >= 400 { exchange.violations = DigitalExperience.violations(response.body) }
        (exchange.name, exchange.conversation) = place(request.path, request.body, nil)
        recorder.record(exchange)
    }

    /// CXone asked.
    func record(_ call: Call, _ operation: Operation, _ answer: Response?, _ failure: String?, at epoch: Int64, took milliseconds: Int) {
        guard let recorder else { return }
        var exchange = RecordedExchange(
            half: .digitalExperience, isFromCXone: true, time: epoch, milliseconds: milliseconds, method: call.method.rawValue, url: call.url,
            requestBody: Credentialless.body(call.body, operation), status: answer?.status.code,
            responseBody: answer.map { Credentialless.body($0.body, operation) } ?? [],
            outcome: answer.map { DigitalExperience.outcome($0.status.code) } ?? failure ?? "no answer")
        exchange.requestFields = Credentialless.fields(call.fields)
        exchange.responseFields = answer.map { Credentialless.fields($0.fields) } ?? []
        let target = WebAddress(call.url)?.target ?? ""
        (exchange.name, exchange.conversation) = place(target.prefix { $0 != "?" }, call.body, answer?.body)
        recorder.record(exchange)
    }

    private static func outcome(_ status: Int) -> String {
        switch status {
        case 200...299: "taken"
        case 300...399: "redirected"
        case 401: "no token"
        case 404: "unknown"
        case 409: "known already"
        case 429: "too many"
        case 400...499: "refused"
        default: "failed"
        }
    }

    private static func violations(_ body: [UInt8]) -> [String] {
        ((try? JSON(parsing: body))?["errors"]?.elements.map { $0 } ?? []).map { error in
            [error["field"]?.string, error["message"]?.string].compactMap { $0 }.joined(separator: ": ")
        }
    }

    /// Channel and thread, from the path, else from the body, else from what is known.
    private func place(_ path: Substring, _ body: [UInt8], _ answer: [UInt8]?) -> (channel: String?, thread: String?) {
        let segments = path.split(separator: "/").map { Percent.decode($0) ?? "" }
        func after(_ names: String...) -> String? {
            segments.firstIndex { names.contains($0) }.flatMap { segments.indices.contains($0 + 1) ? segments[$0 + 1] : nil }
        }
        let json = try? JSON(parsing: body)
        let data = json?["data"]
        var channel = after("channel", "channels") ?? json?["post"]?["channelId"]?.string ?? json?["channelId"]?.string
        channel = channel ?? data?["channel"]?["id"]?.string
        var thread = after("thread", "threads") ?? json?["thread"]?["idOnExternalPlatform"]?.string
        thread = thread ?? json?["post"]?["idOnExternalPlatform"]?.string ?? json?["threadIdOnExternalPlatform"]?.string
        thread = thread ?? data?["case"]?["threadIdOnExternalPlatform"]?.string
        thread = thread ?? answer.flatMap { try? JSON(parsing: $0) }?["thread"]?["idOnExternalPlatform"]?.string
        let key: ThreadKey? = world.withLock { world in
            if let channel, let message = after("messages") {
                let id = world.messageIDs[ThreadKey(channel: channel, idOnExternalPlatform: message)] ?? message
                return world.messages[id]?.thread
            }
            return after("contacts").flatMap { world.contacts[$0]?.thread }
        }
        return (channel ?? key?.channel, thread ?? key?.idOnExternalPlatform)
    }
}

/// Takes credentials out of what is shown to people.
private enum Credentialless {
    private static let names: Set<String> = [
        "client_secret", "access_token", "refresh_token", "id_token", "password", "accessToken", "accessKeySecret", "token",
    ]

    static func fields(_ fields: HTTPFields) -> [(name: String, value: String)] {
        fields.map { field in
            let isSecret = [.authorization, .cookie, .setCookie, .proxyAuthorization].contains(field.name)
            return (field.name.rawName, isSecret ? "…" : field.value)
        }
    }

    static func body(_ body: [UInt8], _ operation: Operation) -> [UInt8] {
        switch operation {
        case .signIn, .accessKeyToken, .verifyOneTimeToken, .callbackToken: break
        default: return body
        }
        if let json = try? JSON(parsing: body), json.kind == .object {
            return Array(RawJSON { $0.object { object in
                for member in json.members {
                    object.name(member.name)
                    if names.contains(member.name) { object.value("…") } else { object.value(member.value) }
                }
            } }.bytes)
        }
        let pairs = Percent.pairs(Substring(decoding: body, as: UTF8.self)) ?? []
        let text = pairs.map { "\(Percent.encode($0.name))=\(names.contains($0.name) ? "…" : Percent.encode($0.value))" }
        return Array(text.joined(separator: "&").utf8)
    }
}
