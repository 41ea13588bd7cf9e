/*
 * order_card.c: see order_card.h.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/order_card.h"
#include "store/statements.h"

/* Columns of STATEMENT_CARD_PAGE. */
enum {
	COL_ID, COL_NUMBER, COL_STATUS, COL_TOTAL, COL_CURRENCY, COL_CREATED,
	COL_ADDRESS, COL_ITEMS, COL_PRODUCT, COL_QUANTITY, COL_UNIT_PRICE,
	COL_IMAGE
};

/* A page being read. */
struct reading {
	struct arena			*arena;
	const struct customer		*customer;
	const struct order_page		*page;
	struct order_cards		*out;
};

/* Reads how many orders there are, and whether the customer may know. */
static enum db_result
read_card_total(struct db *db, struct reading *r)
{
	struct order_cards	*out = r->out;
	struct db_value		 values[] = { CUSTOMER_TIMES(r->customer),
		db_text(r->page->status), db_text(r->page->status),
		db_int(r->customer->user_id) };
	enum db_result		 result;
	bool			 more;

	out->customer = CUSTOMER_UNKNOWN;
	out->total = 0;
	result = db_run(db, STATEMENT_CARD_COUNT, 1, values, 5);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	out->customer = customer_of_row(db);
	out->total = db_get_int(db, 1);
	db_skip(db);
	return DB_OK;
}

/* Takes the order of a row; it has no lines yet. */
static void
read_card(const struct db *db, struct arena *arena, struct order_card *o)
{
	memset(o, 0, sizeof(*o));
	o->id = db_get_int(db, COL_ID);
	o->number = db_get_text(db, COL_NUMBER, arena);
	o->status = db_get_text(db, COL_STATUS, arena);
	o->total = db_get_int(db, COL_TOTAL);
	o->currency = db_get_text(db, COL_CURRENCY, arena);
	o->created_at = db_get_int(db, COL_CREATED);
	o->delivery_address = db_get_text(db, COL_ADDRESS, arena);
	o->items_count = db_get_int(db, COL_ITEMS);
}

/* Adds the line of a row to its order, unless the order has none. */
static void
read_card_line(const struct db *db, struct arena *arena, struct order_card *o)
{
	struct order_card_line	*l;

	if (db_is_null(db, COL_PRODUCT))
		return;
	if (o->line_count == ORDER_CARD_LINES_MAX)
		panic("more lines than are shown");
	l = &o->lines[o->line_count++];
	l->product_name = db_get_text(db, COL_PRODUCT, arena);
	l->quantity = db_get_int(db, COL_QUANTITY);
	l->unit_price = db_get_int(db, COL_UNIT_PRICE);
	l->image = db_get_text(db, COL_IMAGE, arena);
}

/* Reads the page. Its rows are in order, the lines of an order together. */
static enum db_result
read_card_page(struct db *db, struct reading *r)
{
	const struct order_page	*p = r->page;
	struct order_cards	*out = r->out;
	struct db_value		 values[] = { db_int(r->customer->user_id),
		db_text(p->status), db_text(p->status), db_int(p->limit),
		db_int(p->offset) };
	enum db_result		 result;
	bool			 more;

	result = db_run(db, STATEMENT_CARD_PAGE, 1, values, 5);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more) {
		if (out->count == 0 || out->cards[out->count - 1].id !=
		    db_get_int(db, COL_ID)) {
			if (out->count == (size_t)p->limit)
				panic("more orders than the page holds");
			read_card(db, r->arena, &out->cards[out->count++]);
		}
		read_card_line(db, r->arena, &out->cards[out->count - 1]);
	}
	return result;
}

/* Body of order_card_list(). */
static enum db_result
read_cards(struct db *db, void *arg)
{
	struct reading	*r = arg;
	enum db_result	 result;

	r->out->count = 0;
	result = read_card_total(db, r);
	if (result != DB_OK || r->out->customer != CUSTOMER_LIVE ||
	    r->out->total <= r->page->offset)
		return result;
	return read_card_page(db, r);
}

enum db_result
order_card_list(struct db *db, struct arena *arena,
    const struct customer *customer, const struct order_page *page,
    struct order_cards *out)
{
	struct reading	 r = { .arena = arena, .customer = customer,
	    .page = page, .out = out };

	out->cards = arena_array(arena, (size_t)page->limit,
	    sizeof(*out->cards));
	return db_read(db, read_cards, &r);
}
