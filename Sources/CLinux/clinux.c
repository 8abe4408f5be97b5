#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int clinux_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

bool clinux_is_listening(int descriptor) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1;
}

int clinux_set_nonblocking(int descriptor, bool nonblocking) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(descriptor, F_SETFL, nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_control(int epoll, int op, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, op, descriptor, &event);
}

int clinux_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int capacity, int milliseconds) {
    struct epoll_event ready[256];
    if (capacity > 256) capacity = 256;
    int count = epoll_wait(epoll, ready, capacity, milliseconds);
    for (int i = 0; i < count; i++) {
        tokens[i] = ready[i].data.u64;
        events[i] = ready[i].events;
    }
    return count;
}

int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

uint64_t clinux_monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t clinux_epoch_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static _Thread_local void *thread_value;
void *clinux_thread_value(void) { return thread_value; }
void clinux_set_thread_value(void *value) { thread_value = value; }

extern char **environ;
char *const *clinux_environment(void) { return environ; }

int clinux_signal_descriptor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int clinux_signal_take(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int clinux_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

void clinux_keep_memory(void) {
    mallopt(M_TOP_PAD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 32 << 20);
}

// Three ways, because O_NONBLOCK would belong to everybody who shares the descriptor: sockets take the wish with each call, files never
// wait, and of pipes and terminals only as much is asked as poll(2) promises.
long clinux_write_now(int descriptor, const void *bytes, size_t count) {
    struct stat kind;
    if (fstat(descriptor, &kind) != 0) return -1;
    if (S_ISSOCK(kind.st_mode)) return send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (S_ISREG(kind.st_mode)) return write(descriptor, bytes, count);
    size_t done = 0;
    while (done < count) {
        struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
        if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)) break;
        size_t piece = count - done < PIPE_BUF ? count - done : PIPE_BUF;
        ssize_t written = write(descriptor, (const char *)bytes + done, piece);
        if (written <= 0) break;
        done += (size_t)written;
    }
    return (ssize_t)done;
}

/* The Swift library calls hypotf, to which glibc 2.35 gave a new version: with that an executable does not start on glibc 2.34, such as Amazon
   Linux 2023 has. Nothing of ours calls it. */
float hypotf(float x, float y) { return (float)__builtin_sqrt((double)x * x + (double)y * y); }
