/*
 * worker.h: one process, one request at a time.
 */
#ifndef ORDERMUX_WORKER_H
#define ORDERMUX_WORKER_H

#include <stdint.h>

struct scoreboard;
struct settings;
struct slot;

/*
 * The body of a worker, after the fork. Waits on the shared listener
 * (epoll, EPOLLEXCLUSIVE) and on SIGTERM (a signalfd in the same set; all
 * signals stay blocked, so that no system call of a request is ever
 * interrupted), answers requests, and returns when told to end, with the
 * running request finished: the exit status. The caller has blocked the
 * signals; the listener is non-blocking.
 */
int	worker_run(int listener, const struct settings *, const struct scoreboard *,
    struct slot *);

#endif
