/*
 * courier.h: the process that delivers what waits in the markets' outboxes.
 *
 * At least once, each time under the same id: a message is claimed, tried by a
 * program (delivery.h), and marked, in this order; between trying and marking
 * a crash leaves open what became of it, and the next courier, which says so,
 * tries again. In normal running a message is delivered once, also when
 * several hosts deliver from one database.
 *
 * One process for all markets: up to 8 programs run at a time, and no market
 * may have so many of them that the others get none. A database that makes the
 * courier wait is left alone for ten times as long, so that it can take but a
 * tenth of everybody's time.
 *
 * In its slot of the board a try counts as a request: 2xx = delivered,
 * 5xx = to be tried again, 4xx = given up.
 */
#ifndef ORDERMUX_COURIER_H
#define ORDERMUX_COURIER_H

struct scoreboard;
struct settings;
struct slot;

/*
 * The body of the process, after the fork; the caller has blocked the signals.
 * Waits for the workers' outbox_signal_raise(), looks into every outbox once a second
 * for what other hosts have put there and for what is to be tried again, and
 * returns at SIGTERM when the running tries are over and marked: the exit
 * status. Programs that would take longer than [daemon] stop_timeout are
 * killed.
 */
int	courier_run(const struct settings *, const struct scoreboard *, struct slot *);

#endif
