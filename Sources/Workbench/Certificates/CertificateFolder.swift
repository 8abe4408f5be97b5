import Glibc
package import Secrets

/// The folder that `causeway certs make` fills: an authority, the server's bundle, the client's bundle for CXone's forms.
///
/// | File | For |
/// | --- | --- |
/// | `authority.crt`, `authority.key` | signs the others; the key stays with whoever makes certificates |
/// | `server.crt`, `server.key`, `server-chain.crt` | the web server in front of us |
/// | `client.crt`, `client.key`, `client-chain.crt` | what is pasted in CXone |
package struct CertificateFolder: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package func file(_ kind: CertificateMaker.Kind, _ ending: String) -> String { "\(path)/\(kind.rawValue)\(ending)" }

    /// Makes what the wish describes and writes it, 0600, certificates too: who may read them decides whoever installs them.
    /// What is there already is left alone and named, unless it may be replaced.
    /// - Returns: The files that were written.
    package func add(
        _ wish: CertificateMaker.Wish, authorityPassword: Secret?, replaces: Bool, now: Int64
    ) throws -> [String] {
        let endings = wish.kind == .authority ? [".crt", ".key"] : [".crt", ".key", "-chain.crt"]
        let files = endings.map { file(wish.kind, $0) }
        if !replaces, let there = files.first(where: Files.exists) {
            throw SystemFailure(saying: "\(there) is there already; --replace makes it new, and whoever uses the old one must get the new one")
        }
        var issuer: CertificateMaker.Issuer?
        if wish.kind != .authority {
            guard let certificate = Files.read(file(.authority, ".crt")), let key = Files.read(file(.authority, ".key")) else {
                throw SystemFailure(saying: "\(path) holds no authority; make it first: causeway certs make authority --out \(path)")
            }
            issuer = .init(certificate: certificate, key: Secret(key), password: authorityPassword)
        }
        let made = try CertificateMaker.make(wish, issuer: issuer, now: now)
        try Files.makeFolder(path, mode: 0o700)
        let contents = [made.certificate, made.key.revealText(), made.certificate + (issuer?.certificate ?? "")]
        for (file, content) in zip(files, contents) { try Self.write(content, to: file) }
        return files
    }

    /// As a whole or not at all: a web server that starts meanwhile reads no half of a key.
    private static func write(_ text: String, to path: String) throws {
        let draft = path + ".new"
        unlink(draft)
        try Files.write(text, to: draft, mode: 0o600)
        guard rename(draft, path) == 0 else { throw SystemFailure("cannot write \(path)") }
    }
}
