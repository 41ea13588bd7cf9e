/*
 * master.h: keeps the workers and the courier alive, and nothing else. It
 * never parses a request and never talks to a database, so that there is
 * nothing in it that could fail.
 */
#ifndef ORDERMUX_MASTER_H
#define ORDERMUX_MASTER_H

struct settings;
struct listener;

/*
 * Forks the workers and the courier, tells systemd READY when each worker
 * waits for requests, and replaces those that end. One that ends before its
 * first finished request (or try of a message) is replaced after a pause of
 * 2 s that doubles to 60 s; one that ends later, at once. A worker that is
 * still in a request 2 s after [http] request_deadline is killed.
 *
 * On SIGTERM or SIGINT nobody is replaced any more. The courier finishes what
 * is running; the workers take requests until it has gone, for half of
 * [daemon] stop_timeout at most, and then finish theirs. Those that have not
 * after stop_timeout are killed. Returns the exit status.
 */
int	master_run(const struct listener *, const struct settings *);

#endif
