/// The hosts that `causeway configure` writes for.
package enum HostConfiguration: String, CaseIterable, Sendable {
    case nginx, systemd, apache, lighttpd, caddy, lambda

    /// The files for that host, by path inside the folder of the user's choice.
    package func files(_ site: Site) -> [GeneratedFile] {
        switch self {
        case .nginx: [GeneratedFile("causeway.conf", NginxConfiguration.site(site))]
        case .systemd: SystemdUnits.files(site)
        case .apache: [GeneratedFile("causeway.conf", ApacheConfiguration.site(site))]
        case .lighttpd: [GeneratedFile("lighttpd.conf", LighttpdConfiguration.site(site))]
        case .caddy: [GeneratedFile("Caddyfile", CaddyConfiguration.site(site))]
        case .lambda:
            [GeneratedFile("template.yaml", LambdaTemplate.template(folder: "."))]
                + Endpoint.all.flatMap { endpoint in
                    [
                        GeneratedFile("\(endpoint.name)/Makefile", LambdaTemplate.makefile(endpoint)),
                        GeneratedFile("\(endpoint.name)/causeway.jsonc", LambdaTemplate.settings),
                    ]
                }
        }
    }

    /// Whether that host can start a process for each request.
    package var canCGI: Bool { self == .nginx || self == .apache || self == .lighttpd }
}
