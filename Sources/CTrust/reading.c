#include "ctrust.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void ctrust_free(void *text) { free(text); }

/// What was written to a memory BIO as a text of its own; releases the BIO.
static char *text_of(BIO *bio) {
    char *data = NULL;
    long size = bio ? BIO_get_mem_data(bio, &data) : 0;
    char *text = malloc((size_t)size + 1);
    if (text) {
        if (size > 0) memcpy(text, data, (size_t)size);
        text[size] = 0;
    }
    BIO_free(bio);
    return text;
}

static char *hex(const unsigned char *octets, size_t size) {
    char *text = malloc(size * 2 + 1);
    if (!text) return NULL;
    for (size_t i = 0; i < size; i++) snprintf(text + 2 * i, 3, "%02x", octets[i]);
    text[size * 2] = 0;
    return text;
}

static char *name_text(const X509_NAME *name) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio) X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return text_of(bio);
}

static char *alternative_names(X509 *certificate) {
    BIO *bio = BIO_new(BIO_s_mem());
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; bio && names && i < sk_GENERAL_NAME_num(names); i++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            BIO_printf(bio, "DNS:%.*s\n", ASN1_STRING_length(name->d.dNSName), (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        } else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == 4) {
            const unsigned char *a = ASN1_STRING_get0_data(name->d.iPAddress);
            BIO_printf(bio, "IP:%d.%d.%d.%d\n", a[0], a[1], a[2], a[3]);
        }
    }
    GENERAL_NAMES_free(names);
    return text_of(bio);
}

static char *key_kind(EVP_PKEY *key) {
    char group[64] = "";
    char text[96];
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (key && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) snprintf(text, sizeof text, "%s %s", type ? type : "?", group);
    else snprintf(text, sizeof text, "%s", type ? type : "?");
    return strdup(text);
}

static char *key_fingerprint(EVP_PKEY *key) {
    unsigned char *der = NULL, digest[32];
    unsigned int size = 0;
    int length = key ? i2d_PUBKEY(key, &der) : 0;
    int done = length > 0 && EVP_Digest(der, (size_t)length, digest, &size, EVP_sha256(), NULL);
    OPENSSL_free(der);
    return done ? hex(digest, size) : strdup("");
}

static int64_t seconds(const ASN1_TIME *time) {
    struct tm parts = {0};
    return ASN1_TIME_to_tm(time, &parts) ? timegm(&parts) : 0;
}

static void describe(X509 *certificate, struct ctrust_certificate *out) {
    unsigned char digest[32];
    unsigned int size = 0;
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int signature = X509_get_signature_nid(certificate);
    // Reads the extensions, which the next lines look at.
    out->is_authority = X509_check_ca(certificate) > 0;
    out->is_self_issued = X509_check_issued(certificate, certificate) == X509_V_OK;
    out->is_for_servers = X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) == 1;
    out->is_for_clients = X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0) == 1;
    out->is_weakly_signed = !out->is_self_issued
        && (signature == NID_md5WithRSAEncryption || signature == NID_sha1WithRSAEncryption || signature == NID_ecdsa_with_SHA1);
    out->begins = seconds(X509_get0_notBefore(certificate));
    out->ends = seconds(X509_get0_notAfter(certificate));
    out->key_bits = key ? EVP_PKEY_get_bits(key) : 0;
    out->key_kind = key_kind(key);
    out->subject = name_text(X509_get_subject_name(certificate));
    out->issuer = name_text(X509_get_issuer_name(certificate));
    out->names = alternative_names(certificate);
    out->fingerprint = X509_digest(certificate, EVP_sha256(), digest, &size) ? hex(digest, size) : strdup("");
    out->key_fingerprint = key_fingerprint(key);
}

int ctrust_certificate(const char *pem, size_t size, size_t number, struct ctrust_certificate *out) {
    memset(out, 0, sizeof *out);
    if (size > 1 << 26) return -1;
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    if (!bio) return -1;
    X509 *certificate = NULL;
    ERR_clear_error();
    for (size_t i = 0; i <= number; i++) {
        X509_free(certificate);
        certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!certificate) break;
    }
    int result = 1;
    if (certificate) describe(certificate, out);
    else result = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? 0 : -1;
    ERR_clear_error();
    X509_free(certificate);
    BIO_free(bio);
    return result;
}

struct asked { const char *password; int times; };

static int give_password(char *buffer, int size, int is_writing, void *context) {
    struct asked *asked = context;
    (void)is_writing;
    asked->times++;
    if (!asked->password) return -1;
    size_t length = strlen(asked->password);
    if (length > (size_t)size) return -1;
    memcpy(buffer, asked->password, length);
    return (int)length;
}

enum ctrust_key_state ctrust_key(const char *pem, size_t size, const char *password, struct ctrust_key *out) {
    memset(out, 0, sizeof *out);
    char *copy = strndup(pem, size);
    if (!copy) return ctrust_key_damaged;
    int is_there = strstr(copy, "PRIVATE KEY-----") != NULL;
    out->is_encrypted = strstr(copy, "BEGIN ENCRYPTED PRIVATE KEY") || strstr(copy, "Proc-Type: 4,ENCRYPTED");
    free(copy);
    if (!is_there) return ctrust_key_absent;
    struct asked asked = {password, 0};
    BIO *bio = BIO_new_mem_buf(pem, (int)size);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_password, &asked) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (!key) {
        if (!out->is_encrypted) return ctrust_key_damaged;
        return password ? ctrust_key_wrong_password : ctrust_key_needs_password;
    }
    out->bits = EVP_PKEY_get_bits(key);
    out->kind = key_kind(key);
    out->fingerprint = key_fingerprint(key);
    EVP_PKEY_free(key);
    return ctrust_key_good;
}

// MARK: Verifying

struct found { int *errors; int count; };
static int found_index = -1;

static int note_error(int is_good, X509_STORE_CTX *context) {
    if (is_good) return 1;
    struct found *found = X509_STORE_CTX_get_ex_data(context, found_index);
    int code = X509_STORE_CTX_get_error(context);
    int is_known = 0;
    for (int i = 0; found && i < found->count; i++) is_known |= found->errors[i] == code;
    if (found && !is_known && found->count < 16) found->errors[found->count++] = code;
    // Goes on, to find the rest.
    return 1;
}

static STACK_OF(X509) *certificates_of(const char *pem, size_t size) {
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *bio = size < 1 << 26 ? BIO_new_mem_buf(pem, (int)size) : NULL;
    X509 *certificate;
    while (all && bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (!sk_X509_push(all, certificate)) X509_free(certificate);
    }
    ERR_clear_error();
    BIO_free(bio);
    return all;
}

static int is_address(const char *name) {
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return address != NULL;
}

int ctrust_verify(const char *chain, size_t chain_size, const char *authorities, size_t authorities_size, const char *name, int is_client,
                  int64_t at, int errors[16]) {
    if (found_index < 0) found_index = X509_STORE_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    struct found found = {errors, 0};
    STACK_OF(X509) *sent = certificates_of(chain, chain_size);
    STACK_OF(X509) *trusted = authorities ? certificates_of(authorities, authorities_size) : NULL;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    int result = -1;
    if (!sent || sk_X509_num(sent) == 0 || !store || !context) goto end;
    if (authorities && (!trusted || sk_X509_num(trusted) == 0)) goto end;
    for (int i = 0; trusted && i < sk_X509_num(trusted); i++) X509_STORE_add_cert(store, sk_X509_value(trusted, i));
    if (!authorities) X509_STORE_set_default_paths(store);
    if (!X509_STORE_CTX_init(context, store, sk_X509_value(sent, 0), sent)) goto end;
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(rules, (time_t)at);
    X509_VERIFY_PARAM_set_purpose(rules, is_client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
    // A file of authorities may name an intermediate, as web servers and libcurl take it.
    if (authorities) X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    if (name && is_address(name)) X509_VERIFY_PARAM_set1_ip_asc(rules, name);
    else if (name) X509_VERIFY_PARAM_set1_host(rules, name, 0);
    X509_STORE_CTX_set_ex_data(context, found_index, &found);
    X509_STORE_CTX_set_verify_cb(context, note_error);
    X509_verify_cert(context);
    result = found.count;
end:
    ERR_clear_error();
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    sk_X509_pop_free(sent, X509_free);
    sk_X509_pop_free(trusted, X509_free);
    return result;
}
