/*
 * order_basket.c: see order_basket.h.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/order_basket.h"
#include "store/sku_cache.h"
#include "store/statements.h"

#define NEVER INT64_C(253402300799000000)	/* the year 9999, µs */

void
order_basket_init(struct order_basket *b, struct arena *arena,
    const struct order_request *q, struct order_result *result)
{
	memset(b, 0, sizeof(*b));
	b->arena = arena;
	b->request = q;
	b->result = result;
	b->count = q->want_count;
	b->wants = arena_array(arena, ORDER_LINES_MAX, sizeof(*b->wants));
	b->cart_ids = arena_array(arena, ORDER_LINES_MAX,
	    sizeof(*b->cart_ids));
	b->stocks = arena_array(arena, ORDER_LINES_MAX, sizeof(*b->stocks));
	b->for_sale = arena_array(arena, ORDER_LINES_MAX,
	    sizeof(*b->for_sale));
	if (q->want_count > 0)
		memcpy(b->wants, q->wants, q->want_count * sizeof(*b->wants));
}

/* Notes the reason for which the order is refused. */
static enum db_result
refuse_basket(struct order_basket *b, enum order_outcome outcome)
{
	b->result->outcome = outcome;
	return DB_REFUSED;
}

/* ---- what is wanted ---- */

/* Takes what the cart holds, under lock: until the end of the transaction
 * nobody else can order or change these lines. */
static enum db_result
take_cart(struct db *db, struct order_basket *b)
{
	struct db_value	 user = db_int(b->request->customer.user_id);
	enum db_result	 result;
	bool		 more, wrong = false;

	b->count = 0;
	result = db_run(db, STATEMENT_CART_LOCK, 1, &user, 1);
	if (result != DB_OK)
		return result;
	while ((result = db_next(db, &more)) == DB_OK && more) {
		if (b->count == ORDER_LINES_MAX) {
			db_skip(db);
			return refuse_basket(b, ORDER_TOO_MANY_LINES);
		}
		b->cart_ids[b->count] = db_get_int(db, 0);
		b->wants[b->count].sku_id = db_get_int(db, 1);
		b->wants[b->count].quantity = db_get_int(db, 2);
		wrong = wrong || db_get_int(db, 2) < 1 ||
		    db_get_int(db, 2) > ORDER_QUANTITY_MAX;
		b->count++;
	}
	if (result == DB_OK && wrong)
		return refuse_basket(b, ORDER_CART_WRONG);
	if (result == DB_OK && b->count == 0)
		return refuse_basket(b, ORDER_CART_EMPTY);
	return result;
}

/* ---- what the shop has ---- */

/* Makes room for the lines of the order, with nothing in them. */
static void
begin_basket_lines(struct order_basket *b)
{
	struct order	*o = &b->result->order;

	o->lines = arena_array(b->arena, b->count, sizeof(*o->lines));
	o->line_count = b->count;
}

/* Makes the line of a want, whose SKU this is. The line takes its texts. */
static void
set_basket_line(struct order_basket *b, size_t i, const struct sku *sku)
{
	struct order_line	*l = &b->result->order.lines[i];

	l->sku_id = sku->id;
	l->line_no = (unsigned)i + 1;
	l->quantity = b->wants[i].quantity;
	l->unit_price = sku->price;
	l->product_name = sku->title;
	l->sku_code = sku->code;
	l->size = sku->size;
	l->color = sku->color;
}

/* Remembers the SKU of an order that can be made, for the next ones. What is
 * running out, or wanted by who has had enough, is not worth it: an order that
 * is refused would be written first, and taken back. */
static void
remember_basket_line(struct order_basket *b, size_t i, const struct sku *sku)
{
	if (b->for_sale[i] && b->stocks[i] >= b->wants[i].quantity &&
	    b->limit_at == 0)
		sku_cache_keep(b->request->skus, sku);
	else
		sku_cache_drop(b->request->skus, sku->id);
}

/* Fills the line of the want that a row of STATEMENT_SKUS is about. */
static void
fill_basket_line(const struct db *db, struct order_basket *b)
{
	struct sku	 sku = { .id = db_get_int(db, 0),
		.price = db_get_int(db, 1),
		.title = db_get_text(db, 3, b->arena),
		.code = db_get_text(db, 4, b->arena),
		.size = db_get_text(db, 5, b->arena),
		.color = db_get_text(db, 6, b->arena) };
	size_t		 i;

	for (i = 0; i < b->count && b->wants[i].sku_id != sku.id; i++)
		;
	if (i == b->count)
		return;
	b->stocks[i] = db_get_int(db, 2);
	b->for_sale[i] = db_get_int(db, 7) != 0;
	b->limit_at = db_get_int(db, 8);
	set_basket_line(b, i, &sku);
	remember_basket_line(b, i, &sku);
}

/* Reads all SKUs by one statement, into the lines of the order. A line whose
 * SKU does not exist keeps sku_id 0, and is not for sale. */
static enum db_result
fill_basket_lines(struct db *db, struct order_basket *b)
{
	const struct order_request	*q = b->request;
	struct db_value			*values = arena_array(b->arena,
	    b->count + 3, sizeof(*values)), *v = values;
	enum db_result			 result;
	bool				 more;

	begin_basket_lines(b);
	memset(b->for_sale, 0, b->count * sizeof(*b->for_sale));
	*v++ = db_int(q->customer.user_id);
	*v++ = db_time(q->per_hour > 0 ? clock_us() - ORDER_HOUR : NEVER);
	*v++ = db_int(q->per_hour > 0 ? q->per_hour - 1 : 0);
	for (size_t i = 0; i < b->count; i++)
		*v++ = db_int(b->wants[i].sku_id);
	b->limit_at = 0;
	result = db_run(db, STATEMENT_SKUS, b->count, values, b->count + 3);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more)
		fill_basket_line(db, b);
	return result;
}

/* Returns how many pieces of the line there are, if it is looked at whether
 * there are enough (gone = false); or 0 if the line is not for sale (gone), and
 * else as many as are wanted. */
static int64_t
available_of(const struct order_basket *b, size_t i, bool gone)
{
	if (!gone)
		return b->stocks[i];
	return b->for_sale[i] ? b->wants[i].quantity : 0;
}

/* Notes what is not for sale (gone), or more than is in stock; returns how many
 * lines that are. What is not for sale has its name only for who had it in the
 * cart. */
static size_t
find_shortages(struct order_basket *b, bool gone)
{
	struct order_result	*r = b->result;
	bool			 named = !gone || b->request->from_cart;

	r->shortages = arena_array(b->arena, b->count, sizeof(*r->shortages));
	r->shortage_count = 0;
	for (size_t i = 0; i < b->count; i++) {
		const struct order_line	*l = &r->order.lines[i];
		int64_t			 there = available_of(b, i, gone);
		bool			 known = named && l->sku_id != 0;

		if (b->wants[i].quantity <= there)
			continue;
		r->shortages[r->shortage_count++] = (struct order_shortage){
			.sku_id = b->wants[i].sku_id,
			.requested = b->wants[i].quantity, .available = there,
			.product_name = known ? l->product_name : "",
			.size = known ? l->size : "",
			.color = known ? l->color : "" };
	}
	return r->shortage_count;
}

/* Refuses what cannot be bought: a SKU that does not exist or is not for sale,
 * too little stock. */
static enum db_result
check_basket_lines(struct order_basket *b)
{
	if (find_shortages(b, true) > 0)
		return refuse_basket(b, ORDER_NO_SKU);
	if (find_shortages(b, false) > 0)
		return refuse_basket(b, ORDER_SHORT);
	return DB_OK;
}

/* Fills a line from what is remembered of its SKU; false if that is nothing. */
static bool
recall_basket_line(struct order_basket *b, size_t i)
{
	struct sku	 sku;

	if (!sku_cache_find(b->request->skus, b->wants[i].sku_id, &sku))
		return false;
	sku.title = arena_strdup(b->arena, sku.title);
	sku.code = arena_strdup(b->arena, sku.code);
	sku.size = arena_strdup(b->arena, sku.size);
	sku.color = arena_strdup(b->arena, sku.color);
	set_basket_line(b, i, &sku);
	return true;
}

/* Fills all lines from what is remembered; false if one is missing. Not for
 * long orders: their statements are not kept prepared, which costs more. */
static bool
recall_basket_lines(struct order_basket *b)
{
	if (b->doubted || b->count > DB_KEEP_LINES)
		return false;
	begin_basket_lines(b);
	b->limit_at = 0;
	for (size_t i = 0; i < b->count; i++) {
		if (!recall_basket_line(b, i))
			return false;
	}
	return true;
}

enum db_result
order_basket_fill(struct db *db, struct order_basket *b)
{
	enum db_result	 result = DB_OK;

	b->known = false;
	if (b->request->from_cart)
		result = take_cart(db, b);
	if (result == DB_OK)
		b->known = recall_basket_lines(b);
	if (result == DB_OK && !b->known)
		result = fill_basket_lines(db, b);
	return result == DB_OK && !b->known ? check_basket_lines(b) : result;
}

enum db_result
order_basket_doubt(struct order_basket *b)
{
	for (size_t i = 0; i < b->count; i++)
		sku_cache_drop(b->request->skus, b->wants[i].sku_id);
	b->doubted = true;
	return DB_REFUSED;
}

bool
order_basket_is_void(const struct order_basket *b)
{
	return b->known && b->doubted;
}

/* ---- when it is ordered ---- */

enum db_result
order_basket_empty_cart(struct db *db, struct order_basket *b)
{
	struct db_value	*values;
	enum db_result	 result;

	if (!b->request->from_cart)
		return DB_OK;
	values = arena_array(b->arena, b->count + 1, sizeof(*values));
	values[0] = db_int(b->request->customer.user_id);
	for (size_t i = 0; i < b->count; i++)
		values[i + 1] = db_int(b->cart_ids[i]);
	result = db_run(db, STATEMENT_CART_EMPTY, b->count, values,
	    b->count + 1);
	/* They are locked: a missing one is a bug. */
	if (result == DB_OK && db_matched(db) != b->count) {
		log_error("the cart changed under lock",
		    log_uint("lines", b->count),
		    log_uint("deleted", db_matched(db)));
		return DB_FAILED;
	}
	return result;
}

/* Takes the stock of lines that are remembered, if the SKUs are still so, and
 * the customer may make an order more. */
static enum db_result
take_known_stock(struct db *db, struct order_basket *b)
{
	const struct order_request	*q = b->request;
	const struct order_line		*lines = b->result->order.lines;
	struct db_value			*values = arena_array(b->arena,
	    b->count * 10 + 3, sizeof(*values)), *v = values;
	enum db_result			 result;

	for (const struct order_line *l = lines; l < lines + b->count; l++) {
		*v++ = db_int(l->sku_id);
		*v++ = db_int(l->quantity);
	}
	for (const struct order_line *l = lines; l < lines + b->count; l++) {
		*v++ = db_int(l->sku_id);
		*v++ = db_int(l->quantity);
		*v++ = db_int(l->unit_price);
		*v++ = db_text(l->sku_code);
		*v++ = db_text(l->size);
		*v++ = db_text(l->color);
	}
	for (const struct order_line *l = lines; l < lines + b->count; l++) {
		*v++ = db_int(l->sku_id);
		*v++ = db_text(l->product_name);
	}
	if (q->per_hour > 0) {
		*v++ = db_int(q->customer.user_id);
		*v++ = db_time(clock_us() - ORDER_HOUR);
		*v++ = db_int(q->per_hour);
	}
	result = db_run(db, q->per_hour > 0 ? STATEMENT_STOCK_TAKE_LIMITED :
	    STATEMENT_STOCK_TAKE_KNOWN, b->count, values, (size_t)(v - values));
	return result != DB_OK || db_matched(db) == b->count ? result :
	    order_basket_doubt(b);
}

enum db_result
order_basket_take_stock(struct db *db, struct order_basket *b)
{
	struct db_value	*values = arena_array(b->arena, b->count * 4,
	    sizeof(*values));
	enum db_result	 result;

	if (b->known)
		return take_known_stock(db, b);
	for (size_t i = 0; i < b->count; i++) {
		struct db_value	 id = db_int(b->wants[i].sku_id);
		struct db_value	 n = db_int(b->wants[i].quantity);

		values[2 * i] = values[2 * (b->count + i)] = id;
		values[2 * i + 1] = values[2 * (b->count + i) + 1] = n;
	}
	result = db_run(db, STATEMENT_STOCK_TAKE, b->count, values,
	    b->count * 4);
	if (result != DB_OK || db_matched(db) == b->count)
		return result;
	/* Another order was faster: looks at what is left. */
	if ((result = fill_basket_lines(db, b)) != DB_OK ||
	    (result = check_basket_lines(b)) != DB_OK)
		return result;
	return DB_AGAIN;
}
