/*
 * delivery.h: one attempt to deliver one message, from the claimed row to the
 * outcome. This is where the kinds of messages are known.
 */
#ifndef ORDERMUX_DELIVERY_H
#define ORDERMUX_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "courier/command.h"
#include "courier/job.h"
#include "courier/outbox.h"
#include "courier/program.h"

#define DELIVERY_ATTEMPTS_MAX 20	/* then a message is dead */

struct arena;
struct secretbox_keys;

struct delivery {
	bool			 busy;		/* not a free place */
	bool			 over;		/* has an outcome to save */
	bool			 unsure;	/* it may be saved already */
	struct arena		*arena;		/* stays with the place */
	struct job		 job;
	struct command		 command;
	struct program		 program;	/* that delivers it */
	struct program		*proved;	/* the last of this market that
						 * has delivered a message */
	char			 kind[33];
	unsigned		 attempt;
	struct outbox_outcome	 outcome;
};

/* How long an attempt may take, in ms: the longest of all kinds. */
unsigned	delivery_timeout(const struct market *);

/*
 * Starts an attempt in a free place. If something is wrong with the message,
 * that is an outcome too: delivery_check() returns it.
 *
 * "proved" is the program that has delivered a message of this market. While it
 * is not the market's program, nothing that the program says is final: there is
 * most likely a mistake in it, and no message must be lost for that.
 */
void	delivery_start(struct delivery *, const struct market *,
    const struct texts *, const struct secretbox_keys *,
    struct program *proved, const struct outbox_claim *);

/* Reads the program's errors, and kills it if its time is over. Returns whether
 * the attempt has ended. The end is logged once. */
bool	delivery_check(struct delivery *);

/* Makes the place free again. A running program is killed. */
void	delivery_clear(struct delivery *);

/* How long to wait after this attempt, in µs: 1 s, 2, 4 ... 60 s. A random part
 * of up to a quarter is added or taken away, so that messages that failed
 * together are not tried again together. */
int64_t	delivery_pause(unsigned attempt);

#endif
