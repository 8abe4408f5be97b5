// What a C programmer writes first for a turn with one HTTPS call: the shared libcurl with a CA bundle *and* a CA directory, which is
// how Debian builds it. The two variables name copies of Debian's own files that also hold the benchmark's authority.
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t keep(char *bytes, size_t size, size_t count, void *length) {
    (void)bytes;
    *(size_t *)length += size * count;
    return size * count;
}

int main(void) {
    static char turn[1 << 20];
    size_t received = 0, length = fread(turn, 1, sizeof turn, stdin);
    CURL *call = curl_easy_init();
    struct curl_slist *fields = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(call, CURLOPT_URL, getenv("AGENT_URL"));
    curl_easy_setopt(call, CURLOPT_CAINFO, getenv("AUTHORITY_FILE"));
    curl_easy_setopt(call, CURLOPT_CAPATH, getenv("AUTHORITY_DIRECTORY"));
    curl_easy_setopt(call, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(call, CURLOPT_POSTFIELDS, turn);
    curl_easy_setopt(call, CURLOPT_POSTFIELDSIZE, (long)length);
    curl_easy_setopt(call, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(call, CURLOPT_WRITEDATA, &received);
    CURLcode outcome = curl_easy_perform(call);
    if (outcome != CURLE_OK || received == 0) {
        fprintf(stderr, "cgi-https: %s\n", curl_easy_strerror(outcome));
        return 1;
    }
    printf("Content-Type: application/json\r\n\r\n{\"branchName\":\"PromptAndCollectNextResponse\"}");
    return 0;
}
