// Stand-in for a virtual agent: answers every HTTP/1.1 request with one Rasa-style message after a fixed time, at little cost, so that
// what is measured is the tunnel. One thread, one epoll; all answers wait equally long, so a ring keeps them in order.
//
//     agent PORT DELAY_MILLISECONDS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 16384, HEAD = 8192 };

struct connection {
    uint32_t generation;
    int held;    // octets of the head collected so far
    long missing; // octets of the body still to come; -1 while the head is incomplete
    char head[HEAD];
};

struct pending { int fd; uint32_t generation; uint64_t due; };

static struct connection *connections[MOST];
static struct pending ring[MOST];
static unsigned first, past; // ring[first..past) modulo MOST
static int poller, timer;
static uint64_t delay;
static char answer[512];
static int answer_length;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void set_timer(uint64_t due) {
    struct itimerspec at = {.it_value = {.tv_sec = (time_t)(due / 1000000000u), .tv_nsec = (long)(due % 1000000000u)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void send_answer(int fd) {
    // An answer is far smaller than an empty socket's buffer.
    if (write(fd, answer, (size_t)answer_length) != answer_length) shutdown(fd, SHUT_RDWR);
}

static void request_done(int fd) {
    if (delay == 0) { send_answer(fd); return; }
    uint64_t due = now() + delay;
    if (first == past) set_timer(due);
    ring[past++ % MOST] = (struct pending){fd, connections[fd]->generation, due};
}

static void answer_due(void) {
    uint64_t expirations, at = now();
    if (read(timer, &expirations, 8) < 0 && errno != EAGAIN) exit(1);
    while (first != past && ring[first % MOST].due <= at) {
        struct pending p = ring[first++ % MOST];
        if (connections[p.fd]->generation == p.generation) send_answer(p.fd);
    }
    if (first != past) set_timer(ring[first % MOST].due);
}

static void take_head(struct connection *c, int fd) {
    char *end = memmem(c->head, (size_t)c->held, "\r\n\r\n", 4);
    if (!end) return;
    *end = 0;
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    c->missing = (length ? atol(length + 17) : 0) - (c->held - (end + 4 - c->head));
    if (c->missing <= 0) {
        c->held = 0;
        c->missing = -1;
        request_done(fd);
    }
}

static void drop(int fd) {
    connections[fd]->generation++;
    close(fd);
}

static void readable(int fd) {
    static char body[65536];
    struct connection *c = connections[fd];
    for (;;) {
        ssize_t n = c->missing < 0 ? read(fd, c->head + c->held, (size_t)(HEAD - c->held)) : read(fd, body, sizeof body);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) { drop(fd); return; }
        if (c->missing < 0) {
            c->held += (int)n;
            take_head(c, fd);
        } else if ((c->missing -= n) <= 0) {
            c->held = 0;
            c->missing = -1;
            request_done(fd);
        }
    }
}

static void accept_all(int listener) {
    for (;;) {
        int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        if (fd >= MOST) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (!connections[fd]) connections[fd] = calloc(1, sizeof *connections[fd]);
        connections[fd]->held = 0;
        connections[fd]->missing = -1;
        struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
    }
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    const char *body = "[{\"recipient_id\":\"contact\",\"text\":\"Please tell me your thirteen digit order number.\"}]";
    delay = strtoull(arguments[2], NULL, 10) * 1000000u;
    answer_length = snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    struct rlimit files = {MOST, MOST};
    setrlimit(RLIMIT_NOFILE, &files);

    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) { perror("agent"); return 71; }
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);
    e.data.fd = timer;
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &e);

    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(fd);
            else if (fd == timer) answer_due();
            else readable(fd);
        }
    }
}
