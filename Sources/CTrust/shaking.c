#define _GNU_SOURCE
#include "ctrust.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/// Waits for the socket until `end`; 1 when it is ready.
static int wait_for(int file, short events, int64_t end) {
    for (;;) {
        int64_t rest = (end - now_us() + 999) / 1000;
        if (rest <= 0) return 0;
        struct pollfd entry = {.fd = file, .events = events};
        int count = poll(&entry, 1, (int)rest);
        if (count > 0) return 1;
        if (count == 0 || errno != EINTR) return 0;
    }
}

static int connect_to(const char *address, int port, int64_t end, int *error) {
    struct sockaddr_storage place = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&place;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&place;
    socklen_t size = 0;
    if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        size = sizeof *four;
    } else if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        size = sizeof *six;
    } else {
        *error = EINVAL;
        return -1;
    }
    int file = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0) {
        *error = errno;
        return -1;
    }
    int state = connect(file, (struct sockaddr *)&place, size) == 0 ? 0 : errno;
    if (state == EINPROGRESS) {
        socklen_t length = sizeof state;
        state = ETIMEDOUT;
        if (wait_for(file, POLLOUT, end)) getsockopt(file, SOL_SOCKET, SO_ERROR, &state, &length);
    }
    if (state == 0) return file;
    *error = state;
    close(file);
    return -1;
}

static int handshake_index = -1;

static int asked_for_certificate(SSL *ssl, X509 **certificate, EVP_PKEY **key) {
    (void)certificate;
    (void)key;
    struct ctrust_handshake *handshake = SSL_get_ex_data(ssl, handshake_index);
    if (handshake) handshake->asks_certificate = 1;
    return 0;
}

static void informed(const SSL *ssl, int where, int value) {
    struct ctrust_handshake *handshake = SSL_get_ex_data(ssl, handshake_index);
    if (handshake && (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == 2) handshake->alert = value & 0xFF;
}

static int give(char *buffer, int size, int is_writing, void *password) {
    (void)is_writing;
    size_t length = password ? strlen(password) : 0;
    if (!password || length > (size_t)size) return -1;
    memcpy(buffer, password, length);
    return (int)length;
}

/// Our certificate with its chain, and the key.
static int bring(SSL *ssl, const struct ctrust_handshake *handshake) {
    BIO *bio = BIO_new_mem_buf(handshake->certificate, -1);
    X509 *own = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL, *further;
    int done = own && SSL_use_certificate(ssl, own) == 1;
    while (done && (further = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        SSL_add1_chain_cert(ssl, further);
        X509_free(further);
    }
    BIO_free(bio);
    X509_free(own);
    bio = BIO_new_mem_buf(handshake->key, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give, (void *)handshake->password) : NULL;
    BIO_free(bio);
    done = done && key && SSL_use_PrivateKey(ssl, key) == 1;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return done;
}

static char *chain_of(SSL *ssl) {
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    BIO *bio = BIO_new(BIO_s_mem());
    for (int i = 0; bio && chain && i < sk_X509_num(chain); i++) PEM_write_bio_X509(bio, sk_X509_value(chain, i));
    char *data = NULL;
    long size = bio ? BIO_get_mem_data(bio, &data) : 0;
    char *text = size > 0 ? strndup(data, (size_t)size) : strdup("");
    BIO_free(bio);
    return text;
}

/// One step of OpenSSL until it is done, the time is over, or the other side ends. 1: done.
static int drive(SSL *ssl, int file, int64_t end, int is_connecting) {
    for (;;) {
        char octet;
        int result = is_connecting ? SSL_connect(ssl) : SSL_peek(ssl, &octet, 1);
        if (result == 1) return 1;
        switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_WANT_READ:
            if (!wait_for(file, POLLIN, end)) return 0;
            break;
        case SSL_ERROR_WANT_WRITE:
            if (!wait_for(file, POLLOUT, end)) return 0;
            break;
        default: return 0;
        }
    }
}

static SSL *prepare(SSL_CTX *context, struct ctrust_handshake *handshake, int file) {
    // Level 0: what is offered is looked at, old things included.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT);
    if (handshake->lowest) SSL_CTX_set_min_proto_version(context, handshake->lowest);
    else SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    if (handshake->highest) SSL_CTX_set_max_proto_version(context, handshake->highest);
    if (!handshake->certificate) SSL_CTX_set_client_cert_cb(context, asked_for_certificate);
    SSL_CTX_set_info_callback(context, informed);
    if (!SSL_CTX_set_cipher_list(context, handshake->suites ? handshake->suites : "ALL:@SECLEVEL=0")) return NULL;
    SSL *ssl = SSL_new(context);
    if (!ssl) return NULL;
    SSL_set_ex_data(ssl, handshake_index, handshake);
    if (handshake->name) SSL_set_tlsext_host_name(ssl, handshake->name);
    if (handshake->certificate && !bring(ssl, handshake)) handshake->reason = strdup("our certificate, its key or the key's password does not work");
    SSL_set_fd(ssl, file);
    return ssl;
}

void ctrust_shake_hands(struct ctrust_handshake *handshake) {
    handshake->stage = handshake->asks_certificate = handshake->system_error = 0;
    handshake->alert = -1;
    handshake->connect_microseconds = handshake->tls_microseconds = 0;
    handshake->chain = handshake->version = handshake->suite = handshake->reason = NULL;
    signal(SIGPIPE, SIG_IGN);
    if (handshake_index < 0) handshake_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    int64_t begun = now_us(), end = begun + (int64_t)handshake->patience * 1000;
    int file = connect_to(handshake->address, handshake->port, end, &handshake->system_error);
    handshake->connect_microseconds = now_us() - begun;
    if (file < 0) return;
    handshake->stage = 1;
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = context ? prepare(context, handshake, file) : NULL;
    begun = now_us();
    if (ssl && !handshake->reason && drive(ssl, file, end, 1)) {
        handshake->stage = 2;
        handshake->tls_microseconds = now_us() - begun;
        handshake->version = strdup(SSL_get_version(ssl));
        handshake->suite = strdup(SSL_get_cipher_name(ssl));
        handshake->chain = chain_of(ssl);
        // With TLS 1.3 a refusal of our certificate, or of none, comes after our side is done.
        int64_t soon = now_us() + 500000;
        if (handshake->asks_certificate || handshake->certificate) drive(ssl, file, soon < end ? soon : end, 0);
        if (handshake->alert < 0) SSL_shutdown(ssl);
    } else if (!handshake->reason) {
        if (handshake->asks_certificate) {
            // It spoke TLS, and ended because we brought none.
            const SSL_CIPHER *suite = SSL_get_pending_cipher(ssl);
            handshake->version = strdup(SSL_get_version(ssl));
            handshake->suite = strdup(suite ? SSL_CIPHER_get_name(suite) : "");
            handshake->chain = chain_of(ssl);
        }
        const char *reason = ERR_reason_error_string(ERR_peek_error());
        handshake->reason = strdup(reason ? reason : now_us() >= end ? "no handshake in time" : "the connection ended in the handshake");
    }
    ERR_clear_error();
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(file);
}
