/*
 * outbox_store.c: see outbox_store.h.
 */
#include <sodium.h>
#include <string.h>

#include "store/outbox_store.h"
#include "store/statements.h"

enum db_result
outbox_store_add(struct db *db, const struct outbox_message *m,
    char id[OUTBOX_ID_MAX + 1])
{
	unsigned char	 random[OUTBOX_ID_MAX / 2];
	struct db_value	 values[] = {
		{ .kind = DB_KIND_TEXT, .text = id, .len = OUTBOX_ID_MAX },
		db_text(m->kind), db_bytes(m->payload, m->payload_len),
		m->expires_at > 0 ? db_time(m->expires_at) : db_text(NULL)
	};

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(id, OUTBOX_ID_MAX + 1, random, sizeof(random));
	return db_run(db, STATEMENT_OUTBOX_ADD, 1, values,
	    sizeof(values) / sizeof(*values));
}

enum db_result
outbox_store_find(struct db *db, const char *id, bool *found)
{
	struct db_value	 value = db_text(id);

	return db_exists(db, STATEMENT_OUTBOX_FIND, &value, 1, found);
}
