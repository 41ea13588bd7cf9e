/*
 * outbox_store.c: see outbox_store.h.
 */
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "store/outbox_store.h"

enum db_result
outbox_store_add(struct db *db, const struct outbox_message *m)
{
	unsigned char	 random[OUTBOX_ID_MAX / 2];
	char		 id[OUTBOX_ID_MAX + 1];
	int64_t		 now = clock_us();
	struct db_value	 values[] = { db_text(NULL), db_text(m->kind),
		db_bytes(m->payload, m->payload_len), db_time(now),
		m->expires_at > 0 ? db_time(m->expires_at) : db_text(NULL),
		db_time(now) };

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(id, sizeof(id), random, sizeof(random));
	values[0] = db_text(id);
	return db_run(db, STATEMENT_OUTBOX_ADD, 1, values,
	    sizeof(values) / sizeof(*values));
}
