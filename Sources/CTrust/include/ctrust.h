// What the desk asks of OpenSSL: reading and making certificates, and looking at the other side of a TLS connection. Never linked into a function.
// Texts that come out are owned by the caller and released by ctrust_free.
#pragma once
#include <stddef.h>
#include <stdint.h>

void ctrust_free(void *text);

struct ctrust_certificate {
    /// Seconds since 1970.
    int64_t begins, ends;
    int key_bits, is_authority, is_self_issued, is_for_servers, is_for_clients, is_weakly_signed;
    /// `RSA`, `EC prime256v1` …
    char *key_kind;
    /// One line, RFC 2253 order.
    char *subject, *issuer;
    /// Alternative names, one a line: `DNS:a.example`, `IP:192.0.2.1`.
    char *names;
    /// SHA-256, lower-case hex, of the certificate and of its public key.
    char *fingerprint, *key_fingerprint;
};

/// The certificate of that number, from 0, in a PEM text. 1: found; 0: there are not so many; -1: the text is damaged there.
int ctrust_certificate(const char *pem, size_t size, size_t number, struct ctrust_certificate *out);

enum ctrust_key_state { ctrust_key_good, ctrust_key_absent, ctrust_key_needs_password, ctrust_key_wrong_password, ctrust_key_damaged };
struct ctrust_key {
    int bits, is_encrypted;
    char *kind, *fingerprint;
};

/// The first private key of a PEM text: PKCS#8 or the older form, encrypted or not. `password` may be NULL.
enum ctrust_key_state ctrust_key(const char *pem, size_t size, const char *password, struct ctrust_key *out);

/// Verifies a chain, its own certificate first. All that is wrong is told, not only the first.
/// `authorities`: PEM text of those to trust; NULL for the system's. `name`: host name or IP address, or NULL. `at`: seconds since 1970.
/// Returns how many X509_V_ERR_… codes stand in `errors`; -1 when a text cannot be read.
int ctrust_verify(const char *chain, size_t chain_size, const char *authorities, size_t authorities_size, const char *name, int is_client,
                  int64_t at, int errors[16]);

struct ctrust_wish {
    const char *common_name, *organization;
    /// `DNS:a.example,IP:192.0.2.1`, or NULL.
    const char *names;
    /// 0: authority, 1: server, 2: client.
    int kind;
    /// 0: ECDSA on P-256.
    int rsa_bits;
    int64_t begins, ends;
    /// Encrypts the key: PKCS#8 with AES-256, or the older form.
    const char *password;
    int is_older_form;
    /// PEM texts of the issuer; NULL for a certificate that signs itself.
    const char *issuer, *issuer_key, *issuer_password;
};

/// 1 when both texts were made.
int ctrust_make(const struct ctrust_wish *wish, char **certificate, char **key);

struct ctrust_handshake {
    /// Name to ask for (SNI), NULL for none; numeric address; milliseconds for everything.
    const char *name, *address;
    int port, patience;
    /// 0x0301 for TLS 1.0 … 0x0304; 0 for no bound.
    int lowest, highest;
    /// Suites of TLS 1.2 and before, or NULL.
    const char *suites;
    /// PEM texts, or NULL.
    const char *certificate, *key, *password;

    /// 0: no connection, 1: connected, 2: TLS.
    int stage;
    int asks_certificate;
    /// Alert that the other side sent; -1 for none.
    int alert;
    int system_error;
    int64_t connect_microseconds, tls_microseconds;
    /// The certificates as sent, its own first. These three also when the handshake ended because we brought no certificate.
    char *chain;
    char *version, *suite, *reason;
};

/// Connects without verifying anything, and tells what was seen. Never used to send data.
void ctrust_shake_hands(struct ctrust_handshake *handshake);
