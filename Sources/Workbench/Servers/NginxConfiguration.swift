/// nginx's side of the contract (`runtimes.md` §8): the complete parameter list, an upstream and a location for each function, and on
/// request everything around it that a private nginx needs.
package enum NginxConfiguration {
    /// What stands inside `http { … }`.
    package static func site(_ site: Site, endpoints: [Endpoint] = Endpoint.all) -> String {
        let upstreams = site.mode == .fastCGI ? endpoints.map { upstream($0, site) }.joined() : ""
        return """
            # Made by `causeway configure nginx` from the list of functions; to be included inside http { … }.
            \(upstreams)
            server {
            \(listening(site))
                server_tokens off;

            \(parameters(site))
            \(Endpoint.inOrderOfMatching(endpoints).map { location($0, site) }.joined(separator: "\n"))
                location / { return 404; }
            }

            """
    }

    /// A whole configuration for an nginx of our own that writes nowhere but into `folder`.
    /// - Parameter user: The account of the workers, when nginx is started as root.
    package static func standalone(_ site: Site, folder: String, user: String?, endpoints: [Endpoint] = Endpoint.all) -> String {
        """
        \(user.map { "user \($0);\n" } ?? "")daemon off;
        worker_processes auto;
        worker_rlimit_nofile 16384;
        pid \(folder)/nginx.pid;
        error_log \(folder)/nginx.log warn;
        events { worker_connections 8192; }
        http {
            access_log off;
            client_body_temp_path \(folder)/temporary/body;
            proxy_temp_path       \(folder)/temporary/proxy;
            fastcgi_temp_path     \(folder)/temporary/fastcgi;
            uwsgi_temp_path       \(folder)/temporary/uwsgi;
            scgi_temp_path        \(folder)/temporary/scgi;

        \(indented(self.site(site, endpoints: endpoints)))
        }

        """
    }

    private static func upstream(_ endpoint: Endpoint, _ site: Site) -> String {
        """

        upstream causeway_\(identifier(endpoint)) {
            server unix:\(site.socket(endpoint));
            keepalive 256;                # idle connections kept for each worker; they cost the function nothing
            keepalive_requests 1000000;
        }

        """
    }

    private static func listening(_ site: Site) -> String {
        guard let tls = site.tls else {
            return """
                    listen \(site.address):\(site.port) backlog=4096;
                    server_name \(site.name);
                """
        }
        let clients = tls.clientAuthority.map {
            """

                ssl_client_certificate \($0);
                ssl_verify_client optional;   # one that fails is answered 400 here; the function is told of a good one
            """
        } ?? ""
        return """
                listen \(site.address):\(site.port) ssl http2 backlog=4096;
                server_name \(site.name);
                ssl_certificate     \(tls.certificate);
                ssl_certificate_key \(tls.key);
                ssl_protocols TLSv1.2 TLSv1.3;   # nginx 1.22 leaves 1.3 out
                ssl_session_cache shared:causeway:2m;
                ssl_session_tickets off;\(clients)
            """
    }

    /// One `fastcgi_param` inside a location drops all inherited ones, so there is none.
    private static func parameters(_ site: Site) -> String {
        var lines = [
            "# The complete list; the stock fastcgi_params must not be included as well.",
            "fastcgi_param GATEWAY_INTERFACE  CGI/1.1;",
            "fastcgi_param SERVER_SOFTWARE    nginx/$nginx_version;",
            "fastcgi_param SERVER_PROTOCOL    $server_protocol;",
            "fastcgi_param SERVER_NAME        $server_name;",
            "fastcgi_param SERVER_ADDR        $server_addr;",
            "fastcgi_param SERVER_PORT        $server_port;",
            "fastcgi_param REMOTE_ADDR        $remote_addr;",
            "fastcgi_param REMOTE_PORT        $remote_port;",
            "fastcgi_param REQUEST_METHOD     $request_method;",
            "fastcgi_param REQUEST_SCHEME     $scheme;",
            "fastcgi_param HTTPS              $https if_not_empty;",
            "fastcgi_param REQUEST_URI        $request_uri;",
            "fastcgi_param SCRIPT_NAME        $fastcgi_script_name;",
            "fastcgi_param PATH_INFO          $fastcgi_path_info;",
            "fastcgi_param QUERY_STRING       $query_string;",
            "fastcgi_param CONTENT_TYPE       $content_type;",
            "fastcgi_param CONTENT_LENGTH     $content_length;",
            "fastcgi_param REQUEST_ID         $request_id;",
            "fastcgi_param HTTP_HOST          $host;",
            "fastcgi_param HTTP_PROXY         \"\";       # a client's `Proxy:` must not look like a setting",
        ]
        if site.tls?.clientAuthority != nil {
            lines += [
                "fastcgi_param SSL_CLIENT_VERIFY  $ssl_client_verify if_not_empty;",
                "fastcgi_param SSL_CLIENT_S_DN    $ssl_client_s_dn if_not_empty;",
                "fastcgi_param SSL_CLIENT_I_DN    $ssl_client_i_dn if_not_empty;",
                "fastcgi_param SSL_CLIENT_M_SERIAL $ssl_client_serial if_not_empty;",
                "fastcgi_param SSL_CLIENT_CERT    $ssl_client_escaped_cert if_not_empty;",
            ]
        }
        if site.mode == .cgi {
            lines += [
                "fastcgi_param SCRIPT_FILENAME    \(site.programs)/$causeway_program;",
                "fastcgi_param CAUSEWAY_SETTINGS  \(site.settings);",
            ]
        }
        lines += [
            "fastcgi_keep_conn \(site.mode == .fastCGI ? "on" : "off");",
            "fastcgi_buffer_size 16k;         # must hold the whole header block of an answer",
            "fastcgi_buffers 16 16k;",
            "fastcgi_connect_timeout 2s;",
            "fastcgi_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset;",
        ]
        return lines.map { "    " + $0 + "\n" }.joined()
    }

    private static func location(_ endpoint: Endpoint, _ site: Site) -> String {
        let guarding = endpoint.isInternal ? "\n        allow 127.0.0.1; allow ::1; deny all;" : ""
        let target = switch site.mode {
        case .fastCGI: "fastcgi_pass causeway_\(identifier(endpoint));"
        case .cgi: "set $causeway_program \(endpoint.name);\n        fastcgi_pass unix:\(site.sockets)/fcgiwrap.sock;"
        }
        return """
                # \(endpoint.summary)
                location ~ \(endpoint.expression) {\(guarding)
                    fastcgi_split_path_info ^(\(endpoint.path))(/.*)?$;
                    client_max_body_size \(endpoint.bodyLimit + 1)m;
                    fastcgi_read_timeout \(endpoint.timeout)s;
                    \(target)
                }

            """
    }

    private static func identifier(_ endpoint: Endpoint) -> String { endpoint.name.replacing("-", with: "_") }
}

/// Four more spaces before every line that is not empty.
func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    " + $0 }.joined(separator: "\n")
}
