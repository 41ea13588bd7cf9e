/*
 * order_card.h: a customer's orders as the profile shows them: little of
 * each, a few lines with pictures, and how many there are.
 */
#ifndef ORDERMUX_ORDER_CARD_H
#define ORDERMUX_ORDER_CARD_H

#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/customer.h"
#include "store/order_store.h"

#define ORDER_CARD_LINES_MAX 3	/* as STATEMENT_CARD_PAGE gives them */

struct order_card_line {
	const char	*product_name;	/* as it was bought */
	int64_t		 quantity;
	int64_t		 unit_price;	/* minor units, as it was bought */
	const char	*image;		/* the product's now; NULL: none */
};

struct order_card {
	int64_t			 id;
	const char		*number;
	const char		*status;
	int64_t			 total;		/* minor units */
	const char		*currency;
	int64_t			 created_at;	/* µs */
	const char		*delivery_address;
	int64_t			 items_count;	/* of all lines */
	struct order_card_line	 lines[ORDER_CARD_LINES_MAX];
	size_t			 line_count;
};

struct order_cards {
	enum customer_state	 customer;
	struct order_card	*cards;		/* newest first */
	size_t			 count;
	int64_t			 total;		/* on all pages */
};

/* A page by status, limit and offset (no cursor). One round trip for the
 * number, and one for the page unless it is empty. */
enum db_result	order_card_list(struct db *, struct arena *,
    const struct customer *, const struct order_page *,
    struct order_cards *);

#endif
