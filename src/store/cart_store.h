/*
 * cart_store.h: what a customer may want to order, in a market's database.
 *
 * A cart is the lines of a user, and has no row of its own. Every change, also
 * by the order that empties the cart, locks the user's row first. So of two
 * changes at once, the second sees what the first did, and no line is lost.
 *
 * A line keeps a SKU and a quantity, nothing else. Price, title and picture
 * are those that the SKU has now. A line whose SKU is no longer for sale stays
 * with its price, so that the customer sees what is unavailable and can remove
 * it. If the SKU was deleted, name is "" and price 0. The quantity of such a
 * line cannot be changed, and an order of such a cart is refused with the name
 * of the goods.
 */
#ifndef ORDERMUX_CART_STORE_H
#define ORDERMUX_CART_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/customer.h"
#include "store/order.h"

#define CART_LINES_MAX	  ORDER_LINES_MAX
#define CART_QUANTITY_MAX ORDER_QUANTITY_MAX

struct cart_line {
	int64_t		 id;
	int64_t		 sku_id;
	int64_t		 quantity;	/* 1 .. CART_QUANTITY_MAX */
	int64_t		 price;		/* minor units, of one piece */
	int64_t		 stock;
	bool		 for_sale;
	const char	*name;
	const char	*image;		/* NULL: none */
	const char	*size;
	const char	*color;
};

/* How many pieces of it can be ordered now. */
int64_t	cart_available(const struct cart_line *);

/* The lines are in the order in which they were added. */
struct cart {
	struct cart_line	*lines;
	size_t			 count;
	size_t			 room;
	int64_t			 total;		/* minor units, of all lines */
	bool			 has_total;	/* else it overflows */
};

enum cart_outcome {
	CART_SHOWN,		/* read, or changed */
	CART_NO_ITEM,		/* no such line in this cart */
	CART_NO_SKU,		/* refused; gone is not for sale */
	CART_SHORT,		/* shortage */
	CART_TOO_MUCH,		/* more than CART_QUANTITY_MAX in a line */
	CART_TOO_MANY_LINES,
	CART_TOO_EXPENSIVE,	/* refused: the total would overflow */
	CART_OUTCOME__MAX
};

struct cart_result {
	enum customer_state	customer;
	enum cart_outcome	outcome;
	struct cart		cart;		/* as it is now, if shown */
	struct order_shortage	gone;	/* with names if it is in the cart */
	struct order_shortage	shortage;
};

/*
 * Each gives the whole cart, in the arena: DB_OK or DB_REFUSED with an outcome,
 * else as db.h says. Reading is one round trip. A change is four (lock, read,
 * change, commit), and five when it adds a SKU that was not in the cart.
 */
enum db_result	cart_store_read(struct db *, struct arena *,
    const struct customer *, struct cart_result *);

/* Adds the quantity (at least 1) to the line of the SKU, or adds a line. */
enum db_result	cart_store_add(struct db *, struct arena *,
    const struct customer *, int64_t sku_id, int64_t quantity,
    struct cart_result *);

/* Sets the quantity of a line; 0 removes it. */
enum db_result	cart_store_set(struct db *, struct arena *,
    const struct customer *, int64_t line_id, int64_t quantity,
    struct cart_result *);

enum db_result	cart_store_clear(struct db *, struct arena *,
    const struct customer *, struct cart_result *);

#endif
