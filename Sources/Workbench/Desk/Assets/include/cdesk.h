#pragma once
#include <stddef.h>

typedef struct { const char *name; const unsigned char *bytes; size_t size; } cdesk_entry;

/// The desk's files by number.
size_t cdesk_count(void);
cdesk_entry cdesk_file(size_t index);
