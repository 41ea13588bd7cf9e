/*
 * master.h: keeps the workers and the courier running, and does nothing else.
 * It never parses a request and never talks to a database, so that nothing in
 * it can fail.
 */
#ifndef ORDERMUX_MASTER_H
#define ORDERMUX_MASTER_H

struct settings;
struct listener;

/*
 * Forks the workers and the courier, tells systemd READY when each worker
 * waits for requests, and replaces children that end. A child that has finished
 * a request (or an attempt to deliver a message) is replaced at once. Any other
 * is replaced after a pause of 2 s, which doubles each time, up to 60 s. A
 * child that hangs is killed (watchdog.h).
 *
 * After SIGTERM or SIGINT no child is replaced. The courier finishes the
 * running deliveries. The workers accept requests until the courier has ended,
 * for at most half of [daemon] stop_timeout, and then finish those that are
 * running. Children that are still running after stop_timeout are killed.
 * Returns the exit status.
 */
int	master_run(const struct listener *, const struct settings *);

#endif
