/// Caddy's side (`runtimes.md` §8). It speaks FastCGI only, and neither starts programs nor keeps connections.
package enum CaddyConfiguration {
    package static func site(_ site: Site, endpoints: [Endpoint] = Endpoint.all) -> String {
        """
        # Made by `causeway configure caddy` from the list of functions.
        {
        	admin off
        	auto_https disable_redirects
        }
        \(site.tls == nil ? "http" : "https")://\(site.name):\(site.port) {
        	bind \(site.address)
        \(tls(site))\(Endpoint.inOrderOfMatching(endpoints).map { block($0, site) }.joined())	respond 404
        }

        """
    }

    private static func tls(_ site: Site) -> String {
        guard let tls = site.tls else { return "" }
        guard let authority = tls.clientAuthority else { return "\ttls \(tls.certificate) \(tls.key)\n" }
        return """
            	tls \(tls.certificate) \(tls.key) {
            		client_auth {
            			mode verify_if_given
            			trusted_ca_cert_file \(authority)
            		}
            	}

            """
    }

    private static func block(_ endpoint: Endpoint, _ site: Site) -> String {
        let guarding = endpoint.isInternal ? "\t\tremote_ip 127.0.0.1 ::1\n" : ""
        let certificate = site.tls?.clientAuthority == nil ? "" : """
            				env SSL_CLIENT_S_DN {http.request.tls.client.subject}
            				# A certificate that fails ends the handshake: whatever gets here was verified. Without one the last is empty.
            				env SSL_CLIENT_VERIFY SUCCESS
            				env SSL_CLIENT_CERT {http.request.tls.client.certificate_pem}

            """
        return """
            	# \(endpoint.summary)
            	@\(endpoint.name) {
            		path_regexp \(endpoint.expression)
            \(guarding)	}
            	handle @\(endpoint.name) {
            		request_body {
            			max_size \(endpoint.bodyLimit + 1)MB
            		}
            		reverse_proxy unix/\(site.socket(endpoint)) {
            			header_up -Proxy
            			header_down -Status
            			transport fastcgi {
            				split \(endpoint.path)
            				env SCRIPT_NAME \(endpoint.path)
            \(certificate)				read_timeout \(endpoint.timeout)s
            			}
            		}
            	}

            """
    }
}
