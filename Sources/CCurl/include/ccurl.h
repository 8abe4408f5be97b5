// libcurl, and typed wrappers for its variadic functions, which Swift cannot call: one for each kind of argument.
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
/// libcurl copies the text, except CURLOPT_POSTFIELDS; NULL takes the option back.
static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
/// CURLOPT_COPYPOSTFIELDS, whose length is set before by CURLOPT_POSTFIELDSIZE_LARGE.
static inline CURLcode ccurl_set_body(CURL *easy, const void *octets) {
    return curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, octets);
}
/// CURLOPT_ERRORBUFFER: CURL_ERROR_SIZE octets that outlive the handle.
static inline CURLcode ccurl_set_error_text(CURL *easy, char *octets) { return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, octets); }
static inline CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *list) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

/// CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION: takes `size * count` octets; another result than that ends the transfer.
typedef size_t (*ccurl_data_callback)(char *octets, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_receivers(CURL *easy, ccurl_data_callback head, ccurl_data_callback body) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, head);
    return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
}
/// What both get as `context`.
static inline CURLcode ccurl_set_receiver(CURL *easy, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

/// Told that a socket to another host was opened, and asked to close one.
static inline CURLcode ccurl_set_socket_callbacks(CURL *easy, curl_sockopt_callback opened, curl_closesocket_callback close, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, opened);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, context);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close);
    return code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, context);
}

/// Sockets to other hosts that no child process inherits: a child that holds one would keep the connection open behind our back. libcurl 7.88
/// opens its own without CLOEXEC.
CURLcode ccurl_set_opening(CURL *easy);

/// CURLOPT_PREREQFUNCTION: asked on a connection, each time before the request is sent over it; 0 lets it go.
static inline CURLcode ccurl_set_guard(CURL *easy, curl_prereq_callback guard) { return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, guard); }
/// What it gets as `context`.
static inline CURLcode ccurl_set_guarded(CURL *easy, void *context) { return curl_easy_setopt(easy, CURLOPT_PREREQDATA, context); }

/// Whether the connection that a transfer is on speaks HTTP/2, by what TLS agreed on.
bool ccurl_speaks_http2(CURL *easy);

static inline long ccurl_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}
static inline curl_off_t ccurl_get_offset(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_socket_callback(CURLM *multi, curl_socket_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline CURLMcode ccurl_multi_set_timer_callback(CURLM *multi, curl_multi_timer_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
/// The next finished transfer and its outcome; NULL when there is none.
static inline CURL *ccurl_multi_next_finished(CURLM *multi, CURLcode *outcome) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *outcome = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

/// CURLOPT_READFUNCTION: fills at most `size * count` octets of the request's body.
static inline CURLcode ccurl_set_source_callback(CURL *easy, ccurl_data_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_READDATA, context);
}

/// Looks at an address before it is connected to: its octets in network order, 4 or 16. False refuses it.
typedef bool (*ccurl_address_check)(const unsigned char *octets, size_t count, void *context);
/// CURLOPT_OPENSOCKETFUNCTION, which sees the very address that is connected to: no name is resolved a second time. There is one check for the
/// whole process; `context` is the transfer's.
CURLcode ccurl_set_address_check(CURL *easy, ccurl_address_check check, void *context);
