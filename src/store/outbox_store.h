/*
 * outbox_store.h: messages that wait in a market's database to be delivered.
 *
 * A message is written in the transaction of what it is about, so that there
 * is never one without the other; the courier (courier/) delivers it, at least
 * once, each time under the same id. What is in it is sealed (auth/secretbox.h):
 * the database never sees a login code.
 */
#ifndef ORDERMUX_OUTBOX_STORE_H
#define ORDERMUX_OUTBOX_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define OUTBOX_ID_MAX	32	/* hex digits of a message's id */
#define OUTBOX_KIND_SMS	"sms"

struct outbox_message {
	const char		*kind;
	const unsigned char	*payload;	/* sealed */
	size_t			 payload_len;
	int64_t			 expires_at;	/* µs; 0 = never */
};

/* Adds a message to the running transaction: for bodies of db_transaction().
 * Gives out the id that it has from now on. */
enum db_result	outbox_store_add(struct db *, const struct outbox_message *,
    char id[OUTBOX_ID_MAX + 1]);

/* Whether the message was kept: for bodies of db_resolve(). */
enum db_result	outbox_store_find(struct db *, const char *id, bool *found);

/*
 * ---- delivering: for the courier ----
 *
 * A message is pending until it is delivered or dead. A courier that tries it
 * has claimed it before, in a transaction of its own, under its name: of two
 * couriers one gets it. While it is claimed, due_at is when the claim runs out
 * and anybody may claim it again: what became of the first try is then
 * unknown. A finished message keeps all but its payload.
 */

#define OUTBOX_CLAIM_MAX 16	/* messages in one call */
#define OUTBOX_OWNER_MAX 128	/* bytes of a courier's name, "host:..." */

struct arena;

struct outbox_claim {
	int64_t		 id;
	const char	*message_id;
	const char	*kind;
	const char	*payload;	/* sealed */
	size_t		 payload_len;
	unsigned	 attempts;	/* this one included */
	bool		 expired;
	const char	*owner;		/* whose claim it was; NULL = nobody's */
};

/* Claims up to max messages that are due, the longest due first, for so many
 * microseconds. Kept when it is DB_OK. */
enum db_result	outbox_store_claim(struct db *, struct arena *,
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

/* Writes what became of them, in one transaction, and ends their claims. */
enum db_result	outbox_store_end(struct db *, const char *owner,
    struct outbox_outcome *, size_t count);

/* Messages that couriers of a host have claimed (OUTBOX_CLAIM_MAX at most):
 * id, message_id and owner of each are filled in. */
enum db_result	outbox_store_claimed(struct db *, struct arena *,
    const char *host, struct outbox_claim out[OUTBOX_CLAIM_MAX],
    size_t *count);

/* Makes a message due now whose owner is known not to try it any more. */
enum db_result	outbox_store_release(struct db *,
    const struct outbox_claim *);

/* Deletes some of what is of no more use: finished messages after 30 days,
 * login codes after one, their counters after two. *more: there may be more
 * of it. */
enum db_result	outbox_store_tidy(struct db *, bool *more);

#endif
