import Health
import Secrets
import Settings

extension Doctor {
    static var certificateChecks: [Check] { [
        Check("certificates.files", "certificate files can be read, and how long they are good", look: certificateFiles),
        Check("certificates.keys", "each key is there, opens, and belongs to its certificate", look: certificateKeys),
        Check("certificates.chains", "our certificates' chains, purpose and strength", look: certificateChains),
        Check("certificates.authorities", "files of authorities hold authorities", look: certificateAuthorities),
    ] }

    private static func certificateFiles(_ examination: Examination) -> [Finding] {
        guard let files = examination.outline?.certificateFiles, !files.isEmpty else { return [] }
        return files.flatMap { place, path -> [Finding] in
            let watched = CertificateWatch.file(path, place: place, now: examination.now)
            guard let worst = watched.max(by: { $0.level < $1.level || $0.level == $1.level && ($0.days ?? 0) > ($1.days ?? 0) }) else { return [] }
            if let problem = worst.problem {
                return [.bad("\(problem) (\(path))", at: place, fix: "put a PEM file there, readable for the functions' account, or correct the path")]
            }
            return [age(worst.days ?? 0, of: path, at: place)]
        }
    }

    /// What a certificate's days mean.
    static func age(_ days: Int, of what: String, at place: String) -> Finding {
        let renew = "renew it, install it, and enter it wherever the old one was entered"
        switch CertificateLevel(days: days) {
        case .good: return .good("\(what) is good for \(days) days", at: place)
        case .ended: return .bad("\(what) ended \(-days) days ago", at: place, fix: renew + "; nobody accepts it")
        case .within2: return .bad("\(what) ends in \(days) days", at: place, fix: renew + " now")
        default: return .warn("\(what) ends in \(days) days", at: place, fix: renew)
        }
    }

    private static func certificateKeys(_ examination: Examination) -> [Finding] {
        (examination.outline?.ownCertificates ?? []).map { own in
            guard let pem = FileBytes.read(own.keyFile) else {
                return .bad("the key file cannot be read (\(own.keyFile))", at: own.place,
                    fix: "correct \"keyFile\", or give the functions' account the right to read it")
            }
            let key = PrivateKey(pem: pem, password: own.password)
            switch key.state {
            case .absent: return .bad("\(own.keyFile) holds no private key", at: own.place, fix: "name the key's file as \"keyFile\"")
            case .damaged: return .bad("the private key in \(own.keyFile) is damaged", at: own.place, fix: "copy it again, whole, with its BEGIN and END lines")
            case .needsPassword:
                return .bad("the key is encrypted and the settings name no password", at: own.place, fix: "add \"keyPassword\": {\"env\": \"NAME\"}")
            case .wrongPassword: return .bad("the password does not open the key", at: own.place, fix: "correct the value that \"keyPassword\" names")
            case .good: break
            }
            let leaf = FileBytes.read(own.certificateFile).flatMap { CertificateFacts.all(in: $0)?.first }
            if let leaf, leaf.keyFingerprint != key.fingerprint {
                return .bad(
                    "the key does not belong to the certificate in \(own.certificateFile)", at: own.place,
                    fix: "name the pair that was made together; the certificate itself must stand first in its file")
            }
            if own.password != nil, !key.isEncrypted {
                return .warn("the settings name a password, and the key is not encrypted", at: own.place,
                    fix: "encrypt it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW")
            }
            return .good("\(key.kind) key, \(key.isEncrypted ? "encrypted, its password opens it" : "not encrypted")", at: own.place)
        }
    }

    private static func certificateChains(_ examination: Examination) -> [Finding] {
        (examination.outline?.ownCertificates ?? []).flatMap { own -> [Finding] in
            guard let pem = FileBytes.read(own.certificateFile), let chain = CertificateFacts.all(in: pem), let leaf = chain.first else { return [] }
            var found: [Finding] = []
            if let weak = weakness(of: leaf) { found.append(.bad(weak, at: own.place,
                fix: "make a new one: ECDSA on P-256, or RSA with 2048 bits and SHA-256")) }
            if !leaf.isForClients {
                found.append(.bad("the certificate is not made for clients", at: own.place,
                    fix: "make one with the purpose clientAuth: causeway certs make client"))
            }
            if leaf.isAuthority, !leaf.isSelfIssued {
                found.append(.bad("an authority's certificate stands first in \(own.certificateFile)", at: own.place, fix: "put our own certificate first"))
            }
            for (lower, upper) in zip(chain, chain.dropFirst()) where lower.issuer != upper.subject {
                found.append(.bad(
                    "the chain in \(own.certificateFile) is broken: `\(upper.subject)` did not issue `\(lower.subject)`", at: own.place,
                    fix: "put our certificate first, then its issuer, then that one's issuer"))
            }
            let end = chain.last ?? leaf
            if found.isEmpty, chain.count == 1, !end.isSelfIssued {
                found.append(.warn(
                    "\(own.certificateFile) holds our certificate only; who does not know `\(end.issuer)` refuses it", at: own.place,
                    fix: "append the intermediate certificates, or make sure that the other side has \(end.issuer)"))
            }
            return found.isEmpty ? [.good("chain of \(chain.count), for clients, \(leaf.keyKind)", at: own.place)] : found
        }
    }

    static func weakness(of certificate: CertificateFacts) -> String? {
        if certificate.keyKind.hasPrefix("RSA"), certificate.keyBits < 2048 { return "the certificate's RSA key has only \(certificate.keyBits) bits" }
        if certificate.keyKind.hasPrefix("EC"), certificate.keyBits < 256 { return "the certificate's curve has only \(certificate.keyBits) bits" }
        return certificate.isWeaklySigned ? "the certificate is signed with SHA-1 or MD5" : nil
    }

    private static func certificateAuthorities(_ examination: Examination) -> [Finding] {
        (examination.outline?.authorities ?? []).compactMap { place, path in
            guard let pem = FileBytes.read(path), let found = CertificateFacts.all(in: pem), !found.isEmpty else { return nil }
            guard let other = found.first(where: { !$0.isAuthority }) else { return .good("\(found.count) authorities", at: place) }
            return .warn(
                "`\(other.subject)` in \(path) is no authority; it is trusted for itself alone", at: place,
                fix: "name the file of the authority that issued it, unless just this one certificate is meant")
        }
    }
}
