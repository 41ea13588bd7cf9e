/*
 * outbox_signal.h: tells the courier that a market has a message to be
 * delivered, so that it need not wait for its next look.
 *
 * One eventfd, and a bit for each market in memory that all processes share.
 * The process's own, as the log's level is: the master makes it before its
 * first fork, the children inherit it. Where nobody has made it (a tool, a
 * unit test) nobody is told.
 */
#ifndef ORDERMUX_OUTBOX_SIGNAL_H
#define ORDERMUX_OUTBOX_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#define OUTBOX_SIGNAL_MARKETS_MAX 64

/* Before the first fork. False with errno when it cannot be made. */
bool	outbox_signal_init(void);
void	outbox_signal_free(void);

/* There is something for the market with this index. To be called when it has
 * been committed: before, it could not be seen. Never waits or fails. */
void	outbox_signal_raise(unsigned market);

/* Readable from outbox_signal_raise() to outbox_signal_take(); -1 when there
 * is none. */
int	outbox_signal_fd(void);

/* The markets (1 << index) that were raised since the last call. */
uint64_t	outbox_signal_take(void);

#endif
