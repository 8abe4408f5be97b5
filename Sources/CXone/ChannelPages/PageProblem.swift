import Conversation
import HTTP
import HTTPTypes

/// What went wrong, in words for the administrator: what happened, then what to do.
enum PageProblem: String {
    case notFound, wrongMethod, notSecure, badLink, unknownBrand, noHost, untrustedHost, usedToken, cxoneDown, noStore, noSession, badForm
    case foreignForm, noPermission

    init(arriving error: ContactCentreError) {
        self = switch error.code {
        case .refused, .unauthorized, .forbidden, .notFound, .exists: .usedToken
        default: .cxoneDown
        }
    }

    init(listing error: ContactCentreError) {
        self = switch error.code {
        case .unauthorized: .noSession
        case .forbidden, .notFound: .noPermission
        default: .cxoneDown
        }
    }

    /// Why a channel could not be made, changed or deleted.
    static func words(changing error: ContactCentreError) -> String {
        switch error.code {
        case .unauthorized: "CXone has ended your session. Open this page from CXone again; nothing was changed."
        case .forbidden: "CXone does not let you change channels. Ask for the permission, then try again; nothing was changed."
        case .refused, .notFound, .exists: "CXone did not accept this (\(error.reason)). Check the values and try again; nothing was changed."
        case .throttled: "CXone asks for patience. Wait a minute and try again; nothing was changed."
        default: "CXone did not answer in time. Look at the list below before you try again: the change may have been made."
        }
    }

    private var status: HTTPResponse.Status {
        switch self {
        case .notFound: .notFound
        case .wrongMethod: .methodNotAllowed
        case .notSecure, .unknownBrand, .untrustedHost, .usedToken, .foreignForm, .noPermission: .forbidden
        case .badLink, .noHost, .badForm: .badRequest
        case .noSession: .unauthorized
        case .cxoneDown: .badGateway
        case .noStore: .serviceUnavailable
        }
    }

    private var words: (title: String, advice: String) {
        switch self {
        case .notFound: ("There is no such page.", "The pages are Add, Reconnect and Remove; open them from CXone.")
        case .wrongMethod: ("This is not how the page is opened.", "Open it from CXone.")
        case .notSecure: ("The connection is not encrypted.", "Use the address that begins with https.")
        case .badLink: ("This link is not complete.", "Open the page from CXone again, by the button of the integration.")
        case .unknownBrand: ("This CXone tenant is not set up here.", "Ask your engineers to enter its brandId under \"tenants\" in the settings.")
        case .noHost: ("It is not known where this tenant's interface is.", "Ask your engineers to enter \"apiURL\" of the tenant in the settings.")
        case .untrustedHost:
            ("The link names a host that is not CXone's.",
                "Nothing was sent there. If the host is right, your engineers can add it to \"hosts\" of the tenant.")
        case .usedToken: ("This link has been used, or has expired.", "Go back to CXone and open the page from there again.")
        case .cxoneDown: ("CXone did not answer.", "Nothing was changed. Try again in a minute.")
        case .noStore: ("Your session could not be kept.", "The store did not answer. Tell your engineers, and try again in a minute.")
        case .noSession:
            ("You are not signed in here, or not any more.", "Open the page from CXone again: Digital points of contact, the button of the integration.")
        case .badForm: ("The form was not complete.", "Go back, reload the page and try again.")
        case .foreignForm: ("The form did not come from this page.", "Nothing was changed. Open the page from CXone again.")
        case .noPermission: ("CXone does not show you its channels.", "Ask for the permission to manage digital channels, then open the page again.")
        }
    }

    var response: Response { response(nil) }

    func response(_ note: Note?) -> Response {
        let (title, advice) = words
        var response = PageResponse.page(status, PageResponse.document(title: title, body: """
            <main>
            <h1>\(title)</h1>
            <p>\(advice)</p>
            </main>
            """))
        response.notes = [Note("outcome", rawValue)] + (note.map { [$0] } ?? [])
        return response
    }
}

/// What was done before the page was shown.
enum PageNotice: String {
    case added, changed, removed

    var words: String {
        switch self {
        case .added: "The channel was added in CXone."
        case .changed: "The channel was changed in CXone."
        case .removed: "The channel was deleted in CXone."
        }
    }
}

/// What holds for every page.
enum PageResponse {
    static func page(_ status: HTTPResponse.Status, _ document: HTML) -> Response {
        var fields: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ]
        fields[referrerPolicy] = "no-referrer"
        return Response(status: status, fields: fields, body: Array(document.text.utf8))
    }

    /// To a page beside this one; the browser asks for it with GET.
    static func redirect(to page: String) -> Response {
        var response = Response(status: .seeOther, fields: [.location: page, .cacheControl: "no-store"])
        response.fields[referrerPolicy] = "no-referrer"
        return response
    }

    static func document(title: String, body: HTML) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title) · Causeway</title>
        <link rel="stylesheet" href="style.css">
        </head>
        <body>
        \(body)
        </body>
        </html>

        """
    }

    private static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .accept
}
