#include "ccrypto.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/random.h>

// OpenSSL 3 calls these deprecated. Its SHA256() and EVP_* fetch the algorithm through the provider tables: 5.8 million instructions for
// the first digest of a process (configuration, error texts, providers), which is more than a whole CGI turn, and some at each call.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int ccrypto_sha256(const uint8_t *data, size_t size, uint8_t out[32]) {
    SHA256_CTX context;
    return SHA256_Init(&context) && SHA256_Update(&context, data, size) && SHA256_Final(out, &context);
}

int ccrypto_hmac_sha256(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t out[32]) {
    // RFC 2104, for the same reason not by HMAC().
    uint8_t block[64] = {0}, inner[32], pad[64];
    if (key_size > 64 && !ccrypto_sha256(key, key_size, block)) return 0;
    if (key_size <= 64) for (size_t i = 0; i < key_size; i++) block[i] = key[i];
    SHA256_CTX context;
    for (int i = 0; i < 64; i++) pad[i] = block[i] ^ 0x36;
    int done = SHA256_Init(&context) && SHA256_Update(&context, pad, 64) && SHA256_Update(&context, data, size)
        && SHA256_Final(inner, &context);
    for (int i = 0; i < 64; i++) pad[i] = block[i] ^ 0x5c;
    done = done && SHA256_Init(&context) && SHA256_Update(&context, pad, 64) && SHA256_Update(&context, inner, 32)
        && SHA256_Final(out, &context);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(pad, sizeof pad);
    return done;
}

int ccrypto_random(uint8_t *out, size_t size) {
    // Up to 256 octets a call getrandom(2) neither fails nor gives less, once the system has started.
    for (size_t done = 0; done < size; done += 256) {
        size_t part = size - done < 256 ? size - done : 256;
        if (getrandom(out + done, part, 0) != (ssize_t)part) return 0;
    }
    return 1;
}

int ccrypto_equal(const uint8_t *left, const uint8_t *right, size_t size) { return CRYPTO_memcmp(left, right, size) == 0; }

int ccrypto_seal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *context, size_t context_size,
                 const uint8_t *data, size_t size, uint8_t *out, uint8_t tag[16]) {
    if (size > INT_MAX || context_size > INT_MAX) return 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int length = 0;
    int done = cipher && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce)
        && EVP_EncryptUpdate(cipher, NULL, &length, context, (int)context_size)
        && EVP_EncryptUpdate(cipher, out, &length, data, (int)size)
        && EVP_EncryptFinal_ex(cipher, out + length, &length)
        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, 16, tag);
    EVP_CIPHER_CTX_free(cipher);
    return done;
}

int ccrypto_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *context, size_t context_size,
                 const uint8_t *data, size_t size, const uint8_t tag[16], uint8_t *out) {
    if (size > INT_MAX || context_size > INT_MAX) return 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int length = 0;
    int done = cipher && EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce)
        && EVP_DecryptUpdate(cipher, NULL, &length, context, (int)context_size)
        && EVP_DecryptUpdate(cipher, out, &length, data, (int)size)
        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, 16, (void *)tag)
        && EVP_DecryptFinal_ex(cipher, out + length, &length) > 0;
    EVP_CIPHER_CTX_free(cipher);
    return done;
}
