/// lighttpd's side (`runtimes.md` §8). It starts the functions itself, with the listening socket on fd 0.
package enum LighttpdConfiguration {
    /// A whole configuration; lighttpd has one file a server.
    /// - Parameters:
    ///   - folder: Where pid file and log go.
    ///   - user: The account to change to, when lighttpd is started as root.
    package static func site(
        _ site: Site, folder: String = "/run/causeway", user: String? = "www-data", endpoints: [Endpoint] = Endpoint.all
    ) -> String {
        let modules = ["mod_access", "mod_alias", "mod_setenv", site.mode == .cgi ? "mod_cgi" : "mod_fastcgi"] + (site.tls == nil ? [] : ["mod_openssl"])
        return """
            # Made by `causeway configure lighttpd` from the list of functions.
            server.modules = ( \(modules.map { "\"\($0)\"" }.joined(separator: ", ")) )
            server.bind = "\(site.address)"
            server.port = \(site.port)
            # Nothing is served from it.
            server.document-root = "\(folder)"
            server.errorlog = "\(folder)/lighttpd.log"
            server.pid-file = "\(folder)/lighttpd.pid"
            server.upload-dirs = ( "\(folder)" )
            server.max-request-size = \((endpoints.map(\.bodyLimit).max() ?? 1) * 1024 + 1024)
            \(user.map { "server.username = \"\($0)\"\n" } ?? "")# The default rewrites the URL, its query included.
            server.http-parseopts = ( "url-normalize" => "disable" )
            \(tls(site))
            # Of several conditions that hold, the last one counts.
            \(Endpoint.inOrderOfMatching(endpoints).reversed().map { block($0, site) }.joined())
            $HTTP["url"] !~ "\(endpoints.map(\.expression).joined(separator: "|"))" { url.access-deny = ( "" ) }

            """
    }

    private static func tls(_ site: Site) -> String {
        guard let tls = site.tls else { return "" }
        let clients = tls.clientAuthority.map {
            """
            ssl.ca-file = "\($0)"
            ssl.verifyclient.activate = "enable"
            ssl.verifyclient.enforce = "disable"
            ssl.verifyclient.exportcert = "enable"

            """
        } ?? ""
        return """
            ssl.engine = "enable"
            ssl.pemfile = "\(tls.certificate)"
            ssl.privkey = "\(tls.key)"
            ssl.openssl.ssl-conf-cmd = ( "MinProtocol" => "TLSv1.2" )
            \(clients)
            """
    }

    /// A bare `fastcgi.server` key is a prefix, would catch `/exchangeX` and knows no ids; hence the condition.
    private static func block(_ endpoint: Endpoint, _ site: Site) -> String {
        let guarding = endpoint.isInternal
            ? "    $HTTP[\"remote-ip\"] != \"127.0.0.1\" { url.access-deny = ( \"\" ) }\n" : ""
        let target = switch site.mode {
        case .fastCGI:
            """
                fastcgi.server = ( "\(endpoint.path)" => ((
                    "socket" => "\(site.sockets)/lighttpd-\(endpoint.name).sock",
                    "bin-path" => "\(site.program(endpoint))",
                    "max-procs" => 1,
                    "listen-backlog" => 4096,
                    "check-local" => "disable",
                    "bin-copy-environment" => ( "PATH" ),
                    "bin-environment" => ( "CAUSEWAY_SETTINGS" => "\(site.settings)" )
                )) )
            """
        case .cgi:
            """
                alias.url = ( "\(endpoint.path)" => "\(site.program(endpoint))" )
                cgi.assign = ( "" => "" )
                setenv.set-environment = ( "CAUSEWAY_SETTINGS" => "\(site.settings)" )
            """
        }
        return """

            # \(endpoint.summary)
            $HTTP["url"] =~ "\(endpoint.expression)" {
            \(guarding)\(target)
            }

            """
    }
}
