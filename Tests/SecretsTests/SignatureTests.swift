import Secrets
import Testing

private func octets(_ text: String) -> [UInt8] { Base64.decode(Array(text.utf8), .url) ?? [] }

/// The claims of RFC 7515's examples.
private let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

@Suite struct SignatureTests {
    @Test("RFC 7515 A.3, ES256: the signature is the key's, and no other is")
    func es256() throws {
        let key = try #require(SignatureKey(
            .p256, x: octets("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), y: octets("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")))
        let signature = octets("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
        let data = Array("eyJhbGciOiJFUzI1NiJ9.\(claims)".utf8)
        #expect(key.verifies(signature, of: data, by: .es256))
        #expect(!key.verifies(signature, of: data + [0], by: .es256) && !key.verifies([], of: data, by: .es256))
        for algorithm in SignatureAlgorithm.allCases where algorithm != .es256 { #expect(!key.verifies(signature, of: data, by: algorithm)) }
        for index in signature.indices {
            var bent = signature
            bent[index] ^= 1
            #expect(!key.verifies(bent, of: data, by: .es256))
        }
        #expect(key.parts?.first == octets("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU") && key.algorithm == .es256)
    }

    @Test("RFC 7515 A.2, RS256")
    func rs256() throws {
        let modulus = octets("""
            ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re\
            xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ
            """)
        let key = try #require(SignatureKey(modulus: modulus, exponent: octets("AQAB")))
        let signature = octets("""
            cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
            0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw
            """)
        let data = Array("eyJhbGciOiJSUzI1NiJ9.\(claims)".utf8)
        #expect(key.verifies(signature, of: data, by: .rs256))
        for algorithm in SignatureAlgorithm.allCases where algorithm != .rs256 { #expect(!key.verifies(signature, of: data, by: algorithm)) }
        #expect(!key.verifies([0] + signature, of: data, by: .rs256) && !key.verifies(Array(signature.dropFirst()), of: data, by: .rs256))
        #expect(key.signature(of: data, by: .rs256) == nil)
    }
}
