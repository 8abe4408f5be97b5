/// Apache's side (`runtimes.md` §8). To be included once, at the level of the whole server; it loads what it needs where Debian keeps it.
package enum ApacheConfiguration {
    package static func site(_ site: Site, endpoints: [Endpoint] = Endpoint.all) -> String {
        """
        # Made by `causeway configure apache` from the list of functions.
        # Modules: authz_core, authz_host, headers, env, \(site.mode == .cgi ? "alias, cgid" : "proxy, proxy_fcgi")\(site.tls == nil ? "" : ", ssl")
        <VirtualHost \(site.address):\(site.port)>
          ServerName \(site.name)
          RequestHeader unset Proxy early
          AllowEncodedSlashes NoDecode
          LimitRequestBody \(((endpoints.map(\.bodyLimit).max() ?? 1) + 1) << 20)
        \(tls(site))\(Endpoint.inOrderOfMatching(endpoints).map { site.mode == .cgi ? cgi($0, site) : fastCGI($0, site) }.joined())
        \(mounts(endpoints).map { location($0, site) }.joined())</VirtualHost>

        """
    }

    /// A whole configuration for an Apache of our own that writes nowhere but into `folder`.
    package static func standalone(_ site: Site, folder: String, user: String?, endpoints: [Endpoint] = Endpoint.all) -> String {
        let modules = [
            "mpm_event", "authz_core", "authz_host", "alias", "headers", "env", "cgid", "proxy", "proxy_fcgi", "ssl", "socache_shmcb",
        ]
        return """
            ServerRoot \(folder)
            PidFile \(folder)/apache.pid
            ErrorLog \(folder)/apache.log
            ScriptSock \(folder)/cgid.sock
            DefaultRuntimeDir \(folder)
            ServerName localhost
            Listen \(site.address):\(site.port)
            \(modules.map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }.joined(separator: "\n"))
            \(user.map { "User \($0)\n" } ?? "")
            \(self.site(site, endpoints: endpoints))
            """
    }

    private static func tls(_ site: Site) -> String {
        guard let tls = site.tls else { return "" }
        let clients = tls.clientAuthority.map {
            """
              SSLCACertificateFile \($0)
              SSLVerifyClient optional
              SSLOptions +StdEnvVars +ExportCertData

            """
        } ?? ""
        return """
              SSLEngine on
              SSLProtocol -all +TLSv1.2 +TLSv1.3
              SSLCertificateFile \(tls.certificate)
              SSLCertificateKeyFile \(tls.key)
            \(clients)
            """
    }

    /// One function for each mount: those that share it differ in nothing that is said once for the mount.
    private static func mounts(_ endpoints: [Endpoint]) -> [Endpoint] {
        var paths: Set<String> = []
        return endpoints.filter { paths.insert($0.path).inserted }
    }

    /// Without `CGIPassAuth` no `Authorization` arrives. Lines of `ProxyFCGISetEnvIf` work in order: the rest of the path is taken before
    /// the script's name is set.
    private static func location(_ endpoint: Endpoint, _ site: Site) -> String {
        let own = switch site.mode {
        case .fastCGI:
            """
                ProxyFCGIBackendType GENERIC
                ProxyFCGISetEnvIf "reqenv('SCRIPT_NAME') =~ m#^\(endpoint.path)(/.*)?$#" PATH_INFO "$1"
                ProxyFCGISetEnvIf "true" SCRIPT_NAME "\(endpoint.path)"
            """
        case .cgi:
            """
                SetEnv CAUSEWAY_SETTINGS "\(site.settings)"
            """
        }
        return """
              <Location "\(endpoint.path)">
                \(endpoint.isInternal ? "Require local" : "Require all granted")
                CGIPassAuth On
            \(own)
              </Location>

            """
    }

    /// The first that matches wins. `fcgi://name/` is looked up in DNS even beside a unix socket, hence `localhost`. Kept connections belong to
    /// the URL alone, whatever the socket before it is: each function's must differ, or its requests reach another one.
    private static func fastCGI(_ endpoint: Endpoint, _ site: Site) -> String {
        let parameters = "enablereuse=on max=64 timeout=\(endpoint.timeout)"
        let lines = endpoint.routes.map { route in
            route.isOpen
                ? "  ProxyPass \"\(route.path)\" \"unix:\(site.socket(endpoint))|fcgi://localhost\(route.path)\" \(parameters)\n"
                : "  ProxyPassMatch \"^\(route.expression)\" \"unix:\(site.socket(endpoint))|fcgi://localhost/\(endpoint.name)\" \(parameters)\n"
        }
        return "\n  # \(endpoint.summary)\n\(lines.joined())"
    }

    private static func cgi(_ endpoint: Endpoint, _ site: Site) -> String {
        let lines = endpoint.routes.map { route in
            route.isOpen
                ? "  ScriptAlias \"\(route.path)\" \"\(site.program(endpoint))\"\n"
                : "  ScriptAliasMatch \"^\(route.expression)\" \"\(site.program(endpoint))\"\n"
        }
        return "\n  # \(endpoint.summary)\n\(lines.joined())"
    }
}
