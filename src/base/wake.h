/*
 * wake.h: tells the courier that a market has a message to be delivered, so
 * that it need not wait for its next look.
 *
 * One eventfd, and a bit for each market in memory that all processes share.
 * The process's own, as the log's level is: the master makes it before its
 * first fork, the children inherit it. Where nobody has made it (a tool, a
 * unit test) nobody is told.
 */
#ifndef ORDERMUX_WAKE_H
#define ORDERMUX_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#define WAKE_MARKETS_MAX 64

/* Before the first fork. False with errno when it cannot be made. */
bool	wake_init(void);
void	wake_free(void);

/* There is something for the market with this index. To be called when it has
 * been committed: before, it could not be seen. Never waits or fails. */
void	wake_raise(unsigned market);

/* Readable from wake_raise() to wake_take(); -1 when there is none. */
int	wake_fd(void);

/* The markets (1 << index) that were raised since the last call. */
uint64_t	wake_take(void);

#endif
