import CurlTransport
import EventLoop
import Glibc
import HTTP
import TestSupport
import Time

/// nginx with TLS and HTTP/2, which answers everything with protocol and connection.
final class NginxServer: Sendable {
    let port: Int
    private let made: Certificates
    private let child: Child

    var url: String { "https://localhost:\(port)/" }
    /// - Parameter connectionLimit: Requests after which it ends a connection.
    init(_ made: Certificates, connectionLimit: Int = 1000) throws {
        self.made = made
        port = try freePort()
        let folder = made.directory
        let configuration = """
            daemon off; master_process off; error_log stderr error; pid \(folder)/nginx.pid;
            events { worker_connections 256; }
            http {
              log_format query "$args"; access_log /dev/stdout query;
              client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p;
              fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
              server {
                listen 127.0.0.1:\(port) ssl http2; keepalive_requests \(connectionLimit);
                ssl_certificate \(made.certificate("server")); ssl_certificate_key \(made.key("server"));
                location /gone { return 444; }
                location / { return 200 "$server_protocol $connection"; }
              }
            }
            """
        guard let file = fopen(folder + "/nginx.ext", "w") else { throw Child.Failure() }
        fputs(configuration, file)
        fclose(file)
        child = try Child(["/usr/sbin/nginx", "-c", folder + "/nginx.ext", "-p", folder])
    }

    deinit {
        for name in ["nginx.ext", "nginx.pid"] { unlink("\(made.directory)/\(name)") }
        for name in ["b", "p", "f", "u", "s"] { rmdir("\(made.directory)/\(name)") }
    }

    /// Waits until it serves.
    func firstAnswer(_ transport: CurlTransport, _ connection: ConnectionOptions) async -> String {
        var text = ""
        for _ in 0..<100 {
            text = await transport.get(url, connection: connection).text
            if text.hasPrefix("HTTP") { break }
            await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: 20))
        }
        return text
    }

    /// The queries of what it has answered so far, in order; `-` for none.
    func queries(_ transport: CurlTransport, _ connection: ConnectionOptions) async -> [String] {
        _ = await transport.get(url + "?end", connection: connection)
        var queries: [String] = []
        while let query = Optional(child.readLine()), !query.isEmpty, query != "end" { queries.append(query) }
        return queries
    }
}
