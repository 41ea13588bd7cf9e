/*
 * outbox.c: see outbox.h.
 */
#include <string.h>

#include "base/arena.h"
#include "courier/outbox.h"
#include "store/statements.h"

#define TIDY_ROWS 500	/* of a table at a time: a few milliseconds */

/* Messages being claimed. */
struct claiming {
	struct arena		*arena;
	const char		*owner;
	int64_t			 lifetime;
	size_t			 max;
	struct outbox_claim	*out;
	size_t			 count;
};

/* Reads a row of STATEMENT_OUTBOX_DUE. */
static void
read_claim(const struct db *db, struct arena *arena, struct outbox_claim *c)
{
	const char	*payload;

	c->id = db_get_int(db, 0);
	c->message_id = db_get_text(db, 1, arena);
	c->kind = db_get_text(db, 2, arena);
	c->attempts = (unsigned)db_get_int(db, 3) + 1;
	c->owner = db_get_text(db, 4, arena);
	c->expired = db_get_int(db, 5) != 0;
	payload = db_get_bytes(db, 6, &c->payload_len);
	c->payload = arena_strndup(arena, payload, c->payload_len);
}

/* Locks messages that are due and that no other courier is claiming. */
static enum db_result
lock_due_messages(struct db *db, struct claiming *c)
{
	struct db_value	 max = db_int((int64_t)c->max);
	enum db_result	 result;
	bool		 more;

	c->count = 0;
	result = db_run(db, STATEMENT_OUTBOX_DUE, 1, &max, 1);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		read_claim(db, c->arena, &c->out[c->count++]);
	return result;
}

/* Body of outbox_claim(): refuses when nothing is due. */
static enum db_result
claim_due_messages(struct db *db, void *arg)
{
	struct claiming	*c = arg;
	struct db_value	 values[2 + OUTBOX_CLAIM_MAX] = { db_text(c->owner),
		db_int(c->lifetime) };
	enum db_result	 result;

	result = lock_due_messages(db, c);
	if (result != DB_OK || c->count == 0)
		return result == DB_OK ? DB_REFUSED : result;
	for (size_t i = 0; i < c->count; i++)
		values[2 + i] = db_int(c->out[i].id);
	return db_run(db, STATEMENT_OUTBOX_CLAIM, c->count, values,
	    2 + c->count);
}

enum db_result
outbox_claim(struct db *db, struct arena *arena, const char *owner,
    int64_t lifetime, size_t max, struct outbox_claim out[OUTBOX_CLAIM_MAX],
    size_t *count)
{
	struct claiming	 c = { .arena = arena, .owner = owner,
	    .lifetime = lifetime, .out = out,
	    .max = max < OUTBOX_CLAIM_MAX ? max : OUTBOX_CLAIM_MAX };
	enum db_result	 result = db_transaction(db, claim_due_messages, &c);

	*count = result == DB_OK ? c.count : 0;
	return result == DB_REFUSED ? DB_OK : result;
}

/* Outcomes being written. */
struct ending {
	const char		*owner;
	struct outbox_outcome	*list;
	size_t			 count;
};

/* Writes one outcome, if the claim still belongs to this owner. */
static enum db_result
end_claim(struct db *db, const char *owner, struct outbox_outcome *o)
{
	bool		 later = o->end == OUTBOX_LATER;
	struct db_value	 finished[] = {
		db_text(o->end == OUTBOX_DELIVERED ? "delivered" : "dead"),
		db_text(o->why), db_int(o->id), db_text(owner) };
	struct db_value	 again[] = { db_text(o->why), db_int(o->pause),
		db_int(o->id), db_text(owner) };
	enum db_result	 result;

	result = db_run(db, later ? STATEMENT_OUTBOX_LATER :
	    STATEMENT_OUTBOX_END, 1, later ? again : finished, 4);
	o->kept = result == DB_OK && db_matched(db) == 1;
	return result;
}

/* Body of outbox_end(). */
static enum db_result
end_claims(struct db *db, void *arg)
{
	struct ending	*e = arg;
	enum db_result	 result = DB_OK;

	for (size_t i = 0; result == DB_OK && i < e->count; i++)
		result = end_claim(db, e->owner, &e->list[i]);
	return result;
}

enum db_result
outbox_end(struct db *db, const char *owner,
    struct outbox_outcome *list, size_t count)
{
	struct ending	 e = { .owner = owner, .list = list, .count = count };

	return db_transaction(db, end_claims, &e);
}

/* Claims being listed. */
struct listing {
	struct arena		*arena;
	const char		*system;
	struct outbox_claim	*out;
	size_t			 count;
};

/* Body of outbox_claimed(). */
static enum db_result
list_claims(struct db *db, void *arg)
{
	struct listing	*l = arg;
	struct db_value	 values[] = { db_text(l->system),
		db_int(OUTBOX_CLAIM_MAX) };
	enum db_result	 result;
	bool		 more;

	l->count = 0;
	result = db_run(db, STATEMENT_OUTBOX_CLAIMED, 1, values, 2);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		l->out[l->count++] = (struct outbox_claim){
			.id = db_get_int(db, 0),
			.message_id = db_get_text(db, 1, l->arena),
			.owner = db_get_text(db, 2, l->arena) };
	return result;
}

enum db_result
outbox_claimed(struct db *db, struct arena *arena, const char *system,
    struct outbox_claim out[OUTBOX_CLAIM_MAX], size_t *count)
{
	struct listing	 l = { .arena = arena, .system = system, .out = out };
	enum db_result	 result = db_read(db, list_claims, &l);

	*count = result == DB_OK ? l.count : 0;
	db_settle(db);
	return result;
}

/* Body of outbox_release(). */
static enum db_result
release_claim(struct db *db, void *arg)
{
	const struct outbox_claim	*c = arg;
	struct db_value			 values[] = { db_int(c->id),
		db_text(c->owner) };

	return db_run(db, STATEMENT_OUTBOX_RELEASE, 1, values, 2);
}

enum db_result
outbox_release(struct db *db, const struct outbox_claim *c)
{
	struct outbox_claim	 copy = *c;

	return db_transaction(db, release_claim, &copy);
}

/* Rows being deleted. */
struct tidying {
	enum statement_id	 statement;
	bool			*more;
};

/* Body of outbox_tidy(), for one table: refuses when there is nothing to
 * delete. */
static enum db_result
tidy_table(struct db *db, void *arg)
{
	const struct tidying	*t = arg;
	struct db_value		 rows = db_int(TIDY_ROWS);
	enum db_result		 result;

	result = db_run(db, t->statement, 1, &rows, 1);
	if (result == DB_OK && db_matched(db) == TIDY_ROWS)
		*t->more = true;
	return result == DB_OK && db_matched(db) == 0 ? DB_REFUSED : result;
}

enum db_result
outbox_tidy(struct db *db, bool *more)
{
	static const enum statement_id	 tables[] = { STATEMENT_OUTBOX_TIDY,
	    STATEMENT_CODES_TIDY, STATEMENT_LIMITS_TIDY };
	struct tidying			 t = { .more = more };
	enum db_result			 result = DB_OK;

	*more = false;
	for (size_t i = 0; result == DB_OK &&
	    i < sizeof(tables) / sizeof(*tables); i++) {
		t.statement = tables[i];
		result = db_transaction(db, tidy_table, &t);
		if (result == DB_REFUSED)
			result = DB_OK;
	}
	return result;
}
