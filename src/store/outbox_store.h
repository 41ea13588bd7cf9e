/*
 * outbox_store.h: messages that wait in a market's database to be delivered.
 *
 * A message is written in the transaction of what it is about, so that there
 * is never one without the other; the courier (courier/) delivers it, at least
 * once, each time under the same id. What is in it is sealed (auth/seal.h):
 * the database never sees a login code.
 */
#ifndef ORDERMUX_OUTBOX_STORE_H
#define ORDERMUX_OUTBOX_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#define OUTBOX_ID_MAX	32	/* hex digits of a message's id */
#define OUTBOX_KIND_SMS	"sms"

struct outbox_message {
	const char		*kind;
	const unsigned char	*payload;	/* sealed */
	size_t			 payload_len;
	int64_t			 expires_at;	/* µs; 0 = never */
};

/* Adds a message to the running transaction: for bodies of db_transaction(). */
enum db_result	outbox_store_add(struct db *, const struct outbox_message *);

#endif
