/*
 * order_basket.h: the goods of an order that is being made: what is wanted, by
 * the request or the cart, and what the shop has of it.
 *
 * For the body of order_make()'s transaction, in this order: fill, empty the
 * cart, take the stock. What cannot be bought is DB_REFUSED, with the outcome
 * in the result.
 */
#ifndef ORDERMUX_ORDER_BASKET_H
#define ORDERMUX_ORDER_BASKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/order_request.h"

struct arena;

struct order_basket {
	struct arena			*arena;
	const struct order_request	*request;
	struct order_result		*result;	/* the lines go there */
	size_t				 count;		/* of the following */
	struct order_want		*wants;
	int64_t				*cart_ids;	/* of a cart */
	int64_t				*stocks;	/* as they were read */
	bool				*for_sale;	/* likewise */
	/* When the order was made that is as old as per_hour allows more: the
	 * last one but so many; 0 if there are fewer in this hour. */
	int64_t				 limit_at;
};

void	order_basket_init(struct order_basket *, struct arena *,
    const struct order_request *, struct order_result *);

/* Takes what is wanted, and fills the lines of the order from the SKUs as they
 * are now. The cart is locked from here to the end. */
enum db_result	order_basket_fill(struct db *, struct order_basket *);

/* Deletes the lines that are ordered from the cart, if they came from it. */
enum db_result	order_basket_empty_cart(struct db *, struct order_basket *);

/* Takes the stock of all lines, if there is enough of each. DB_AGAIN if another
 * order was faster, but the stock is enough by now. */
enum db_result	order_basket_take_stock(struct db *, struct order_basket *);

#endif
