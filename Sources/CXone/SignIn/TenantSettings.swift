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
    package let clientID: String
    package let clientSecret: Secret
    package let accessKeyID: String
    package let accessKeySecret: Secret
    package let hosts: [String]
    package let connection: ConnectionOptions

    package init(from reader: SettingsReader) {
        brandID = reader.optional("brandId", .text, "The tenant's number in Digital Experience; the channel pages serve this one only.")
        tenantID = reader.optional("tenantId", .text, "The tenant's UUID; without it, it is read from the sign-in's answer.")
        issuer = reader.value("issuer", .rootURL, default: "https://cxone.niceincontact.com", "Where CXone's sign-in is discovered.")
        apiURL = reader.optional("apiURL", .rootURL,
            "Root of the Digital Engagement API, such as `https://api-de-na1.niceincontact.com`; without it, discovered from the issuer.")
        clientID = reader.required("clientId", .text, "Client id of the back-end application registered with CXone.")
        clientSecret = reader.required("clientSecret", .secret, "Its secret.")
        accessKeyID = reader.required("accessKeyId", .text, "Access key of the service user.")
        accessKeySecret = reader.required("accessKeySecret", .secret, "Its secret.")
        hosts = reader.value("hosts", .texts, default: [".niceincontact.com", ".nicecxone.com", ".nicecxone-gov.com"],
            "Ends of the host names that CXone may name in requests: administrators' pages, attachments. Nothing else is called or linked.")
        connection = ConnectionOptions(from: reader)
    }
}
