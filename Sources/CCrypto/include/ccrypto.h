// The few operations of OpenSSL's libcrypto that Causeway uses. Every function returns 1 on success, 0 on failure.
#pragma once
#include <stddef.h>
#include <stdint.h>

int ccrypto_sha256(const uint8_t *data, size_t size, uint8_t out[32]);
int ccrypto_hmac_sha256(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t out[32]);
int ccrypto_random(uint8_t *out, size_t size);
/// 1 when both hold the same octets; takes the same time wherever they differ.
int ccrypto_equal(const uint8_t *left, const uint8_t *right, size_t size);
/// AES-256-GCM; `out` takes `size` octets, `tag` 16.
int ccrypto_seal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *context, size_t context_size,
                 const uint8_t *data, size_t size, uint8_t *out, uint8_t tag[16]);
int ccrypto_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *context, size_t context_size,
                 const uint8_t *data, size_t size, const uint8_t tag[16], uint8_t *out);

/// The earliest end of the certificates in a PEM file, in seconds since 1970; 0 when it holds none or cannot be read.
int ccrypto_certificate_expiry(const char *path, int64_t *seconds);

// Signatures of JSON Web Tokens (RFC 7518 §3). A key is made once, belongs to who made it, and may be used by several threads at once.

enum { CCRYPTO_RSA = 1, CCRYPTO_P256 = 2, CCRYPTO_P384 = 3 };
enum { CCRYPTO_RS256 = 1, CCRYPTO_RS384, CCRYPTO_RS512, CCRYPTO_PS256, CCRYPTO_ES256, CCRYPTO_ES384 };

/// A public key of modulus and exponent, or of a curve and a point; `NULL` when these are none.
void *ccrypto_key_rsa(const uint8_t *n, size_t n_size, const uint8_t *e, size_t e_size);
void *ccrypto_key_ec(int kind, const uint8_t *x, size_t x_size, const uint8_t *y, size_t y_size);
/// A public key, or the key of a certificate, in PEM; or a private key that no password protects.
void *ccrypto_key_public_pem(const uint8_t *pem, size_t size);
void *ccrypto_key_private_pem(const uint8_t *pem, size_t size);
void ccrypto_key_free(void *key);
/// One of the kinds above, or 0; `bits` of the modulus or curve.
int ccrypto_key_kind(const void *key, int *bits);
/// The public parts, big-endian and of full width: n and e, or x and y. 1024 octets have room for each.
int ccrypto_key_parts(const void *key, uint8_t *first, size_t *first_size, uint8_t *second, size_t *second_size);
int ccrypto_verify(const void *key, int algorithm, const uint8_t *data, size_t size, const uint8_t *signature, size_t signature_size);
/// 1024 octets have room for a signature.
int ccrypto_sign(const void *key, int algorithm, const uint8_t *data, size_t size, uint8_t *signature, size_t *signature_size);

// Client certificates that a web server has verified.

/// DER of the first certificate in PEM, or of what is DER already; `out` has room for `most` octets.
int ccrypto_certificate_der(const uint8_t *text, size_t size, uint8_t *out, size_t most, size_t *out_size);
/// Subject as RFC 2253 writes it, UTF-8; and the bounds of its life in seconds since 1970.
int ccrypto_certificate_facts(const uint8_t *der, size_t size, char *subject, size_t most, int64_t *begin, int64_t *end);
/// Whether one of its DNS names is this one, octet by octet but for case.
int ccrypto_certificate_has_name(const uint8_t *der, size_t size, const char *name, size_t name_size);
/// Whether it leads to one of the authorities in PEM, is meant for clients, and holds at `moment`.
int ccrypto_certificate_issued(const uint8_t *der, size_t size, const uint8_t *authorities, size_t authorities_size, int64_t moment);
