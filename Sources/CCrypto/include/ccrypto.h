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
