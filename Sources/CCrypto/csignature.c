#include "ccrypto.h"
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

// A file of its own, as the one for certificates: whoever checks no signature links none of it.

static EVP_PKEY *key_of(const char *type, OSSL_PARAM_BLD *build) {
    OSSL_PARAM *parameters = build ? OSSL_PARAM_BLD_to_param(build) : NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) <= 0
        || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    ERR_clear_error();
    return key;
}

void *ccrypto_key_rsa(const uint8_t *n, size_t n_size, const uint8_t *e, size_t e_size) {
    if (n_size > 1024 || e_size > 8) return NULL;
    BIGNUM *modulus = BN_bin2bn(n, (int)n_size, NULL), *exponent = BN_bin2bn(e, (int)e_size, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (modulus && exponent && build && BN_num_bits(exponent) > 1 && BN_is_odd(exponent) && BN_is_odd(modulus)
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
        key = key_of("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

void *ccrypto_key_ec(int kind, const uint8_t *x, size_t x_size, const uint8_t *y, size_t y_size) {
    size_t width = kind == CCRYPTO_P256 ? 32 : kind == CCRYPTO_P384 ? 48 : 0;
    if (!width || x_size != width || y_size != width) return NULL;
    uint8_t point[97] = {4};
    memcpy(point + 1, x, width);
    memcpy(point + 1 + width, y, width);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    // A point that is not on the curve makes no key.
    if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, kind == CCRYPTO_P256 ? "prime256v1" : "secp384r1", 0)
        && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width))
        key = key_of("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/// Asked for a password, we have none; without this a terminal would be asked.
static int no_password(char *out, int size, int writes, void *data) {
    (void)out; (void)size; (void)writes; (void)data;
    return -1;
}

void *ccrypto_key_public_pem(const uint8_t *pem, size_t size) {
    if (size > INT_MAX) return NULL;
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    if (!key && (bio = BIO_new_mem_buf(pem, (int)size))) {
        X509 *certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (certificate) key = X509_get_pubkey(certificate);
        X509_free(certificate);
        BIO_free(bio);
    }
    ERR_clear_error();
    return key;
}

void *ccrypto_key_private_pem(const uint8_t *pem, size_t size) {
    if (size > INT_MAX) return NULL;
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

void ccrypto_key_free(void *key) { EVP_PKEY_free(key); }

int ccrypto_key_kind(const void *key, int *bits) {
    *bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "RSA")) return CCRYPTO_RSA;
    char group[64];
    size_t size = 0;
    if (!EVP_PKEY_is_a(key, "EC") || !EVP_PKEY_get_group_name((EVP_PKEY *)key, group, sizeof group, &size)) return 0;
    if (!strcmp(group, "prime256v1") || !strcmp(group, "P-256")) return CCRYPTO_P256;
    if (!strcmp(group, "secp384r1") || !strcmp(group, "P-384")) return CCRYPTO_P384;
    return 0;
}

static int part(const void *key, const char *name, uint8_t *out, size_t width, size_t *size) {
    BIGNUM *number = NULL;
    if (!EVP_PKEY_get_bn_param(key, name, &number)) return 0;
    size_t count = width ? width : (size_t)BN_num_bytes(number);
    int done = count <= 1024 && BN_bn2binpad(number, out, (int)count) >= 0;
    *size = count;
    BN_free(number);
    return done;
}

int ccrypto_key_parts(const void *key, uint8_t *first, size_t *first_size, uint8_t *second, size_t *second_size) {
    int bits;
    switch (ccrypto_key_kind(key, &bits)) {
    case CCRYPTO_RSA:
        return part(key, OSSL_PKEY_PARAM_RSA_N, first, 0, first_size) && part(key, OSSL_PKEY_PARAM_RSA_E, second, 0, second_size);
    case CCRYPTO_P256:
        return part(key, OSSL_PKEY_PARAM_EC_PUB_X, first, 32, first_size) && part(key, OSSL_PKEY_PARAM_EC_PUB_Y, second, 32, second_size);
    case CCRYPTO_P384:
        return part(key, OSSL_PKEY_PARAM_EC_PUB_X, first, 48, first_size) && part(key, OSSL_PKEY_PARAM_EC_PUB_Y, second, 48, second_size);
    default: return 0;
    }
}

/// What an algorithm wants of a key; `NULL` when the key is of another kind.
static const EVP_MD *digest_for(const void *key, int algorithm) {
    int bits;
    int kind = ccrypto_key_kind(key, &bits);
    switch (algorithm) {
    case CCRYPTO_RS256: case CCRYPTO_PS256: return kind == CCRYPTO_RSA ? EVP_sha256() : NULL;
    case CCRYPTO_RS384: return kind == CCRYPTO_RSA ? EVP_sha384() : NULL;
    case CCRYPTO_RS512: return kind == CCRYPTO_RSA ? EVP_sha512() : NULL;
    case CCRYPTO_ES256: return kind == CCRYPTO_P256 ? EVP_sha256() : NULL;
    case CCRYPTO_ES384: return kind == CCRYPTO_P384 ? EVP_sha384() : NULL;
    default: return NULL;
    }
}

static int is_ec(int algorithm) { return algorithm == CCRYPTO_ES256 || algorithm == CCRYPTO_ES384; }

static int padding(EVP_PKEY_CTX *context, int algorithm) {
    if (is_ec(algorithm)) return 1;
    if (algorithm != CCRYPTO_PS256) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0
        && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

int ccrypto_verify(const void *key, int algorithm, const uint8_t *data, size_t size, const uint8_t *signature, size_t signature_size) {
    const EVP_MD *digest = digest_for(key, algorithm);
    if (!digest) return 0;
    uint8_t *der = NULL;
    if (is_ec(algorithm)) {
        // r and s at full width (RFC 7518 §3.4), which OpenSSL wants as DER.
        size_t width = algorithm == CCRYPTO_ES256 ? 32 : 48;
        if (signature_size != 2 * width) return 0;
        ECDSA_SIG *pair = ECDSA_SIG_new();
        BIGNUM *r = BN_bin2bn(signature, (int)width, NULL), *s = BN_bin2bn(signature + width, (int)width, NULL);
        if (!pair || !r || !s || !ECDSA_SIG_set0(pair, r, s)) {
            BN_free(r);
            BN_free(s);
            ECDSA_SIG_free(pair);
            return 0;
        }
        int count = i2d_ECDSA_SIG(pair, &der);
        ECDSA_SIG_free(pair);
        if (count <= 0) return 0;
        signature = der;
        signature_size = (size_t)count;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *operation = NULL;
    int done = context && EVP_DigestVerifyInit(context, &operation, digest, NULL, (EVP_PKEY *)key) > 0 && padding(operation, algorithm)
        && EVP_DigestVerify(context, signature, signature_size, data, size) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ERR_clear_error();
    return done;
}

int ccrypto_sign(const void *key, int algorithm, const uint8_t *data, size_t size, uint8_t *signature, size_t *signature_size) {
    const EVP_MD *digest = digest_for(key, algorithm);
    if (!digest) return 0;
    uint8_t out[1024];
    size_t count = sizeof out;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *operation = NULL;
    int done = context && EVP_DigestSignInit(context, &operation, digest, NULL, (EVP_PKEY *)key) > 0 && padding(operation, algorithm)
        && EVP_DigestSign(context, out, &count, data, size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (!done) return 0;
    if (!is_ec(algorithm)) {
        memcpy(signature, out, count);
        *signature_size = count;
        return 1;
    }
    const uint8_t *der = out;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)count);
    int width = algorithm == CCRYPTO_ES256 ? 32 : 48;
    done = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, width) == width
        && BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + width, width) == width;
    ECDSA_SIG_free(pair);
    *signature_size = 2 * (size_t)width;
    return done;
}
