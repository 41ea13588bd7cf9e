/*
 * order_earlier.c: see order_earlier.h.
 */
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "market/workflow.h"
#include "store/order_earlier.h"
#include "store/statements.h"

struct order_key
order_earlier_key(struct arena *arena, const struct order_request *q)
{
	char	 hex[ORDER_HASH_BYTES * 2 + 1];

	if (q->key != NULL || q->window <= 0 || q->from_cart)
		return (struct order_key){ .text = q->key };
	sodium_bin2hex(hex, sizeof(hex), q->hash, sizeof(q->hash));
	return (struct order_key){ .is_mark = true,
		.text = arena_printf(arena, "auto %s", hex) };
}

/* An order being looked for. */
struct search {
	struct arena			*arena;
	const struct order_request	*request;
	const struct order_key		*key;
	struct order_earlier		*out;
};

/* Returns whether the hash in the column is that of the request, by this
 * version or by an older one. */
static bool
is_hash_of(const struct db *db, size_t column, const struct order_request *q)
{
	size_t		 len;
	const char	*hash = db_get_bytes(db, column, &len);

	return hash != NULL && len == ORDER_HASH_BYTES &&
	    (memcmp(hash, q->hash, len) == 0 ||
	    memcmp(hash, q->old_hash, len) == 0);
}

/* Body of db_read(): looks for an order with the key or mark. */
static enum db_result
find_order_by_key(struct db *db, void *arg)
{
	struct search			*s = arg;
	const struct order_request	*q = s->request;
	struct db_value			 values[] = {
		db_int(q->customer.user_id), db_text(s->key->text) };
	enum db_result			 result;
	bool				 more;

	s->out->found = false;
	result = db_run(db, STATEMENT_ORDER_BY_KEY, 1, values, 2);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	s->out->found = true;
	s->out->id = db_get_int(db, 0);
	s->out->same = is_hash_of(db, 1, q);
	s->out->recent = db_get_int(db, 2) >= clock_us() - q->window;
	db_skip(db);
	return DB_OK;
}

/* Takes the row of STATEMENT_ORDER_RECENT. An order that gave its goods back is
 * no reason why the cart is empty. */
static void
take_recent_order(const struct db *db, struct search *s)
{
	enum order_state	 state;

	s->out->found = workflow_find(db_get_text(db, 1, s->arena), &state) &&
	    !workflow_returns_stock(state);
	s->out->id = db_get_int(db, 0);
}

/* Body of db_read(): looks for an order that the same request made of the cart
 * a moment ago. */
static enum db_result
find_recent_order(struct db *db, void *arg)
{
	struct search			*s = arg;
	const struct order_request	*q = s->request;
	struct db_value			 values[] = {
		db_int(q->customer.user_id), db_time(clock_us() - q->window),
		db_bytes(q->hash, sizeof(q->hash)),
		db_bytes(q->old_hash, sizeof(q->old_hash)) };
	enum db_result			 result;
	bool				 more;

	s->out->same = s->out->recent = true;
	s->out->found = false;
	result = db_run(db, STATEMENT_ORDER_RECENT, 1, values, 4);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	take_recent_order(db, s);
	db_skip(db);
	return DB_OK;
}

enum db_result
order_earlier_find(struct db *db, struct arena *arena,
    const struct order_request *q, const struct order_key *key,
    struct order_earlier *out)
{
	struct search	 s = { .arena = arena, .request = q, .key = key,
	    .out = out };

	memset(out, 0, sizeof(*out));
	if (key->text != NULL)
		return db_read(db, find_order_by_key, &s);
	if (q->from_cart && q->window > 0)
		return db_read(db, find_recent_order, &s);
	return DB_OK;
}

enum db_result
order_earlier_release(struct db *db, const struct order_request *q,
    const struct order_key *key)
{
	struct db_value	 values[] = { db_int(q->customer.user_id),
		db_text(key->text), db_time(clock_us() - q->window) };

	return db_run(db, STATEMENT_KEY_RELEASE, 1, values, 3);
}
