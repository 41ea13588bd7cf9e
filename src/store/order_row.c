/*
 * order_row.c: see order_row.h.
 */
#include <string.h>

#include "base/arena.h"
#include "store/order_lines.h"
#include "store/order_row.h"

enum {
	COL_NUMBER = ORDER_COL_ID + 1, COL_STATUS, COL_NAME, COL_PHONE,
	COL_EMAIL, COL_ADDRESS, COL_CITY, COL_STATE, COL_POSTCODE, COL_NOTES,
	COL_PAYMENT,
	COL_SUBTOTAL, COL_TAX, COL_TAX_INCLUDED, COL_SHIPPING, COL_TOTAL,
	COL_CURRENCY, COL_CREATED, COL_UPDATED, COL_LINES
};
_Static_assert((int)COL_LINES == (int)ORDER_COL_LINES, "columns");

/* Of a line, behind its first. */
enum {
	LINE_NO, LINE_PRODUCT, LINE_SKU_CODE, LINE_SIZE, LINE_COLOR,
	LINE_UNIT_PRICE, LINE_QUANTITY, LINE_TOTAL
};

void
order_row_read(const struct db *db, struct arena *arena, struct order *o)
{
	memset(o, 0, sizeof(*o));
	o->id = db_get_int(db, ORDER_COL_ID);
	o->number = db_get_text(db, COL_NUMBER, arena);
	o->status = db_get_text(db, COL_STATUS, arena);
	o->customer_name = db_get_text(db, COL_NAME, arena);
	o->customer_phone = db_get_text(db, COL_PHONE, arena);
	o->customer_email = db_get_text(db, COL_EMAIL, arena);
	o->delivery_address = db_get_text(db, COL_ADDRESS, arena);
	o->delivery_city = db_get_text(db, COL_CITY, arena);
	o->delivery_state = db_get_text(db, COL_STATE, arena);
	o->delivery_postcode = db_get_text(db, COL_POSTCODE, arena);
	o->delivery_notes = db_get_text(db, COL_NOTES, arena);
	o->payment_method = db_get_text(db, COL_PAYMENT, arena);
	o->subtotal = db_get_int(db, COL_SUBTOTAL);
	o->tax = db_get_int(db, COL_TAX);
	o->tax_included = db_get_int(db, COL_TAX_INCLUDED) != 0;
	o->shipping = db_get_int(db, COL_SHIPPING);
	o->total = db_get_int(db, COL_TOTAL);
	o->currency = db_get_text(db, COL_CURRENCY, arena);
	o->created_at = db_get_int(db, COL_CREATED);
	o->updated_at = db_get_int(db, COL_UPDATED);
}

bool
order_row_read_text(const struct db *db, struct arena *arena, struct order *o)
{
	size_t		 len;
	const char	*text = db_get_bytes(db, COL_LINES, &len);

	if (text == NULL || !order_lines_usable(text, len))
		return false;
	o->lines_json = arena_strndup(arena, text, len);
	o->lines_json_len = len;
	return true;
}

enum db_result
order_row_run(struct db *db, const struct customer *customer, int64_t id,
    enum statement_id own, enum statement_id anybodys)
{
	struct db_value	 order = db_int(id);

	if (customer == NULL)
		return db_run(db, anybodys, 1, &order, 1);
	return db_run(db, own, 1, (struct db_value[]){
	    CUSTOMER_TIMES(customer), order, db_int(customer->user_id) }, 4);
}

/* Adds a line to the order and returns it. The room doubles. */
static struct order_line *
add_order_line(struct arena *arena, struct order *o)
{
	struct order_line	*lines;

	if (o->line_count == o->line_room) {
		o->line_room = o->line_room == 0 ? 4 : o->line_room * 2;
		lines = arena_array(arena, o->line_room, sizeof(*lines));
		if (o->line_count > 0)
			memcpy(lines, o->lines, o->line_count * sizeof(*lines));
		o->lines = lines;
	}
	return &o->lines[o->line_count++];
}

void
order_row_add_line(const struct db *db, size_t column, struct arena *arena,
    struct order *o)
{
	struct order_line	*l;

	if (db_is_null(db, column + LINE_NO))
		return;
	l = add_order_line(arena, o);
	l->line_no = (unsigned)db_get_int(db, column + LINE_NO);
	l->product_name = db_get_text(db, column + LINE_PRODUCT, arena);
	l->sku_code = db_get_text(db, column + LINE_SKU_CODE, arena);
	l->size = db_get_text(db, column + LINE_SIZE, arena);
	l->color = db_get_text(db, column + LINE_COLOR, arena);
	l->unit_price = db_get_int(db, column + LINE_UNIT_PRICE);
	l->quantity = db_get_int(db, column + LINE_QUANTITY);
	l->total = db_get_int(db, column + LINE_TOTAL);
}
