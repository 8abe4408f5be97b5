/// Where things lie on the machine that a configuration is written for.
package struct Site: Sendable {
    /// Folder of the executables.
    package var programs = "/opt/causeway/bin"
    /// Folder of the unix sockets.
    package var sockets = "/run/causeway"
    package var settings = "/etc/causeway/causeway.jsonc"
    /// The account that functions run under, and the group of the web server, which must reach the sockets.
    package var user = "causeway"
    package var webGroup = "www-data"
    package var address = "0.0.0.0"
    package var port = 443
    package var name = "causeway.example"
    package var tls: TLS? = TLS()
    /// How the server reaches the functions.
    package var mode = Mode.fastCGI

    package struct TLS: Sendable {
        package var certificate = "/etc/causeway/tls/server.crt"
        package var key = "/etc/causeway/tls/server.key"
        /// Authorities of client certificates; without it none is asked for.
        package var clientAuthority: String?

        package init(clientAuthority: String? = nil) { self.clientAuthority = clientAuthority }
        package init(certificate: String, key: String, clientAuthority: String? = nil) {
            (self.certificate, self.key, self.clientAuthority) = (certificate, key, clientAuthority)
        }
    }

    /// FastCGI: long-lived processes behind sockets. CGI: a process for each request.
    package enum Mode: String, CaseIterable, Sendable { case fastCGI = "fastcgi", cgi }

    package init() {}

    func socket(_ endpoint: Endpoint) -> String { "\(sockets)/\(endpoint.name).sock" }
    func program(_ endpoint: Endpoint) -> String { "\(programs)/\(endpoint.name)" }
}
