/*
 * staff_order.c: see staff_order.h.
 */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "store/staff_order.h"
#include "store/order_row.h"
#include "store/statements.h"

/* An order being looked for. */
struct finding {
	struct arena		*arena;
	enum statement_id	 statement;
	struct db_value		 value;
	struct staff_order	*out;
};

/* Body of staff_order_find(). */
static enum db_result
find(struct db *db, void *arg)
{
	struct finding		*f = arg;
	struct staff_order	*out = f->out;
	enum db_result		 result;
	bool			 more;

	memset(out, 0, sizeof(*out));
	result = db_run(db, f->statement, 1, &f->value, 1);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more) {
		if (!out->found) {
			out->found = true;
			out->user_id = db_get_int(db, ORDER_COL_FIRST);
			order_row_read(db, f->arena, &out->order);
		}
		order_row_add_line(db, f->arena, &out->order);
	}
	db_skip(db);
	return result;
}

/* The order number in upper case, as ours are; NULL if it is that already. */
static const char *
upper_number(struct arena *arena, const char *number)
{
	char	*upper = arena_strdup(arena, number);

	for (char *p = upper; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return strcmp(upper, number) != 0 ? upper : NULL;
}

/* Whether it can be a number at all: some visible ASCII. */
static bool
may_be_number(const char *text)
{
	size_t	 n = 0;

	while (text[n] >= '!' && text[n] <= '~')
		n++;
	return text[n] == '\0' && n > 0 && n <= ORDER_NUMBER_MAX;
}

/* Looks by the statement, unless it has been found. */
static enum db_result
look(struct db *db, struct finding *f, enum statement_id statement,
    struct db_value value)
{
	if (f->out->found)
		return DB_OK;
	f->statement = statement;
	f->value = value;
	return db_read(db, find, f);
}

enum db_result
staff_order_find(struct db *db, struct arena *arena, const char *number_or_id,
    struct staff_order *out)
{
	struct finding	 f = { .arena = arena, .out = out };
	enum db_result	 result = DB_OK;
	const char	*upper;
	int64_t		 id;

	memset(out, 0, sizeof(*out));
	if (!may_be_number(number_or_id))
		return DB_OK;
	result = look(db, &f, STATEMENT_STAFF_BY_NUMBER, db_text(number_or_id));
	if (result == DB_OK &&
	    (upper = upper_number(arena, number_or_id)) != NULL)
		result = look(db, &f, STATEMENT_STAFF_BY_NUMBER,
		    db_text(upper));
	if (result == DB_OK && str_to_int64(number_or_id, &id))
		result = look(db, &f, STATEMENT_STAFF_BY_ID, db_int(id));
	return result;
}

/* ---- the list ---- */

/* A list being read. */
struct listing {
	struct arena		*arena;
	const char		*status;
	size_t			 limit;
	struct staff_order_entry	*entries;
	size_t			 count;
};

void
staff_order_entry_read(const struct db *db, struct arena *arena,
    struct staff_order_entry *e)
{
	e->id = db_get_int(db, 0);
	e->number = db_get_text(db, 1, arena);
	e->status = db_get_text(db, 2, arena);
	e->total = db_get_int(db, 3);
	e->currency = db_get_text(db, 4, arena);
	e->created_at = db_get_int(db, 5);
	e->customer_name = db_get_text(db, 6, arena);
}

/* Body of staff_order_list(). */
static enum db_result
list(struct db *db, void *arg)
{
	struct listing	*l = arg;
	struct db_value	 values[] = { db_text(l->status), db_text(l->status),
	    db_int((int64_t)l->limit) };
	enum db_result	 result;
	bool		 more;

	l->count = 0;
	result = db_run(db, STATEMENT_STAFF_LIST, 1, values, 3);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		staff_order_entry_read(db, l->arena,
		    &l->entries[l->count++]);
	return result;
}

enum db_result
staff_order_list(struct db *db, struct arena *arena, const char *status,
    size_t limit, struct staff_order_entry **entries, size_t *count)
{
	struct listing	 l = { .arena = arena, .limit = limit,
	    .status = status != NULL ? status : "" };
	enum db_result	 result;

	l.entries = arena_array(arena, limit, sizeof(*l.entries));
	result = db_read(db, list, &l);
	*entries = l.entries;
	*count = result == DB_OK ? l.count : 0;
	return result;
}
