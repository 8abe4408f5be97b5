// System calls that Swift cannot call itself: variadic ones, GNU extensions, and the packed unions of epoll.
// No _GNU_SOURCE here: a header that Swift imports must not change what the system headers declare.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Accepts one connection as a non-blocking, close-on-exec descriptor; -1 with errno as accept(2).
int clinux_accept(int listener);
/// Whether the descriptor is a listening socket.
bool clinux_is_listening(int descriptor);
/// Sets or clears O_NONBLOCK; 0, or -1 with errno.
int clinux_set_nonblocking(int descriptor, bool nonblocking);

int clinux_epoll_create(void);
/// op: 1 add, 2 delete, 3 modify. `token` comes back with each event.
int clinux_epoll_control(int epoll, int op, int descriptor, uint32_t events, uint64_t token);
/// Waits at most `milliseconds` (-1: without limit); fills `tokens` and `events`, returns their number.
int clinux_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int capacity, int milliseconds);
int clinux_eventfd(void);

/// Nanoseconds of the monotonic clock.
uint64_t clinux_monotonic(void);
/// Milliseconds since 1970 of the wall clock.
int64_t clinux_epoch_milliseconds(void);

/// One pointer per thread: the event loop that runs on it.
void *clinux_thread_value(void);
void clinux_set_thread_value(void *value);

/// The process's environment, ended by a null pointer; doubles stay visible here, unlike in getenv.
char *const *clinux_environment(void);

/// Blocks SIGTERM and SIGINT in this thread and those it starts, and gives a non-blocking descriptor from which they are read; -1 with
/// errno.
int clinux_signal_descriptor(void);
/// The number of one pending signal, 0 when there is none.
int clinux_signal_take(int descriptor);
/// Processors that this process may run on, at least 1.
int clinux_processors(void);

/// For a process that stays: freed memory is kept for the next request (up to 32 MB a thread) instead of being given back and fetched again,
/// which under changing load is a system call and page faults for every few requests.
void clinux_keep_memory(void);

/// Writes what can be written without waiting; the number of octets, or -1. Leaves the descriptor's flags, which others may share, alone.
long clinux_write_now(int descriptor, const void *bytes, size_t count);
