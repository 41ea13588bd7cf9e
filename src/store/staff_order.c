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
read_staff_order(struct db *db, void *arg)
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

/* Returns the number in upper case, as ours are; NULL if it is that already. */
static const char *
upper_order_number(struct arena *arena, const char *number)
{
	char	*upper = arena_strdup(arena, number);

	for (char *p = upper; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	return strcmp(upper, number) != 0 ? upper : NULL;
}

/* Returns whether this can be an order number: visible ASCII. */
static bool
may_be_order_number(const char *text)
{
	size_t	 n = 0;

	while (text[n] >= '!' && text[n] <= '~')
		n++;
	return text[n] == '\0' && n > 0 && n <= ORDER_NUMBER_MAX;
}

/* Looks for the order by the statement, unless it was found before. */
static enum db_result
look_up_order(struct db *db, struct finding *f, enum statement_id statement,
    struct db_value value)
{
	if (f->out->found)
		return DB_OK;
	f->statement = statement;
	f->value = value;
	return db_read(db, read_staff_order, f);
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
	if (!may_be_order_number(number_or_id))
		return DB_OK;
	result = look_up_order(db, &f, STATEMENT_STAFF_BY_NUMBER,
	    db_text(number_or_id));
	if (result == DB_OK &&
	    (upper = upper_order_number(arena, number_or_id)) != NULL)
		result = look_up_order(db, &f, STATEMENT_STAFF_BY_NUMBER,
		    db_text(upper));
	if (result == DB_OK && str_to_int64(number_or_id, &id))
		result = look_up_order(db, &f, STATEMENT_STAFF_BY_ID,
		    db_int(id));
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

/* Takes a row of STATEMENT_STAFF_LIST. */
static void
read_staff_entry(const struct db *db, struct arena *arena,
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
list_staff_orders(struct db *db, void *arg)
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
		read_staff_entry(db, l->arena, &l->entries[l->count++]);
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
	result = db_read(db, list_staff_orders, &l);
	*entries = l.entries;
	*count = result == DB_OK ? l.count : 0;
	return result;
}
