import JSON
import Secrets
import Store
import Time

/// An administrator who came from CXone: what the one-time token was changed into stays in the store, sealed; the browser holds an opaque id.
struct AdministratorSession: Sendable {
    let tenant: String
    /// Scheme and authority of the API that the token belongs to.
    let root: String
    let token: Secret
    /// Where the administrator came from, when it may be linked.
    let back: String?
    /// What the page shows instead, when it may not.
    let untrustedBack: String?
    let brandName: String?
    let personName: String?
    /// Proves that a form was ours.
    let formKey: Secret

    /// Milliseconds. The token's own life is CXone's secret; half an hour is shorter than any that is known.
    static let life = 30 * 60_000

    static func key(_ id: Secret) -> StoreKey { StoreKey(tenant: "pages", purpose: "administrator", id: id.reveal()) }

    var octets: [UInt8] {
        RawJSON { writer in
            writer.object { json in
                json.field("tenant", tenant)
                json.field("root", root)
                json.field("token", token.revealText())
                json.field("back", back)
                json.field("untrustedBack", untrustedBack)
                json.field("brand", brandName)
                json.field("person", personName)
                json.field("key", formKey.revealText())
            }
        }.bytes.map { $0 }
    }

    init(
        tenant: String, root: String, token: Secret, back: String?, untrustedBack: String?, brandName: String?, personName: String?,
        formKey: Secret
    ) {
        self.tenant = tenant
        self.root = root
        self.token = token
        self.back = back
        self.untrustedBack = untrustedBack
        self.brandName = brandName
        self.personName = personName
        self.formKey = formKey
    }

    init?(_ octets: [UInt8]) {
        guard let json = try? JSON(parsing: octets), let tenant = json["tenant"]?.string, let root = json["root"]?.string,
            let token = json["token"]?.string, let key = json["key"]?.string
        else { return nil }
        self.init(
            tenant: tenant, root: root, token: Secret(token), back: json["back"]?.string, untrustedBack: json["untrustedBack"]?.string,
            brandName: json["brand"]?.string, personName: json["person"]?.string, formKey: Secret(key))
    }
}
