// The least a CGI program can do: one line. Every other start is counted in multiples of this one.
#include <stdio.h>

int main(void) {
    puts("Content-Type: text/plain\r\n\r\nhello");
    return 0;
}
