#include "ccrypto.h"
#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
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
