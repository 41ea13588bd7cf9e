/*
 * order_store.h: finds and lists a customer's orders in a market's database.
 *
 * What is given out lives in the arena that was handed in.
 */
#ifndef ORDERMUX_ORDER_STORE_H
#define ORDERMUX_ORDER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/customer.h"
#include "store/order.h"

struct arena;

struct order_found {
	enum customer_state	 customer;
	bool			 found;
	struct order		 order;
};

/* The customer's own order with this id. One round trip; two if the order has
 * no text of its lines. */
enum db_result	order_store_find(struct db *, struct arena *,
    const struct customer *, int64_t id, struct order_found *);

/* Which orders a page holds: newest first. */
struct order_page {
	const char	*status;	/* "" = any */
	int64_t		 limit;
	int64_t		 offset;
	/* After the order with this created_at and id; INT64_MAX both = from
	 * the first. */
	int64_t		 before_time;
	int64_t		 before_id;
};

struct order_list {
	enum customer_state	 customer;
	struct order		*orders;
	size_t			 count;
};

/* The customer's own orders with their lines. Round trips as above. */
enum db_result	order_store_list(struct db *, struct arena *,
    const struct customer *, const struct order_page *,
    struct order_list *);

#endif
