/*
 * order_desk.c: see order_desk.h.
 */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "store/order_desk.h"
#include "store/order_row.h"

/* An order being looked for. */
struct finding {
	struct arena		*arena;
	enum statement_id	 statement;
	struct db_value		 value;
	struct order_desk	*out;
};

/* Body of order_desk_find(). */
static enum db_result
find(struct db *db, void *arg)
{
	struct finding		*f = arg;
	struct order_desk	*out = f->out;
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

/* The order number that is meant, as it is written; NULL if it cannot be
 * one. */
static const char *
tidy_number(struct arena *arena, const char *text)
{
	size_t	 n = strlen(text);
	char	*number = arena_strdup(arena, text);

	if (n > ORDER_NUMBER_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '!' || text[i] > '~')
			return NULL;
		number[i] = (char)toupper((unsigned char)text[i]);
	}
	return number;
}

enum db_result
order_desk_find(struct db *db, struct arena *arena, const char *number_or_id,
    struct order_desk *out)
{
	struct finding	 f = { .arena = arena, .out = out,
	    .statement = STATEMENT_DESK_BY_ID };
	const char	*number;
	int64_t		 id;

	memset(out, 0, sizeof(*out));
	if (str_to_int64(number_or_id, &id))
		f.value = db_int(id);
	else if ((number = tidy_number(arena, number_or_id)) != NULL) {
		f.statement = STATEMENT_DESK_BY_NUMBER;
		f.value = db_text(number);
	} else
		return DB_OK;
	return db_read(db, find, &f);
}

/* ---- the list ---- */

/* A list being read. */
struct listing {
	struct arena		*arena;
	const char		*status;
	size_t			 limit;
	struct order_desk_entry	*entries;
	size_t			 count;
};

/* Takes a row of STATEMENT_DESK_LIST. */
static void
read_entry(const struct db *db, struct arena *arena,
    struct order_desk_entry *e)
{
	e->id = db_get_int(db, 0);
	e->number = db_get_text(db, 1, arena);
	e->status = db_get_text(db, 2, arena);
	e->total = db_get_int(db, 3);
	e->currency = db_get_text(db, 4, arena);
	e->created_at = db_get_int(db, 5);
	e->customer_name = db_get_text(db, 6, arena);
}

/* Body of order_desk_list(). */
static enum db_result
list(struct db *db, void *arg)
{
	struct listing	*l = arg;
	struct db_value	 values[] = { db_text(l->status), db_text(l->status),
	    db_int((int64_t)l->limit) };
	enum db_result	 result;
	bool		 more;

	l->count = 0;
	result = db_run(db, STATEMENT_DESK_LIST, 1, values, 3);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		read_entry(db, l->arena, &l->entries[l->count++]);
	return result;
}

enum db_result
order_desk_list(struct db *db, struct arena *arena, const char *status,
    size_t limit, struct order_desk_entry **entries, size_t *count)
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
