/*
 * outbox.h: the messages that wait in a market's database, as the courier
 * takes them (store/outbox_store.h has how they got there).
 *
 * A message is pending until it is delivered or dead. Before a courier tries
 * to deliver a message, it claims it under its name, in a transaction of its
 * own: of two couriers, one gets it. While a message is claimed, due_at is the
 * time when the claim expires. Then any courier may claim it again, and the
 * result of the first try is unknown. A finished message keeps all but its
 * payload.
 */
#ifndef ORDERMUX_OUTBOX_H
#define ORDERMUX_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define OUTBOX_CLAIM_MAX 16	/* messages in one call */
#define OUTBOX_OWNER_MAX 128	/* bytes of a courier's name, "system:..." */

struct arena;

struct outbox_claim {
	int64_t		 id;
	const char	*message_id;
	const char	*kind;
	const char	*payload;	/* sealed */
	size_t		 payload_len;
	unsigned	 attempts;	/* this one included */
	bool		 expired;
	const char	*owner;		/* who had claimed it; NULL = nobody */
};

/* Claims up to max messages that are due, the longest due first. The claims
 * expire after lifetime microseconds. */
enum db_result	outbox_claim(struct db *, struct arena *,
    const char *owner, int64_t lifetime, size_t max,
    struct outbox_claim out[OUTBOX_CLAIM_MAX], size_t *count);

enum outbox_end { OUTBOX_DELIVERED, OUTBOX_LATER, OUTBOX_DEAD };

/* What became of a claimed message. */
struct outbox_outcome {
	int64_t		 id;
	enum outbox_end	 end;
	int64_t		 pause;		/* µs until the next try, if LATER */
	const char	*why;		/* NULL = nothing to say */
	bool		 kept;		/* filled in: it was still ours */
};

/* Writes the outcomes, in one transaction, and ends the claims. */
enum db_result	outbox_end(struct db *, const char *owner,
    struct outbox_outcome *, size_t count);

/* Lists messages that couriers of a system have claimed (at most
 * OUTBOX_CLAIM_MAX). Fills in id, message_id and owner of each. */
enum db_result	outbox_claimed(struct db *, struct arena *,
    const char *system, struct outbox_claim out[OUTBOX_CLAIM_MAX],
    size_t *count);

/* Ends a claim whose owner does not exist any more: the message is due now. */
enum db_result	outbox_release(struct db *,
    const struct outbox_claim *);

/* Deletes some old rows: finished messages after 30 days, login codes after
 * one day, their counters after two. *more says that there may be more. */
enum db_result	outbox_tidy(struct db *, bool *more);

#endif
