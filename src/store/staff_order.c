/*
 * staff_order.c: see staff_order.h.
 */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "store/order_row.h"
#include "store/staff_order.h"
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
		order_row_add_line(db, ORDER_COL_LINES, f->arena, &out->order);
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

/* Looks for the order by the statement. */
static enum db_result
look_up_order(struct db *db, struct arena *arena, enum statement_id statement,
    struct db_value value, struct staff_order *out)
{
	struct finding	 f = { .arena = arena, .statement = statement,
	    .value = value, .out = out };

	return db_read(db, read_staff_order, &f);
}

/* Looks for the order with this number, as written, then in upper case. */
static enum db_result
look_up_number(struct db *db, struct arena *arena, const char *number,
    struct staff_order *out)
{
	enum db_result	 result = look_up_order(db, arena,
	    STATEMENT_STAFF_BY_NUMBER, db_text(number), out);
	const char	*upper;

	if (result != DB_OK || out->found ||
	    (upper = upper_order_number(arena, number)) == NULL)
		return result;
	return look_up_order(db, arena, STATEMENT_STAFF_BY_NUMBER,
	    db_text(upper), out);
}

enum db_result
staff_order_find(struct db *db, struct arena *arena, const char *name,
    struct staff_order out[STAFF_ORDERS_FOUND], size_t *count)
{
	bool		 is_id = strncmp(name, "id:", 3) == 0;
	bool		 is_number = strncmp(name, "number:", 7) == 0;
	const char	*text = name + (is_id ? 3 : is_number ? 7 : 0);
	enum db_result	 result = DB_OK;
	int64_t		 id;

	*count = 0;
	if (!may_be_order_number(text))
		return DB_OK;
	out[0].found = false;
	if (!is_id)
		result = look_up_number(db, arena, text, &out[0]);
	*count = out[0].found;
	if (result != DB_OK || is_number || !str_to_int64(text, &id))
		return result;
	result = look_up_order(db, arena, STATEMENT_STAFF_BY_ID, db_int(id),
	    &out[*count]);
	if (result == DB_OK && out[*count].found &&
	    (*count == 0 || out[1].order.id != out[0].order.id))
		(*count)++;
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
	result = db_read(db, list_staff_orders, &l);
	*entries = l.entries;
	*count = result == DB_OK ? l.count : 0;
	return result;
}
