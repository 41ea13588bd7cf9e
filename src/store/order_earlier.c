/*
 * order_earlier.c: see order_earlier.h.
 */
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
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
	const struct order_request	*request;
	const struct order_key		*key;
	struct order_earlier		*out;
};

/* Body of db_read(): looks for an order with the key or mark. */
static enum db_result
find_order_by_key(struct db *db, void *arg)
{
	struct search			*s = arg;
	const struct order_request	*q = s->request;
	struct db_value			 values[] = {
		db_int(q->customer.user_id), db_text(s->key->text) };
	const char			*hash;
	size_t				 len;
	enum db_result			 result;
	bool				 more;

	s->out->found = false;
	result = db_run(db, STATEMENT_ORDER_BY_KEY, 1, values, 2);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	hash = db_get_bytes(db, 1, &len);
	s->out->found = true;
	s->out->id = db_get_int(db, 0);
	s->out->same = hash != NULL && len == sizeof(q->hash) &&
	    memcmp(hash, q->hash, len) == 0;
	s->out->recent = db_get_int(db, 2) >= clock_us() - q->window;
	db_skip(db);
	return DB_OK;
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
		db_bytes(q->hash, sizeof(q->hash)) };
	enum db_result			 result;

	s->out->same = s->out->recent = true;
	s->out->found = false;
	result = db_run(db, STATEMENT_ORDER_RECENT, 1, values, 3);
	if (result == DB_OK)
		result = db_next(db, &s->out->found);
	if (result == DB_OK && s->out->found)
		s->out->id = db_get_int(db, 0);
	db_skip(db);
	return result;
}

enum db_result
order_earlier_find(struct db *db, const struct order_request *q,
    const struct order_key *key, struct order_earlier *out)
{
	struct search	 s = { .request = q, .key = key, .out = out };

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
