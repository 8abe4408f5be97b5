#include "ctrust.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *text_of(BIO *bio) {
    char *data = NULL;
    long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? strndup(data, (size_t)size) : NULL;
}

static int add(X509 *certificate, X509 *issuer, int extension, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &context, extension, value);
    int done = made && X509_add_ext(certificate, made, -1);
    X509_EXTENSION_free(made);
    return done;
}

static int extend(X509 *certificate, X509 *issuer, const struct ctrust_wish *wish) {
    int is_rsa = wish->rsa_bits > 0;
    const char *usage = wish->kind == 0 ? "critical,keyCertSign,cRLSign"
        : is_rsa && wish->kind == 1 ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
    if (!add(certificate, issuer, NID_basic_constraints, wish->kind == 0 ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE")) return 0;
    if (!add(certificate, issuer, NID_key_usage, usage)) return 0;
    if (wish->kind == 1 && !add(certificate, issuer, NID_ext_key_usage, "serverAuth")) return 0;
    if (wish->kind == 2 && !add(certificate, issuer, NID_ext_key_usage, "clientAuth")) return 0;
    if (!add(certificate, issuer, NID_subject_key_identifier, "hash")) return 0;
    if (issuer != certificate && !add(certificate, issuer, NID_authority_key_identifier, "keyid:always")) return 0;
    return !wish->names || add(certificate, issuer, NID_subject_alt_name, wish->names);
}

static int set_serial(X509 *certificate) {
    // Twenty octets at most, and positive (RFC 5280 §4.1.2.2); random, so that two machines never give the same.
    unsigned char octets[16];
    if (RAND_bytes(octets, sizeof octets) != 1) return 0;
    octets[0] = (unsigned char)((octets[0] & 0x3F) | 0x40);
    BIGNUM *number = BN_bin2bn(octets, sizeof octets, NULL);
    int done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return done;
}

static int set_name(X509 *certificate, const struct ctrust_wish *wish) {
    X509_NAME *name = X509_get_subject_name(certificate);
    if (wish->organization && !X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)wish->organization, -1, -1, 0)) return 0;
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)wish->common_name, -1, -1, 0);
}

static int give(char *buffer, int size, int is_writing, void *password) {
    (void)is_writing;
    size_t length = password ? strlen(password) : 0;
    if (!password || length > (size_t)size) return -1;
    memcpy(buffer, password, length);
    return (int)length;
}

static EVP_PKEY *key_of(const char *pem, const char *password) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give, (void *)password) : NULL;
    BIO_free(bio);
    return key;
}

static X509 *certificate_of(const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return certificate;
}

static int write_key(BIO *bio, EVP_PKEY *key, const struct ctrust_wish *wish) {
    const unsigned char *password = (const unsigned char *)wish->password;
    int size = wish->password ? (int)strlen(wish->password) : 0;
    const EVP_CIPHER *cipher = wish->password ? EVP_aes_256_cbc() : NULL;
    if (wish->is_older_form) return PEM_write_bio_PrivateKey_traditional(bio, key, cipher, (unsigned char *)password, size, NULL, NULL);
    return PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, (char *)wish->password, size, NULL, NULL);
}

int ctrust_make(const struct ctrust_wish *wish, char **certificate_text, char **key_text) {
    *certificate_text = *key_text = NULL;
    X509 *certificate = X509_new(), *issuer = wish->issuer ? certificate_of(wish->issuer) : NULL;
    EVP_PKEY *issuer_key = wish->issuer_key ? key_of(wish->issuer_key, wish->issuer_password) : NULL;
    EVP_PKEY *key = wish->rsa_bits ? EVP_RSA_gen((unsigned)wish->rsa_bits) : EVP_EC_gen("P-256");
    BIO *first = BIO_new(BIO_s_mem()), *second = BIO_new(BIO_s_secmem());
    int done = 0;
    if (!certificate || !key || !first || !second || (wish->issuer && (!issuer || !issuer_key))) goto end;
    if (issuer && X509_check_private_key(issuer, issuer_key) != 1) goto end;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)wish->begins);
    ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)wish->ends);
    if (!set_serial(certificate) || !set_name(certificate, wish) || !X509_set_pubkey(certificate, key)) goto end;
    if (!X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate))) goto end;
    if (!extend(certificate, issuer ? issuer : certificate, wish)) goto end;
    if (!X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256())) goto end;
    if (!PEM_write_bio_X509(first, certificate) || !write_key(second, key, wish)) goto end;
    *certificate_text = text_of(first);
    *key_text = text_of(second);
    done = *certificate_text && *key_text;
end:
    ERR_clear_error();
    BIO_free(first);
    BIO_free(second);
    X509_free(certificate);
    X509_free(issuer);
    EVP_PKEY_free(issuer_key);
    EVP_PKEY_free(key);
    return done;
}
