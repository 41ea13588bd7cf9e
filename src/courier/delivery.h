/*
 * delivery.h: one try to deliver one message, from the claimed row to what
 * became of it. It knows the kinds of messages; the courier does not.
 */
#ifndef ORDERMUX_DELIVERY_H
#define ORDERMUX_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "courier/command.h"
#include "courier/job.h"
#include "store/outbox_store.h"

#define DELIVERY_ATTEMPTS_MAX 20	/* then a message is dead */

struct arena;
struct secretbox_keys;

struct delivery {
	bool			 busy;	/* else this is a free place */
	bool			 over;	/* "outcome" is to be written */
	bool			 unsure;	/* it may be written already */
	struct arena		*arena;	/* the place's, kept */
	struct job		 job;
	struct command		 command;
	char			 kind[33];
	unsigned		 attempt;
	struct outbox_outcome	 outcome;
};

/* How long a try may take at most, in ms, over all kinds. */
unsigned	delivery_timeout(const struct market *);

/*
 * Begins in a free place. Whatever is wrong with the message becomes an
 * outcome as well, so that delivery_check() is all that is to be asked.
 */
void	delivery_start(struct delivery *, const struct market *,
    const struct texts *, const struct secretbox_keys *,
    const struct outbox_claim *);

/* Takes what the program says, ends it when its time is over. Whether the try
 * is over; when it has just become so, the log is told. */
bool	delivery_check(struct delivery *);

/* Makes the place free again. */
void	delivery_clear(struct delivery *);

/* µs until the try behind this one: 1 s, 2, 4 ... 60 s, a quarter more or less
 * by chance, so that what failed together is not tried again together. */
int64_t	delivery_pause(unsigned attempt);

#endif
