/*
 * staff_stock.c: see staff_stock.h.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/statements.h"
#include "store/staff_stock.h"

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

/* Reads one SKU; *found says whether it is there. */
static enum db_result
read_one_sku(struct db *db, struct changing *c, enum statement_id statement,
    struct db_value value, bool *found)
{
	enum db_result	 result = db_run(db, statement, 1, &value, 1);

	if (result == DB_OK)
		result = db_next(db, found);
	if (result == DB_OK && *found)
		read_stock_sku(db, c->arena, &c->out->sku);
	db_skip(db);
	return result;
}

/* Finds the SKU, by its code or else by its id. */
static enum db_result
find_stock_sku(struct db *db, struct changing *c, bool *found)
{
	const char	*sku = c->change->sku;
	enum db_result	 result;
	int64_t		 id;

	result = read_one_sku(db, c, STATEMENT_STAFF_SKU_BY_CODE, db_text(sku),
	    found);
	if (result == DB_OK && !*found && str_to_int64(sku, &id))
		result = read_one_sku(db, c, STATEMENT_STAFF_SKU_BY_ID,
		    db_int(id), found);
	return result;
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
	result = read_one_sku(db, c, STATEMENT_STAFF_SKU_BY_ID,
	    db_int(out->sku.id), &found);
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
	bool		 found;

	memset(c->out, 0, sizeof(*c->out));
	c->out->outcome = STOCK_NO_SKU;
	c->at = clock_us();
	result = find_stock_sku(db, c, &found);
	if (result == DB_OK && found)
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
