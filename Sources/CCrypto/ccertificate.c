#include "ccrypto.h"
#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

// Apart from the other functions: what reads certificates is linked only where they are looked at.

int ccrypto_certificate_expiry(const char *path, int64_t *seconds) {
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    int found = 0;
    X509 *certificate;
    while ((certificate = PEM_read_X509(file, NULL, NULL, NULL))) {
        struct tm end = {0};
        if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end)) {
            int64_t moment = timegm(&end);
            if (!found || moment < *seconds) *seconds = moment;
            found = 1;
        }
        X509_free(certificate);
    }
    fclose(file);
    return found;
}

static X509 *from_der(const uint8_t *der, size_t size) {
    if (size > LONG_MAX) return NULL;
    const uint8_t *end = der;
    X509 *certificate = d2i_X509(NULL, &end, (long)size);
    // Nothing may stand behind it: two texts would be one certificate.
    if (certificate && end != der + size) {
        X509_free(certificate);
        certificate = NULL;
    }
    ERR_clear_error();
    return certificate;
}

int ccrypto_certificate_der(const uint8_t *text, size_t size, uint8_t *out, size_t most, size_t *out_size) {
    if (size > INT_MAX) return 0;
    X509 *certificate = from_der(text, size);
    if (!certificate) {
        BIO *bio = BIO_new_mem_buf(text, (int)size);
        certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, "") : NULL;
        BIO_free(bio);
    }
    ERR_clear_error();
    int count = certificate ? i2d_X509(certificate, NULL) : 0;
    int done = count > 0 && (size_t)count <= most && i2d_X509(certificate, &out) == count;
    *out_size = done ? (size_t)count : 0;
    X509_free(certificate);
    return done;
}

static int seconds_of(const ASN1_TIME *time, int64_t *seconds) {
    struct tm parts = {0};
    if (!ASN1_TIME_to_tm(time, &parts)) return 0;
    *seconds = timegm(&parts);
    return 1;
}

int ccrypto_certificate_facts(const uint8_t *der, size_t size, char *subject, size_t most, int64_t *begin, int64_t *end) {
    X509 *certificate = from_der(der, size);
    BIO *bio = BIO_new(BIO_s_mem());
    // Characters beyond ASCII as UTF-8, not as escaped octets.
    unsigned long style = (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | ASN1_STRFLGS_UTF8_CONVERT;
    int done = certificate && bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, style) >= 0
        && seconds_of(X509_get0_notBefore(certificate), begin) && seconds_of(X509_get0_notAfter(certificate), end);
    char *text = NULL;
    long count = done ? BIO_get_mem_data(bio, &text) : 0;
    done = done && count >= 0 && (size_t)count < most && !memchr(text, 0, (size_t)count);
    if (done) {
        memcpy(subject, text, (size_t)count);
        subject[count] = 0;
    }
    BIO_free(bio);
    X509_free(certificate);
    ERR_clear_error();
    return done;
}

int ccrypto_certificate_has_name(const uint8_t *der, size_t size, const char *name, size_t name_size) {
    X509 *certificate = from_der(der, size);
    if (!certificate) return 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int found = 0;
    for (int index = 0; names && index < sk_GENERAL_NAME_num(names); index++) {
        const GENERAL_NAME *item = sk_GENERAL_NAME_value(names, index);
        if (item->type != GEN_DNS) continue;
        const ASN1_STRING *text = item->d.dNSName;
        found |= ASN1_STRING_length(text) == (int)name_size
            && !strncasecmp((const char *)ASN1_STRING_get0_data(text), name, name_size);
    }
    GENERAL_NAMES_free(names);
    X509_free(certificate);
    ERR_clear_error();
    return found;
}

int ccrypto_certificate_issued(const uint8_t *der, size_t size, const uint8_t *authorities, size_t authorities_size, int64_t moment) {
    if (authorities_size > INT_MAX) return 0;
    X509 *certificate = from_der(der, size);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    BIO *bio = BIO_new_mem_buf(authorities, (int)authorities_size);
    int count = 0, done = 0;
    if (certificate && store && context && bio) {
        X509 *authority;
        while ((authority = PEM_read_bio_X509(bio, NULL, NULL, ""))) {
            count += X509_STORE_add_cert(store, authority);
            X509_free(authority);
        }
        if (count && X509_STORE_CTX_init(context, store, certificate, NULL)) {
            X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
            X509_VERIFY_PARAM_set_time(parameters, (time_t)moment);
            // An authority in the file is trusted for itself: an intermediate one may be pinned without its root.
            X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
            X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
            done = X509_verify_cert(context) == 1;
        }
    }
    BIO_free(bio);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(certificate);
    ERR_clear_error();
    return done;
}
