import Conversation
package import HTTP
import HTTPTypes
import Secrets
package import Store
package import Time

/// The administrator's pages Add, Reconnect and Remove (`byoc.md` §4): what a browser sees when it comes from CXone with a one-time token.
///
/// The token is used once, on arrival; the browser is then sent to the same page without it. The access token stays in the store.
package struct ChannelPagesHandler: Handler {
    enum Page: String, CaseIterable { case add, reconnect, remove }

    let tenants: [(name: String, group: TenantSettings)]
    let offers: [ChannelOffer]
    let store: any KeyValueStore
    private let transport: any HTTPTransport
    private let time: any TimeSource
    private let allowsPlainHTTP: Bool
    /// Scheme and authority under which browsers see us.
    private let origin: String

    /// Octets of a form.
    package static let mostOctets = 256 << 10
    /// Milliseconds for the calls of one page.
    private static let patience = 10_000

    package init(
        tenants: [(name: String, group: TenantSettings)], offers: [ChannelOffer], publicURL: String, store: any KeyValueStore,
        over transport: any HTTPTransport, time: any TimeSource, allowsPlainHTTP: Bool
    ) {
        self.tenants = tenants
        self.offers = offers
        self.store = store
        self.transport = transport
        self.time = time
        self.allowsPlainHTTP = allowsPlainHTTP
        let authority = publicURL.firstRange(of: "://").map { publicURL[$0.upperBound...].prefix { $0 != "/" } } ?? ""
        origin = (publicURL.hasPrefix("http://") ? "http://" : "https://") + authority
    }

    package func respond(to request: Request) async -> Response {
        let name = Self.route(request)
        if name == "style.css" { return ChannelPageStyle.response }
        guard let page = Page(rawValue: name) else { return PageProblem.notFound.response }
        guard request.front.isSecure != false || allowsPlainHTTP else { return PageProblem.notSecure.response }
        switch request.method {
        case .get, .head:
            let query = request.target.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()
            guard let fields = FormFields(query) else { return PageProblem.badLink.response }
            return fields.contains("token") ? await signIn(to: page, fields, request) : await show(page, fields, request)
        case .post: return await act(on: page, request)
        default:
            var response = PageProblem.wrongMethod.response
            response.fields[.allow] = "GET, HEAD, POST"
            return response
        }
    }

    /// What follows the mount point, without slashes.
    private static func route(_ request: Request) -> String {
        var rest = request.path
        let prefix = request.front.prefix
        if !prefix.isEmpty, rest == prefix || rest.hasPrefix(prefix + "/") { rest = rest.dropFirst(prefix.count) }
        if !prefix.hasSuffix("/channels"), rest.hasPrefix("/channels/") { rest = rest.dropFirst(9) }
        return String(rest.drop { $0 == "/" })
    }

    private var deadline: Instant { time.now().advanced(byMilliseconds: Self.patience) }

    // MARK: Arriving

    private func signIn(to page: Page, _ fields: FormFields, _ request: Request) async -> Response {
        guard let brand = fields["brandId"].flatMap(Self.number), let user = fields["userId"].flatMap(Self.number),
            let token = fields["token"], !token.isEmpty, token.utf8.count <= 512
        else { return PageProblem.badLink.response }
        guard let (tenant, settings) = tenants.first(where: { $0.group.brandID == String(brand) }) else { return PageProblem.unknownBrand.response }
        let hosts = TrustedHosts(settings)
        guard let root = fields["apiHost"].map({ hosts.root(of: $0) }) ?? settings.apiURL else {
            return (fields.contains("apiHost") ? PageProblem.untrustedHost : .noHost).response
        }
        let directory = ChannelDirectory(root: root, token: nil, connection: settings.connection, over: transport)
        let person: ChannelDirectory.Administrator
        do {
            person = try await directory.administrator(brand: brand, user: user, token: Secret(token), by: deadline)
        } catch {
            return PageProblem(arriving: error).response(Note("error", "\(error)"))
        }
        guard person.brand == settings.brandID else { return PageProblem.unknownBrand.response }
        let back = fields["backUrl"]
        let isTrusted = back.map(hosts.allows) ?? false
        let session = AdministratorSession(
            tenant: tenant, root: root, token: person.token, back: isTrusted ? back : nil, untrustedBack: isTrusted ? nil : back,
            brandName: person.brandName, personName: person.name, formKey: Self.randomText())
        let id = Self.randomText()
        guard case .value = await store.put(AdministratorSession.key(id), session.octets, life: AdministratorSession.life, by: deadline) else {
            return PageProblem.noStore.response
        }
        var response = PageResponse.redirect(to: page.rawValue)
        response.fields[.setCookie] = cookie(id, request)
        response.notes = [Note("outcome", "signedIn")]
        return response
    }

    /// Digits only, as far as JSON carries them exactly.
    private static func number(_ text: String) -> Int? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    private static func randomText() -> Secret { Secret(bytes: Base64.encode(Random.bytes(32), .url)) }

    /// `Lax`, because the browser arrives by a link from CXone; forms carry a proof of their own.
    private func cookie(_ id: Secret, _ request: Request) -> String {
        let isSecure = request.front.isSecure != false
        return "\(Self.cookieName(isSecure))=\(id.revealText()); Path=/; Max-Age=\(AdministratorSession.life / 1000); HttpOnly; SameSite=Lax"
            + (isSecure ? "; Secure" : "")
    }

    private static func cookieName(_ isSecure: Bool) -> String { isSecure ? "__Host-causeway-channels" : "causeway-channels" }

    private func session(of request: Request) async -> AdministratorSession? {
        let name = Self.cookieName(request.front.isSecure != false) + "="
        guard let cookies = request.fields.value(.cookie) else { return nil }
        let ids = cookies.split(separator: ";").map { $0.drop { $0 == " " } }.filter { $0.hasPrefix(name) }
        guard ids.count == 1, let id = ids.first?.dropFirst(name.count), id.utf8.count == 43 else { return nil }
        guard case .value(let value) = await store.get(AdministratorSession.key(Secret(String(id))), by: deadline) else { return nil }
        return AdministratorSession(value.octets)
    }

    // MARK: Showing

    private func show(_ page: Page, _ fields: FormFields, _ request: Request) async -> Response {
        guard let session = await session(of: request) else { return PageProblem.noSession.response }
        return await overview(page, session, notice: fields["notice"].flatMap(PageNotice.init))
    }

    /// The page with what CXone has at this moment.
    private func overview(
        _ page: Page, _ session: AdministratorSession, notice: PageNotice? = nil, draft: ChannelDraft? = nil, problem: String? = nil
    ) async -> Response {
        let listed: [ListedChannel]
        do {
            listed = try await directory(session).list(by: deadline)
        } catch {
            return PageProblem(listing: error).response(Note("error", "\(error)"))
        }
        let view = ChannelPageView(
            page: page, session: session, offers: offers(of: session), listed: listed, notice: notice, draft: draft, problem: problem)
        return PageResponse.page(problem == nil ? .ok : .unprocessableContent, view.document)
    }

    private func offers(of session: AdministratorSession) -> [ChannelOffer] { offers.filter { $0.tenant == session.tenant } }

    private func directory(_ session: AdministratorSession) -> ChannelDirectory {
        let connection = tenants.first { $0.name == session.tenant }?.group.connection ?? ConnectionOptions()
        return ChannelDirectory(root: session.root, token: session.token, connection: connection, over: transport)
    }

    // MARK: Acting

    private func act(on page: Page, _ request: Request) async -> Response {
        guard let session = await session(of: request) else { return PageProblem.noSession.response }
        let isForm = request.fields.value(.contentType)?.lowercased().hasPrefix("application/x-www-form-urlencoded") ?? false
        guard isForm, request.body.count <= Self.mostOctets, let fields = FormFields(request.body) else { return PageProblem.badForm.response }
        guard isOwnForm(request) else { return PageProblem.foreignForm.response }
        guard let key = fields["key"], session.formKey.matches(key.utf8) else { return PageProblem.foreignForm.response }
        switch page {
        case .add, .reconnect: return await put(page, session, fields)
        case .remove: return await remove(session, fields)
        }
    }

    /// Browsers name the origin of a form, or `null` under a page's own `no-referrer`, and then say beside it whether the form was ours. One that
    /// says nothing at all is held to the key alone.
    private func isOwnForm(_ request: Request) -> Bool {
        let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.fields.value($0) }
        return switch request.fields.value(.origin) {
        case origin: true
        case "null": site == "same-origin"
        case nil: site == nil || site == "same-origin"
        default: false
        }
    }

    private func put(_ page: Page, _ session: AdministratorSession, _ fields: FormFields) async -> Response {
        guard let offer = offers(of: session).first(where: { fields["offer"] == $0.idOnExternalPlatform }),
            var definition = offer.definition(id: "")
        else { return PageProblem.badForm.response }
        let problem = definition.fill(from: fields, of: offer)
        let draft = ChannelDraft(offer: offer.idOnExternalPlatform, definition: definition)
        if let problem { return await overview(page, session, draft: draft, problem: problem) }
        if fields["action"] == "preview" { return await overview(page, session, draft: draft.shown) }
        do {
            // The id of a channel that CXone has already is not the form's to choose.
            if page == .reconnect {
                guard let listed = try await directory(session).list(by: deadline).first(where: offer.matches) else {
                    return await overview(page, session, draft: draft, problem: "CXone has no such channel any more. Add it again.")
                }
                definition.id = listed.id
                definition.idOnExternalPlatform = listed.idOnExternalPlatform ?? definition.idOnExternalPlatform
            }
            try await directory(session).put(definition, by: deadline)
        } catch {
            return await overview(page, session, draft: draft, problem: PageProblem.words(changing: error))
        }
        return PageResponse.redirect(to: page.rawValue + "?notice=" + (page == .add ? PageNotice.added : .changed).rawValue)
    }

    private func remove(_ session: AdministratorSession, _ fields: FormFields) async -> Response {
        guard let id = fields["id"] else { return PageProblem.badForm.response }
        guard fields["confirm"] == "yes" else {
            return await overview(.remove, session, problem: "Tick the box that says you are sure, then delete.")
        }
        do {
            // Only channels of our own integrations, whatever the form says.
            let listed = try await directory(session).list(by: deadline)
            guard let channel = listed.first(where: { $0.id == id }), offers(of: session).contains(where: { $0.integrationID == channel.integrationID })
            else { return await overview(.remove, session, problem: "CXone has no such channel of ours. Nothing was deleted.") }
            try await directory(session).delete(id, by: deadline)
        } catch {
            return await overview(.remove, session, problem: PageProblem.words(changing: error))
        }
        return PageResponse.redirect(to: "remove?notice=" + PageNotice.removed.rawValue)
    }
}

extension ChannelDefinition {
    /// Takes what a person entered; tells in one sentence what is wrong with it.
    mutating func fill(from fields: FormFields, of offer: ChannelOffer) -> String? {
        func entered(_ name: String) -> String { (fields[name] ?? "").trimmed }
        name = entered("name")
        id = entered("id")
        studioScript = entered("studioScript").isEmpty ? nil : entered("studioScript")
        flags = offer.switches.map { ($0.name, fields.contains($0.name)) }
        return problem
    }
}

extension String {
    fileprivate var trimmed: String {
        String(self.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
