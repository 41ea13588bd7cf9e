/*
 * order_basket.h: the goods of an order that is being made: what is wanted, by
 * the request or the cart, and what the shop has of it.
 *
 * For the body of order_make()'s transaction, in this order: fill, empty the
 * cart, take the stock. What cannot be bought is DB_REFUSED, with the outcome
 * in the result.
 *
 * The lines come from what the worker remembers of the SKUs (sku_cache.h), if
 * it knows them all. Then nothing is refused because of them: if they turn out
 * to be wrong, or too few, the attempt is void, and the next one reads them.
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
	bool				 known;		/* from the cache */
	bool				 doubted;	/* never again */
};

void	order_basket_init(struct order_basket *, struct arena *,
    const struct order_request *, struct order_result *);

/* Takes what is wanted, and fills the lines of the order from the SKUs: as they
 * are now, or as they are remembered. The cart is locked from here to the
 * end. */
enum db_result	order_basket_fill(struct db *, struct order_basket *);

/* Deletes the lines that are ordered from the cart, if they came from it. */
enum db_result	order_basket_empty_cart(struct db *, struct order_basket *);

/* Takes the stock of all lines, if there is enough of each. DB_AGAIN if another
 * order was faster, but the stock is enough by now. */
enum db_result	order_basket_take_stock(struct db *, struct order_basket *);

/* Ends an attempt whose lines were remembered, and may be wrong. Gives
 * DB_REFUSED without an outcome. */
enum db_result	order_basket_doubt(struct order_basket *);

/* Whether the last attempt was ended so: it must be repeated. */
bool	order_basket_is_void(const struct order_basket *);

#endif
