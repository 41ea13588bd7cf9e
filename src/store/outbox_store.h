/*
 * outbox_store.h: messages that wait in a market's database to be delivered.
 *
 * A message is written in the same transaction as what it is about, so that
 * neither is kept without the other. The courier (courier/outbox.h) delivers
 * it at least once, each time under the same id. Its content is sealed
 * (auth/secretbox.h): the database never sees a login code.
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

/* For bodies of db_transaction(): adds a message, and gives out its id. */
enum db_result	outbox_store_add(struct db *, const struct outbox_message *,
    char id[OUTBOX_ID_MAX + 1]);

/* For bodies of db_resolve(): says whether the message was kept. */
enum db_result	outbox_store_find(struct db *, const char *id, bool *found);

#endif
