#include "ccurl.h"
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

static ccurl_address_check address_check;

static curl_socket_t open_checked(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    const unsigned char *octets = NULL;
    size_t count = 0;
    if (address->family == AF_INET) {
        octets = (const unsigned char *)&((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr;
        count = 4;
    } else if (address->family == AF_INET6) {
        octets = (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr;
        count = 16;
    }
    if (purpose != CURLSOCKTYPE_IPCXN || !octets || !address_check(octets, count, context)) return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static curl_socket_t open_any(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode ccurl_set_opening(CURL *easy) { return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_any); }

CURLcode ccurl_set_address_check(CURL *easy, ccurl_address_check check, void *context) {
    address_check = check;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_checked);
    return code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
}

bool ccurl_speaks_http2(CURL *easy) {
    const struct curl_tlssessioninfo *session = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) || !session || session->backend != CURLSSLBACKEND_OPENSSL) return false;
    if (!session->internals) return false;
    const unsigned char *name = NULL;
    unsigned count = 0;
    SSL_get0_alpn_selected(session->internals, &name, &count);
    return count == 2 && name[0] == 'h' && name[1] == '2';
}

#ifdef CAUSEWAY_STATIC
// Debian's libcurl.a can do Kerberos, LDAP and RTMP, whose libraries have no static form. The linker wants their names; nothing calls
// them, because a transfer may speak HTTP and HTTPS only and authenticates by header. Should that ever be wrong, the process says so.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void refuse(const char *name) {
    static const char text[] = " was called, but is not part of a statically linked function\n";
    ssize_t ignored = write(2, name, strlen(name));
    ignored = write(2, text, sizeof text - 1);
    (void)ignored;
    abort();
}

#define ABSENT(name) \
    void name(void); \
    void name(void) { refuse(#name); }

void *GSS_C_NT_HOSTBASED_SERVICE;
ABSENT(gss_delete_sec_context)
ABSENT(gss_display_name)
ABSENT(gss_display_status)
ABSENT(gss_import_name)
ABSENT(gss_init_sec_context)
ABSENT(gss_inquire_context)
ABSENT(gss_release_buffer)
ABSENT(gss_release_name)
ABSENT(gss_unwrap)
ABSENT(gss_wrap)

ABSENT(ber_bvfree)
ABSENT(ber_free)
ABSENT(ber_memfree)
ABSENT(ber_sockbuf_add_io)
ABSENT(ldap_abandon_ext)
ABSENT(ldap_err2string)
ABSENT(ldap_free_urldesc)
ABSENT(ldap_get_attribute_ber)
ABSENT(ldap_get_dn_ber)
ABSENT(ldap_get_option)
ABSENT(ldap_init_fd)
ABSENT(ldap_memfree)
ABSENT(ldap_msgfree)
ABSENT(ldap_msgtype)
ABSENT(ldap_parse_result)
ABSENT(ldap_parse_sasl_bind_result)
ABSENT(ldap_pvt_url_scheme2proto)
ABSENT(ldap_result)
ABSENT(ldap_sasl_bind)
ABSENT(ldap_search_ext)
ABSENT(ldap_set_option)
ABSENT(ldap_start_tls)
ABSENT(ldap_unbind_ext)
ABSENT(ldap_url_parse)

ABSENT(RTMP_Alloc)
ABSENT(RTMP_Close)
ABSENT(RTMP_Connect1)
ABSENT(RTMP_ConnectStream)
ABSENT(RTMP_Free)
ABSENT(RTMP_Init)
ABSENT(RTMP_Read)
ABSENT(RTMP_SetBufferMS)
ABSENT(RTMP_SetupURL)
ABSENT(RTMP_Write)
#endif
