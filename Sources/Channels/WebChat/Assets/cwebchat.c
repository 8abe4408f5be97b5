#include "cwebchat.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// #embed (C23) costs no compile time that can be measured; an array literal of the same octets in Swift takes twenty seconds.
static const unsigned char page[] = {
#embed "page.html"
};
static const unsigned char script[] = {
#embed "chat.js"
};
static const unsigned char style[] = {
#embed "chat.css"
};
static const unsigned char icon[] = {
#embed "icon.svg"
};
static const unsigned char description[] = {
#embed "../openapi.json"
};

const unsigned char *cwebchat_page(size_t *size) { *size = sizeof page; return page; }
const unsigned char *cwebchat_script(size_t *size) { *size = sizeof script; return script; }
const unsigned char *cwebchat_style(size_t *size) { *size = sizeof style; return style; }
const unsigned char *cwebchat_description(size_t *size) { *size = sizeof description; return description; }
const unsigned char *cwebchat_icon(size_t *size) { *size = sizeof icon; return icon; }
