// libcurl, and typed wrappers for its variadic functions.
#pragma once
#include <curl/curl.h>
