/// `causeway certs sheet`: what to paste where, who does it, in which order (B20–B30, V84–V88).
package enum CertificateSheet {
    /// Markdown. Keys and passwords are named by file, never shown.
    /// - Parameters:
    ///   - url: Root under which CXone reaches us.
    ///   - now: Seconds since 1970.
    package static func text(of folder: CertificateFolder, url: String, now: Int64) -> String {
        """
        # Mutual TLS between CXone and \(url)

        Steps in this order. *Admin*: CXone administrator. *Engineer*: whoever runs Causeway. *Rep*: NICE account representative.
        From the moment the representative enables it CXone presents certificates and checks ours, so our side is ready before (B24, B25).

        ## What there is

        | File | Holds | Ends |
        |---|---|---|
        \(rows(folder, now: now))

        ## First switch-over

        1. *Engineer* – Install `server-chain.crt` and `server.key` (or a public authority's certificate) in the web server; `authority.crt` is what it
           trusts of clients. Ask for client certificates **optionally**: nginx `ssl_verify_client optional`; `causeway configure nginx
           --client-authority …` writes that. CXone without a certificate is still served.
        2. *Engineer* – `causeway doctor --client-certificate client-chain.crt --client-key client.key` says *ready for mTLS*.
        3. *Engineer* to *Admin* – Hand over the client's values by a safe way, the password apart from the key.
        4. *Rep* – Enables mTLS for the tenant, at an agreed hour, and *Admin*, in the same hour – enters the values:

        | Field of the form | Paste | Where |
        |---|---|---|
        | Certificate | `client.crt`, whole, with its BEGIN and END lines | Virtual Agent Hub: the app (integration version 3.0.0); Digital: the integration |
        | Private key | `client.key`, whole\(keyNote(folder)) | the same |
        | Key password | the password that the key was made with; empty for a key without one | the same |
        | Certificate authority | optional: `authority.crt`; needed when `server.crt` is signed by it | the same |

        5. *Engineer* – Watch the log until every call of CXone carries a certificate.
        6. *Engineer* – Only then **require** it. In the other order every call fails until the values are entered.

        mTLS does not replace the header or the token; both stay on.

        ## Renewal, without a gap

        1. *Engineer* – `causeway certs make client --out NEW` with a new authority, or the same one.
        2. *Engineer* – Let the web server trust both authorities: append the new `authority.crt` to the file it trusts, reload.
        3. *Admin* – Enter the new values in the forms.
        4. *Engineer* – When no call carries the old certificate any more, take the old authority out.

        `causeway certs check` once a day: exit status 10, 11, 12, 13, 14 at 60, 30, 14, 7, 2 days, 15 behind the end, 16 when one cannot be read.

        """
    }

    private static func rows(_ folder: CertificateFolder, now: Int64) -> String {
        CertificateMaker.Kind.allCases.map { kind in
            let file = folder.file(kind, ".crt")
            let what = switch kind {
            case .authority: "the authority: its certificate is given away, its key stays with the engineer"
            case .server: "the web server's certificate"
            case .client: "CXone's certificate"
            }
            guard let text = Files.read(file), let certificate = CertificateFacts.all(in: Array(text.utf8))?.first else {
                return "| \(file) | \(what) | **not there**: `causeway certs make \(kind.rawValue) --out \(folder.path)` |"
            }
            return "| \(file) | \(what), \(certificate.keyKind), `\(certificate.subject)` | \(CertificateDate.text(certificate.ends)), "
                + "in \(certificate.daysLeft(now: now)) days |"
        }.joined(separator: "\n")
    }

    private static func keyNote(_ folder: CertificateFolder) -> String {
        guard let text = Files.read(folder.file(.client, ".key")) else { return "" }
        return PrivateKey(pem: Array(text.utf8), password: nil).isEncrypted ? " (encrypted)" : " (not encrypted)"
    }
}
