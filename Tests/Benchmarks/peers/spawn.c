// Times programs from spawn to exit as a CGI server would see them: body on standard input, answer read to its end, exit awaited.
// Within each round every program runs once, in an order drawn anew.
//
//     spawn ROUNDS BODY_FILE PROGRAM...
//
// Prints one JSON array, an object a program: median and tenth percentile of the time, median of its CPU time (microseconds), failures.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/// Runs one program; returns whether it left with status 0 after printing something.
static int run(char *program, const char *body, double *elapsed, double *cpu) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) exit(71);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, body, O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    char *arguments[] = {program, NULL};
    pid_t child;
    double begun = now();
    if (posix_spawn(&child, program, &actions, NULL, arguments, environ)) exit(71);
    close(ends[1]);
    char answer[65536];
    ssize_t n;
    size_t received = 0;
    while ((n = read(ends[0], answer, sizeof answer)) > 0) received += (size_t)n;
    close(ends[0]);
    int status;
    struct rusage used;
    wait4(child, &status, 0, &used);
    *elapsed = now() - begun;
    *cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && received > 0;
}

int main(int count, char **arguments) {
    if (count < 4) return 64;
    int rounds = atoi(arguments[1]), programs = count - 3, failures[64] = {0}, order[64];
    if (rounds < 1 || rounds > 100000 || programs > 64) return 64;
    double *elapsed = calloc((size_t)(rounds * programs), sizeof *elapsed), *cpu = calloc((size_t)(rounds * programs), sizeof *cpu);
    srandom((unsigned)getpid());
    for (int round = -2; round < rounds; round++) { // two rounds to warm the page cache
        for (int i = 0; i < programs; i++) order[i] = i;
        for (int i = programs - 1; i > 0; i--) {
            int j = (int)(random() % (i + 1)), held = order[i];
            order[i] = order[j];
            order[j] = held;
        }
        for (int i = 0; i < programs; i++) {
            double e, c;
            int p = order[i], good = run(arguments[3 + p], arguments[2], &e, &c);
            if (round < 0) continue;
            failures[p] += !good;
            elapsed[p * rounds + round] = e;
            cpu[p * rounds + round] = c;
        }
    }
    printf("[");
    for (int p = 0; p < programs; p++) {
        qsort(elapsed + p * rounds, (size_t)rounds, sizeof *elapsed, ascending);
        qsort(cpu + p * rounds, (size_t)rounds, sizeof *cpu, ascending);
        printf("%s{\"median\":%.1f,\"tenth\":%.1f,\"cpu\":%.1f,\"failures\":%d}", p ? "," : "", elapsed[p * rounds + rounds / 2],
               elapsed[p * rounds + rounds / 10], cpu[p * rounds + rounds / 2], failures[p]);
    }
    printf("]\n");
    return 0;
}
