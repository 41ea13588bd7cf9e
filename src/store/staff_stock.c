/*
 * staff_stock.c: see staff_stock.h.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/staff_stock.h"
#include "store/statements.h"

/* Takes a row of SKU_ROW. */
static void
read_stock_sku(const struct db *db, struct arena *arena, struct stock_sku *s)
{
	s->id = db_get_int(db, 0);
	s->code = db_get_text(db, 1, arena);
	s->stock = db_get_int(db, 2);
	s->for_sale = db_get_int(db, 3) != 0;
	s->title = db_get_text(db, 4, arena);
	s->size = db_get_text(db, 5, arena);
	s->color = db_get_text(db, 6, arena);
}

/* ---- looking ---- */

/* A page being read. */
struct paging {
	struct arena		*arena;
	int64_t			 after_id;
	struct stock_sku	*out;
	size_t			 count;
};

/* Body of staff_stock_page(). */
static enum db_result
read_stock_page(struct db *db, void *arg)
{
	struct paging	*p = arg;
	struct db_value	 values[] = { db_int(p->after_id),
	    db_int(STOCK_PAGE) };
	enum db_result	 result;
	bool		 more;

	p->count = 0;
	result = db_run(db, STATEMENT_STAFF_SKUS, 1, values, 2);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		read_stock_sku(db, p->arena, &p->out[p->count++]);
	return result;
}

enum db_result
staff_stock_page(struct db *db, struct arena *arena, int64_t after_id,
    struct stock_sku out[STOCK_PAGE], size_t *count)
{
	struct paging	 p = { .arena = arena, .after_id = after_id,
	    .out = out };
	enum db_result	 result = db_read(db, read_stock_page, &p);

	*count = result == DB_OK ? p.count : 0;
	return result;
}

/* ---- changing ---- */

/* A change being made. */
struct changing {
	const struct stock_change	*change;
	struct arena			*arena;
	struct stock_changed		*out;
	/* The time of its movement: tells this attempt from all others. */
	int64_t				 at;
};

void
stock_name_read(const char *text, struct stock_name *out)
{
	int64_t	 id;

	*out = (struct stock_name){ 0 };
	if (strncmp(text, "id:", 3) != 0)
		out->code = strncmp(text, "code:", 5) == 0 ? text + 5 : text;
	if (out->code != text + 5 && str_to_int64(out->code == NULL ?
	    text + 3 : text, &id) && id > 0)
		out->id = id;
}

/* Reads one SKU; *found says whether it is there. */
static enum db_result
read_one_sku(struct db *db, struct arena *arena, enum statement_id statement,
    struct db_value value, struct stock_sku *out, bool *found)
{
	enum db_result	 result = db_run(db, statement, 1, &value, 1);

	if (result == DB_OK)
		result = db_next(db, found);
	if (result == DB_OK && *found)
		read_stock_sku(db, arena, out);
	db_skip(db);
	return result;
}

/* Finds the SKU by its code and by its id. The outcome is STOCK_CHANGED if
 * there is exactly one. */
static enum db_result
find_stock_sku(struct db *db, struct changing *c)
{
	struct stock_changed	*out = c->out;
	struct stock_name	 name;
	enum db_result		 result = DB_OK;
	bool			 by_code = false, by_id = false;

	stock_name_read(c->change->sku, &name);
	if (name.code != NULL)
		result = read_one_sku(db, c->arena,
		    STATEMENT_STAFF_SKU_BY_CODE, db_text(name.code),
		    &out->sku, &by_code);
	/* The server does not see trailing blanks. */
	by_code = by_code && strcmp(out->sku.code, name.code) == 0;
	if (result == DB_OK && name.id != 0)
		result = read_one_sku(db, c->arena, STATEMENT_STAFF_SKU_BY_ID,
		    db_int(name.id), &out->other, &by_id);
	if (result != DB_OK)
		return result;
	if (by_id && !by_code)
		out->sku = out->other;
	out->outcome = !by_code && !by_id ? STOCK_NO_SKU :
	    by_code && by_id && out->sku.id != out->other.id ?
	    STOCK_AMBIGUOUS : STOCK_CHANGED;
	return DB_OK;
}

/* Changes the stock of the SKU if the result is possible. Reads the SKU as it
 * is then. */
static enum db_result
add_to_stock(struct db *db, struct changing *c)
{
	struct stock_changed	*out = c->out;
	int64_t			 delta = c->change->delta;
	enum db_result		 result;
	bool			 found;

	result = db_run(db, STATEMENT_STAFF_STOCK_ADD, 1, (struct db_value[]){
	    db_int(delta), db_int(out->sku.id), db_int(delta),
	    db_int(STOCK_MAX) }, 4);
	if (result != DB_OK)
		return result;
	out->outcome = db_matched(db) == 1 ? STOCK_CHANGED : STOCK_REFUSED;
	result = read_one_sku(db, c->arena, STATEMENT_STAFF_SKU_BY_ID,
	    db_int(out->sku.id), &out->sku, &found);
	if (result == DB_OK && !found)
		out->outcome = STOCK_NO_SKU;
	return result;
}

/* Notes the movement. */
static enum db_result
note_stock_change(struct db *db, struct changing *c)
{
	const struct stock_change	*change = c->change;
	struct db_value			 values[] = {
		db_int(c->out->sku.id), db_int(change->delta),
		db_text(change->by), db_text(change->note), db_time(c->at) };

	return db_run(db, STATEMENT_STAFF_STOCK_NOTE, 1, values, 5);
}

/* Body of db_transaction(). */
static enum db_result
change_sku_stock(struct db *db, void *arg)
{
	struct changing	*c = arg;
	enum db_result	 result;

	memset(c->out, 0, sizeof(*c->out));
	c->at = clock_us();
	result = find_stock_sku(db, c);
	if (result == DB_OK && c->out->outcome == STOCK_CHANGED)
		result = add_to_stock(db, c);
	if (result != DB_OK)
		return result;
	return c->out->outcome == STOCK_CHANGED ? note_stock_change(db, c) :
	    DB_REFUSED;
}

/* Body of db_resolve(): looks for the movement that this attempt would have
 * left. */
static enum db_result
find_stock_change(struct db *db, void *arg, bool *kept)
{
	struct changing	*c = arg;
	struct db_value	 values[] = { db_int(c->out->sku.id),
		db_time(c->at), db_int(c->change->delta),
		db_text(c->change->by) };

	return db_exists(db, STATEMENT_STAFF_STOCK_FIND, values, 4, kept);
}

enum db_result
staff_stock_change(struct db *db, struct arena *arena,
    const struct stock_change *change, struct stock_changed *out)
{
	struct changing	 c = { .change = change, .arena = arena, .out = out };
	enum db_result	 result = db_transaction(db, change_sku_stock, &c);

	return result == DB_UNKNOWN ?
	    db_resolve(db, out->sku.code, find_stock_change, &c) : result;
}
