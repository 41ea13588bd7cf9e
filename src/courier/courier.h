/*
 * courier.h: the process that delivers the messages in the markets' outboxes.
 *
 * A message is delivered at least once, and always with the same id. The
 * courier claims it, runs a program that delivers it (delivery.h), and saves
 * the outcome, in this order. If the courier crashes before the last step,
 * nobody knows whether the message was delivered: the next courier says so in
 * the log, and tries again. Without a crash a message is delivered once, also
 * if several hosts use one database.
 *
 * One process serves all markets. Up to 8 programs run at the same time, and no
 * market can use all of these places while there are others. If a database
 * fails, the courier leaves it alone for ten times as long as that took, but
 * for 1 s at least and 30 s at most. So it has time for the other markets.
 *
 * In the courier's slot of the scoreboard an attempt counts as a request:
 * 2xx = delivered, 5xx = will retry, 4xx = given up.
 */
#ifndef ORDERMUX_COURIER_H
#define ORDERMUX_COURIER_H

struct scoreboard;
struct settings;
struct slot;

/*
 * Runs the courier, after the fork. The caller has blocked the signals.
 *
 * A worker wakes it with outbox_signal_raise(). Once a second it also looks
 * into every outbox for messages of other hosts, and for those to try again.
 * After SIGTERM it claims nothing more, and returns the exit status when the
 * running deliveries have ended and their outcomes are saved. Programs that
 * would take longer than 3/4 of [daemon] stop_timeout are killed.
 */
int	courier_run(const struct settings *, const struct scoreboard *,
    struct slot *);

#endif
