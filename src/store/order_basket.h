/*
 * order_basket.h: the goods of an order that is being made: what is wanted, by
 * the request or the cart, and what the shop has of it.
 *
 * For the body of order_make()'s transaction, in this order: fill, empty the
 * cart, take the stock. The rows of SKUs, which every buyer wants, are so
 * locked last and for the shortest time. Each gives DB_REFUSED, with the
 * outcome in the result, for what cannot be bought.
 */
#ifndef ORDERMUX_ORDER_BASKET_H
#define ORDERMUX_ORDER_BASKET_H

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
};

void	order_basket_init(struct order_basket *, struct arena *,
    const struct order_request *, struct order_result *);

/* Takes what is wanted, and makes the lines of the order of what the shop
 * says of it now. The cart is locked from here to the end. */
enum db_result	order_basket_fill(struct db *, struct order_basket *);

/* Takes the lines that are ordered out of the cart, if they are from there. */
enum db_result	order_basket_empty_cart(struct db *, struct order_basket *);

/* Takes the stock of all lines, each only if there is enough of it. DB_AGAIN
 * if somebody was faster and yet there is enough by now. */
enum db_result	order_basket_take_stock(struct db *, struct order_basket *);

#endif
