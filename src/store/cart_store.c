/*
 * cart_store.c: carts in a market's database (see cart_store.h).
 *
 * A change reads the cart under the lock of its user. It changes the copy in
 * memory by the rules, and then the one row. The copy is the answer.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/money.h"
#include "store/cart_store.h"
#include "store/statements.h"

/* Columns of CART_ROW. */
enum {
	COL_LIVE, COL_ID, COL_SKU, COL_QUANTITY, COL_PRICE, COL_STOCK,
	COL_FOR_SALE, COL_NAME, COL_IMAGE, COL_SIZE, COL_COLOR
};

/* A call: who asks, and what to do. */
struct call {
	struct arena			*arena;
	const struct customer		*customer;
	int64_t				 line_id;
	int64_t				 sku_id;
	int64_t				 quantity;
	struct cart_result		*out;
	const struct cart_line		*added;		/* as it is now */
};

/* ---- reading ---- */

/* Adds an empty line to the copy and returns it. The room doubles. */
static struct cart_line *
add_cart_line(struct arena *arena, struct cart *cart)
{
	struct cart_line	*lines;

	if (cart->count == cart->room) {
		cart->room = cart->room == 0 ? 8 : cart->room * 2;
		lines = arena_array(arena, cart->room, sizeof(*lines));
		if (cart->count > 0)
			memcpy(lines, cart->lines,
			    cart->count * sizeof(*lines));
		cart->lines = lines;
	}
	return &cart->lines[cart->count++];
}

/* Returns a text of the row; "" for NULL. */
static const char *
read_cart_text(const struct db *db, size_t column, struct arena *arena)
{
	const char	*text = db_get_text(db, column, arena);

	return text != NULL ? text : "";
}

/* Takes a row of CART_ROW. */
static void
read_cart_line(const struct db *db, struct arena *arena, struct cart_line *l)
{
	l->id = db_get_int(db, COL_ID);
	l->sku_id = db_get_int(db, COL_SKU);
	l->quantity = db_get_int(db, COL_QUANTITY);
	l->price = db_get_int(db, COL_PRICE);
	l->stock = db_get_int(db, COL_STOCK);
	l->for_sale = db_get_int(db, COL_FOR_SALE) != 0;
	l->name = read_cart_text(db, COL_NAME, arena);
	l->image = db_get_text(db, COL_IMAGE, arena);
	l->size = read_cart_text(db, COL_SIZE, arena);
	l->color = read_cart_text(db, COL_COLOR, arena);
}

int64_t
cart_available(const struct cart_line *l)
{
	return l->for_sale ? l->stock : 0;
}

/* Adds up the total of all lines; returns false on overflow. */
static bool
sum_cart(struct cart *cart)
{
	int64_t	 total;

	cart->has_total = false;
	cart->total = 0;
	for (size_t i = 0; i < cart->count; i++) {
		if (!money_times(cart->lines[i].price, cart->lines[i].quantity,
		    &total) || !money_add(cart->total, total, &cart->total))
			return false;
	}
	cart->has_total = true;
	return true;
}

/* Reads the cart anew, and the state of the customer. The cart is empty unless
 * the customer is live. */
static enum db_result
read_cart(struct db *db, struct call *c)
{
	struct cart_result	*out = c->out;
	struct db_value		 values[] = { CUSTOMER_TIMES(c->customer),
		db_int(c->customer->user_id) };
	enum db_result		 result;
	bool			 more;

	memset(out, 0, sizeof(*out));
	result = db_run(db, STATEMENT_CART_SHOW, 1, values, 3);
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more) {
		out->customer = customer_of_row(db);
		if (out->customer == CUSTOMER_LIVE && !db_is_null(db, COL_ID))
			read_cart_line(db, c->arena,
			    add_cart_line(c->arena, &out->cart));
	}
	return result;
}

/* Body of cart_store_read(). */
static enum db_result
show_cart(struct db *db, void *arg)
{
	struct call	*c = arg;
	enum db_result	 result = read_cart(db, c);

	if (result == DB_OK)
		(void)sum_cart(&c->out->cart);
	return result;
}

enum db_result
cart_store_read(struct db *db, struct arena *arena,
    const struct customer *customer, struct cart_result *out)
{
	struct call	 c = { .arena = arena, .customer = customer,
	    .out = out };

	return db_read(db, show_cart, &c);
}

/* ---- changing ---- */

/* Runs the body as a transaction. */
static enum db_result
change_cart(struct db *db, struct call *c,
    enum db_result (*body)(struct db *, void *))
{
	memset(c->out, 0, sizeof(*c->out));
	return db_transaction(db, body, c);
}

/* Ends the change: the rules are against it. */
static enum db_result
refuse_cart(struct call *c, enum cart_outcome outcome)
{
	c->out->outcome = outcome;
	return DB_REFUSED;
}

/* Reads the cart under lock: until the end of the transaction nobody else can
 * change or order it. Refuses a customer who is not live. */
static enum db_result
lock_cart(struct db *db, struct call *c)
{
	struct db_value	 user = db_int(c->customer->user_id);
	enum db_result	 result;

	result = db_run(db, STATEMENT_CART_USER_LOCK, 1, &user, 1);
	/* These are two statements because one alone would see the cart as it
	 * was before the wait for the lock. */
	if (result != DB_OK || (result = read_cart(db, c)) != DB_OK)
		return result;
	return c->out->customer == CUSTOMER_LIVE ? DB_OK : DB_REFUSED;
}

/* Returns what there is of a line. The name of goods that are not for sale is
 * told only to who has them in the cart. */
static struct order_shortage
shortage_of(const struct cart_line *l)
{
	bool	 named = l->for_sale || l->id != 0;

	return (struct order_shortage){ .sku_id = l->sku_id,
		.requested = l->quantity, .available = cart_available(l),
		.product_name = named ? l->name : "",
		.size = named ? l->size : "", .color = named ? l->color : "" };
}

/* Refuses the change if the line may not be as it is now. A removal is not
 * checked: it must always be possible. */
static enum db_result
check_cart_line(struct call *c, const struct cart_line *l)
{
	if (!l->for_sale) {
		c->out->gone = shortage_of(l);
		return refuse_cart(c, CART_NO_SKU);
	}
	if (l->quantity > CART_QUANTITY_MAX)
		return refuse_cart(c, CART_TOO_MUCH);
	if (l->quantity > l->stock) {
		c->out->shortage = shortage_of(l);
		return refuse_cart(c, CART_SHORT);
	}
	if (l->id == 0 && c->out->cart.count > CART_LINES_MAX)
		return refuse_cart(c, CART_TOO_MANY_LINES);
	if (!sum_cart(&c->out->cart))
		return refuse_cart(c, CART_TOO_EXPENSIVE);
	return DB_OK;
}

/* Inserts the line that was added to the copy. */
static enum db_result
insert_cart_line(struct db *db, const struct call *c, struct cart_line *l)
{
	struct db_value	 values[] = { db_int(c->customer->user_id),
		db_int(l->sku_id), db_int(l->quantity), db_time(clock_us()) };
	enum db_result	 result;

	result = db_run(db, STATEMENT_CART_INSERT, 1, values, 4);
	/* Another program inserted the line without the lock: read again. */
	if (result == DB_DUPLICATE)
		return DB_AGAIN;
	l->id = (int64_t)db_insert_id(db);
	return result;
}

/* Writes the new quantity of the line. */
static enum db_result
update_cart_line(struct db *db, const struct call *c, const struct cart_line *l)
{
	struct db_value	 values[] = { db_int(l->quantity), db_int(l->id),
		db_int(c->customer->user_id) };
	enum db_result	 result;

	result = db_run(db, STATEMENT_CART_UPDATE, 1, values, 3);
	/* Another program deleted the line without the lock: read again. */
	if (result == DB_OK && db_matched(db) == 0)
		return DB_AGAIN;
	return result;
}

/* Finds the line of the SKU, or adds one with a quantity of 0. If the SKU does
 * not exist, the new line is not for sale. */
static enum db_result
take_cart_line(struct db *db, struct call *c, struct cart_line **out)
{
	struct cart	*cart = &c->out->cart;
	struct db_value	 sku = db_int(c->sku_id);
	enum db_result	 result;
	bool		 more;

	for (size_t i = 0; i < cart->count; i++) {
		*out = &cart->lines[i];
		if ((*out)->sku_id == c->sku_id)
			return DB_OK;
	}
	*out = add_cart_line(c->arena, cart);
	(*out)->sku_id = c->sku_id;
	result = db_run(db, STATEMENT_CART_SKU, 1, &sku, 1);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	read_cart_line(db, c->arena, *out);
	db_skip(db);
	return DB_OK;
}

/* Body of cart_store_add(). */
static enum db_result
add_to_cart(struct db *db, void *arg)
{
	struct call		*c = arg;
	struct cart_line	*l;
	enum db_result		 result;

	if ((result = lock_cart(db, c)) != DB_OK)
		return result;
	if ((result = take_cart_line(db, c, &l)) != DB_OK)
		return result;
	l->quantity += c->quantity;
	c->added = l;
	if ((result = check_cart_line(c, l)) != DB_OK)
		return result;
	return l->id == 0 ? insert_cart_line(db, c, l) :
	    update_cart_line(db, c, l);
}

/* Body of db_resolve(): looks for the line with its new quantity. */
static enum db_result
find_added_line(struct db *db, void *arg, bool *kept)
{
	const struct call	*c = arg;
	struct db_value		 values[] = { db_int(c->added->id),
		db_int(c->added->quantity) };

	return db_exists(db, STATEMENT_CART_FIND, values, 2, kept);
}

enum db_result
cart_store_add(struct db *db, struct arena *arena,
    const struct customer *customer, int64_t sku_id, int64_t quantity,
    struct cart_result *out)
{
	struct call	 c = { .arena = arena, .customer = customer,
	    .sku_id = sku_id, .quantity = quantity, .out = out };
	enum db_result	 result = change_cart(db, &c, add_to_cart);

	/* Of all changes of a cart, only this one is not idempotent. */
	return result == DB_UNKNOWN ? db_resolve(db,
	    arena_printf(arena, "cart of user %lld",
	    (long long)customer->user_id), find_added_line, &c) : result;
}

/* Removes the line from the database and from the copy. */
static enum db_result
remove_cart_line(struct db *db, struct call *c, struct cart_line *l)
{
	struct cart	*cart = &c->out->cart;
	struct db_value	 values[] = { db_int(c->customer->user_id),
		db_int(l->id) };

	cart->count--;
	memmove(l, l + 1,
	    (size_t)(cart->lines + cart->count - l) * sizeof(*l));
	(void)sum_cart(cart);
	return db_run(db, STATEMENT_CART_EMPTY, 1, values, 2);
}

/* Body of cart_store_set(). */
static enum db_result
set_cart_line(struct db *db, void *arg)
{
	struct call		*c = arg;
	struct cart		*cart = &c->out->cart;
	struct cart_line	*l;
	enum db_result		 result;

	if ((result = lock_cart(db, c)) != DB_OK)
		return result;
	for (l = cart->lines; l < cart->lines + cart->count &&
	    l->id != c->line_id; l++)
		;
	if (l == cart->lines + cart->count)
		return refuse_cart(c, CART_NO_ITEM);
	if (c->quantity == 0)
		return remove_cart_line(db, c, l);
	l->quantity = c->quantity;
	if ((result = check_cart_line(c, l)) != DB_OK)
		return result;
	return update_cart_line(db, c, l);
}

enum db_result
cart_store_set(struct db *db, struct arena *arena,
    const struct customer *customer, int64_t line_id, int64_t quantity,
    struct cart_result *out)
{
	struct call	 c = { .arena = arena, .customer = customer,
	    .line_id = line_id, .quantity = quantity, .out = out };

	return change_cart(db, &c, set_cart_line);
}

/* Body of cart_store_clear(). */
static enum db_result
clear_cart(struct db *db, void *arg)
{
	struct call	*c = arg;
	struct db_value	 user = db_int(c->customer->user_id);
	enum db_result	 result;

	if ((result = lock_cart(db, c)) != DB_OK)
		return result;
	c->out->cart.count = 0;
	(void)sum_cart(&c->out->cart);
	return db_run(db, STATEMENT_CART_CLEAR, 1, &user, 1);
}

enum db_result
cart_store_clear(struct db *db, struct arena *arena,
    const struct customer *customer, struct cart_result *out)
{
	struct call	 c = { .arena = arena, .customer = customer,
	    .out = out };

	return change_cart(db, &c, clear_cart);
}
