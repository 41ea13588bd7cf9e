/*
 * staff_user.c: see staff_user.h.
 */
#include <string.h>

#include "base/arena.h"
#include "store/staff_user.h"
#include "store/statements.h"

/* The columns after a user's own. */
enum { COL_USER = 0, COL_TOKENS = 10, COL_ORDERS };

/* A user being looked for. */
struct user_search {
	struct arena		*arena;
	enum statement_id	 statement;
	struct db_value		 value;
	struct staff_user	*out;
};

/* Body of search_user(). */
static enum db_result
read_staff_user(struct db *db, void *arg)
{
	struct user_search	*s = arg;
	enum db_result		 result;
	bool			 more;

	memset(s->out, 0, sizeof(*s->out));
	result = db_run(db, s->statement, 1, &s->value, 1);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK)
		return result;
	if (more) {
		s->out->found = true;
		user_store_read(db, s->arena, COL_USER, &s->out->user);
		s->out->tokens_valid_from = db_get_int(db, COL_TOKENS);
		s->out->order_count = db_get_int(db, COL_ORDERS);
	}
	db_skip(db);
	return DB_OK;
}

enum db_result
staff_user_by_id(struct db *db, struct arena *arena, int64_t id,
    struct staff_user *out)
{
	struct user_search	 s = { .arena = arena, .out = out,
	    .statement = STATEMENT_STAFF_USER_BY_ID, .value = db_int(id) };

	return db_read(db, read_staff_user, &s);
}

enum db_result
staff_user_by_phone(struct db *db, struct arena *arena, const char *phone,
    struct staff_user *out)
{
	struct user_search	 s = { .arena = arena, .out = out,
	    .statement = STATEMENT_STAFF_USER_BY_PHONE,
	    .value = db_text(phone) };

	return db_read(db, read_staff_user, &s);
}

/* ---- orders ---- */

/* A user's orders being read. */
struct user_orders {
	struct arena			*arena;
	int64_t				 user_id;
	const char			*status;
	size_t				 limit;
	struct staff_order_entry	*entries;
	size_t				 count;
};

/* Body of staff_user_orders(). */
static enum db_result
read_user_orders(struct db *db, void *arg)
{
	struct user_orders	*o = arg;
	struct db_value		 values[] = { db_int(o->user_id),
	    db_text(o->status), db_text(o->status), db_int((int64_t)o->limit) };
	enum db_result		 result;
	bool			 more;

	o->count = 0;
	result = db_run(db, STATEMENT_STAFF_USER_ORDERS, 1, values, 4);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		staff_order_entry_read(db, o->arena,
		    &o->entries[o->count++]);
	return result;
}

enum db_result
staff_user_orders(struct db *db, struct arena *arena, int64_t user_id,
    const char *status, size_t limit, struct staff_order_entry **entries,
    size_t *count)
{
	struct user_orders	 o = { .arena = arena, .user_id = user_id,
	    .limit = limit, .status = status != NULL ? status : "" };
	enum db_result		 result;

	o.entries = arena_array(arena, limit, sizeof(*o.entries));
	result = db_read(db, read_user_orders, &o);
	*entries = o.entries;
	*count = result == DB_OK ? o.count : 0;
	return result;
}
