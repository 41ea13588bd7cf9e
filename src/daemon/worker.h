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
 * Runs a worker, after the fork: answers requests from the shared listener
 * until SIGTERM, then finishes the running request. Returns the exit status.
 *
 * The listener must be non-blocking. The caller has blocked all signals, and
 * they stay blocked: SIGTERM is read from a signalfd, and no system call of a
 * request is ever interrupted.
 */
int	worker_run(int listener, const struct settings *,
    const struct scoreboard *, struct slot *);

#endif
