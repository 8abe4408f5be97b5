#ifndef CWEBCHAT_H
#define CWEBCHAT_H
#include <stddef.h>

// The files of this folder as they are, in the executable's read-only data.
const unsigned char *cwebchat_page(size_t *size);
const unsigned char *cwebchat_script(size_t *size);
const unsigned char *cwebchat_style(size_t *size);
const unsigned char *cwebchat_icon(size_t *size);
const unsigned char *cwebchat_description(size_t *size);

#endif
