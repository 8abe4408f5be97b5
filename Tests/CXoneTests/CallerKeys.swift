import CXone
import JSON
import Secrets
import Settings
import TestSupport

/// Keys and certificates of one test run, made by `openssl`, so that no key stands in the repository; and tokens signed with them.
struct CallerKeys: Sendable {
    let folder: String

    /// Made once.
    static let shared = Result<CallerKeys, ChildProcess.Failure> { () throws(ChildProcess.Failure) in
        do { return try CallerKeys() } catch { throw ChildProcess.Failure(description: "\(error)") }
    }

    private init() throws {
        folder = try temporaryFolder()
        let script = """
            set -e; cd \(folder)
            for curve in P-256 P-384 P-521; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out $curve.pem; done
            openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem
            for bits in 1024 2048; do openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:$bits -out rsa$bits.pem; done
            openssl genpkey -algorithm ED25519 -out ed25519.pem
            for key in *.pem; do openssl pkey -in $key -pubout -out ${key%.pem}.pub; done
            openssl pkey -in P-256.pem -aes256 -passout pass:locked -out locked.pem
            for ca in ca rogue; do
              openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -out $ca.crt -subj "/CN=$ca" -days 30
            done
            printf 'subjectAltName=DNS:cxone.acme.example\\nextendedKeyUsage=clientAuth\\n' > client.ext
            printf 'extendedKeyUsage=serverAuth\\n' > server.ext
            issue() { # name, authority, subject, extensions, days
              openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "$3"
              openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -out $1.crt -days $5 -extfile $4
            }
            issue client ca '/O=Acme, Inc/CN=cxone' client.ext 20
            issue client2 ca '/O=Acme, Inc/CN=cxone' client.ext 20
            issue short ca '/O=Acme, Inc/CN=cxone' client.ext 1
            issue stranger ca '/O=Acme, Inc/CN=somebody' client.ext 20
            issue server ca '/O=Acme, Inc/CN=cxone' server.ext 20
            issue forged rogue '/O=Acme, Inc/CN=cxone' client.ext 20
            openssl x509 -in client.crt -noout -fingerprint -sha256 | cut -d= -f2 > client.sha256
            openssl x509 -in client2.crt -noout -fingerprint -sha256 | cut -d= -f2 > client2.sha256
            openssl x509 -in client.crt -noout -fingerprint -sha1 | cut -d= -f2 > client.sha1
            """
        let log = "\(folder)/log"
        guard try ChildProcess(["sh", "-c", script], log: log).wait() == 0 else {
            throw ChildProcess.Failure(description: String(decoding: FileBytes.read(log) ?? [], as: UTF8.self))
        }
    }

    func text(_ file: String) -> String {
        let text = String(decoding: FileBytes.read("\(folder)/\(file)") ?? [], as: UTF8.self)
        return file.hasSuffix(".sha256") || file.hasSuffix(".sha1") ? String(text.filter { !$0.isNewline }) : text
    }

    func secret(_ file: String) -> Secret { Secret(text(file)) }

    func key(_ file: String) -> SignatureKey? { SignatureKey(privatePEM: secret(file)) }

    /// A JWK set of some public keys under names of their own.
    func set(_ keys: [(id: String?, file: String)]) -> String {
        let items = keys.compactMap { id, file -> String? in
            guard let key = key(file), let parts = key.parts else { return nil }
            let (first, second) = (Base64.encodeText(parts.first, .url), Base64.encodeText(parts.second, .url))
            let name = id.map { #""kid":"\#($0)","# } ?? ""
            return switch key.kind {
            case .rsa: #"{\#(name)"kty":"RSA","n":"\#(first)","e":"\#(second)"}"#
            case .p256: #"{\#(name)"kty":"EC","crv":"P-256","x":"\#(first)","y":"\#(second)"}"#
            case .p384: #"{\#(name)"kty":"EC","crv":"P-384","x":"\#(first)","y":"\#(second)"}"#
            }
        }
        return #"{"keys":[\#(items.joined(separator: ","))]}"#
    }

    /// A token as whoever holds the key may write it.
    func token(
        _ file: String = "P-256.pem", _ algorithm: SignatureAlgorithm = .es256, header: String? = nil, kid: String? = "one", claims: String
    ) -> String {
        let header = header ?? #"{"alg":"\#(algorithm.rawValue)","typ":"JWT"\#(kid.map { #","kid":"\#($0)""# } ?? "")}"#
        let signed = Base64.encodeText(Array(header.utf8), .url) + "." + Base64.encodeText(Array(claims.utf8), .url)
        let signature = key(file)?.signature(of: Array(signed.utf8), by: algorithm) ?? []
        return signed + "." + Base64.encodeText(signature, .url)
    }
}

/// Claims that are right, each of which can be changed; `nil` leaves one out. Values stand as JSON.
func claims(
    now: Int64, iss: String? = #""https://login.example/""#, aud: String? = #""tunnel""#, exp: String?? = .none, nbf: String? = nil, iat: String? = nil,
    more: String = ""
) -> String {
    let seconds = now / 1000
    let end: String? = switch exp {
    case .none: "\(seconds + 300)"
    case .some(let given): given
    }
    let members = [("iss", iss), ("aud", aud), ("exp", end), ("nbf", nbf), ("iat", iat)].compactMap { name, value in value.map { #""\#(name)":\#($0)"# } }
    return "{" + (members + (more.isEmpty ? [] : [more])).joined(separator: ",") + "}"
}
