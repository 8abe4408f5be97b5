package import HTTP
package import Secrets
package import Settings
package import Store

/// `tenants.<name>`: one CXone tenant, and how we sign in to it (`byoc.md` §5).
package struct TenantSettings: SettingsGroup {
    package let brandID: String?
    package let tenantID: String?
    package let issuer: String
    package let apiURL: String?
    package let clientID: String?
    package let clientSecret: Secret?
    package let accessKeyID: String
    package let accessKeySecret: Secret
    package let accessKeyURL: String?
    package let tokenLifetimeSeconds: Int?
    package let hosts: [String]
    package let limits: LimitSettings?
    package let connection: ConnectionOptions

    package init(from reader: SettingsReader) {
        brandID = reader.optional("brandId", .text, "The tenant's number in Digital Experience; the channel pages serve this one only.")
        tenantID = reader.optional("tenantId", .text, "The tenant's UUID; without it, it is read from the sign-in's answer.")
        issuer = reader.value("issuer", .rootURL, default: "https://cxone.niceincontact.com", "Where CXone's sign-in is discovered.")
        apiURL = reader.optional("apiURL", .rootURL,
            "Root of the Digital Engagement API, such as `https://api-de-na1.niceincontact.com`; without it, discovered from the issuer.")
        clientID = reader.optional("clientId", .text, "Client id of the back-end application registered with CXone.")
        clientSecret = reader.optional("clientSecret", .secret, "Its secret.")
        accessKeyID = reader.required("accessKeyId", .text, "Access key of the service user.")
        accessKeySecret = reader.required("accessKeySecret", .secret, "Its secret.")
        accessKeyURL = reader.optional("accessKeyURL", .url,
            "Older sign-in, where a product still asks for it: the URL that takes the access key as JSON, such as "
                + "`https://na1.nice-incontact.com/authentication/v1/token/access-key`. It needs no client id.")
        tokenLifetimeSeconds = reader.optional(
            "tokenLifetimeSeconds", .integer(1...31_536_000), "Lifetime of an access token when the sign-in's answer tells none; without it 3600.")
        hosts = reader.value("hosts", .texts, default: [".niceincontact.com", ".nicecxone.com", ".nicecxone-gov.com"],
            "Ends of the host names that CXone may name in requests: administrators' pages, attachments. Nothing else is called or linked.")
        limits = reader.optionalGroup("limits", LimitSettings.self,
            "What CXone admits from this tenant, where NICE has agreed to other figures than it publishes.")
        connection = ConnectionOptions(from: reader)
        if accessKeyURL == nil, !reader.has("clientId") || !reader.has("clientSecret"), !reader.isDescribing {
            reader.problem("needs \"clientId\" and \"clientSecret\"")
        }
        if accessKeyURL != nil, tenantID == nil, apiURL == nil, !reader.isDescribing {
            reader.problem("needs \"tenantId\" or \"apiURL\" beside \"accessKeyURL\": that sign-in does not tell the tenant")
        }
    }
}
