import Glibc
import TestSupport

/// Certificates made for one run of the tests, by the openssl command, in a folder that goes when the tests end.
final class Certificates: Sendable {
    let directory: String

    init() throws {
        directory = try temporaryFolder()
        try authority("authority")
        try authority("stranger")
        try leaf("server", subject: "localhost", names: "DNS:localhost,IP:127.0.0.1", days: 2)
        try leaf("other-name", subject: "example.test", names: "DNS:example.test", days: 2)
        try leaf("expired", subject: "localhost", names: "DNS:localhost", days: -1)
        try leaf("client", subject: "causeway", names: "DNS:causeway.test", days: 2)
        try run("pkcs8", "-topk8", "-in", key("client"), "-out", key("client-locked"), "-passout", "pass:open sesame")
    }

    func certificate(_ name: String) -> String { "\(directory)/\(name).pem" }
    func key(_ name: String) -> String { "\(directory)/\(name).key" }

    private func run(_ arguments: String...) throws { try Child.run(["openssl"] + arguments) }

    private func authority(_ name: String) throws {
        try run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=\(name)",
            "-keyout", key(name), "-out", certificate(name))
    }

    private func leaf(_ name: String, subject: String, names: String, days: Int) throws {
        let request = "\(directory)/\(name).csr"
        let extensions = "\(directory)/\(name).ext"
        try run(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(subject)", "-keyout",
            key(name), "-out", request)
        guard let file = fopen(extensions, "w") else { throw Child.Failure() }
        fputs("subjectAltName=\(names)\n", file)
        fclose(file)
        try run(
            "x509", "-req", "-in", request, "-CA", certificate("authority"), "-CAkey", key("authority"), "-CAcreateserial", "-days",
            "\(days)", "-extfile", extensions, "-out", certificate(name))
    }
}
