/*
 * order_history.h: the states that an order has been in, with author and time:
 * the rows of order_status_history. A trigger writes the first, order_move()
 * the others.
 *
 * Times are microseconds since 1970 UTC. What is given out lives in the arena
 * that was handed in.
 */
#ifndef ORDERMUX_ORDER_HISTORY_H
#define ORDERMUX_ORDER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/customer.h"

struct arena;

/* Who did it: "customer", or "staff:" and a name. */
#define ORDER_BY_MAX	64
#define ORDER_BY_CUSTOMER "customer"
#define ORDER_BY_STAFF	"staff:"
#define ORDER_NOTE_MAX	500	/* characters */

struct order_event {
	const char	*old_status;	/* NULL: the start */
	const char	*new_status;
	const char	*by;
	const char	*note;		/* NULL: none */
	int64_t		 at;
};

struct order_history {
	enum customer_state	 customer;	/* live for staff */
	bool			 found;
	/* If it was found: */
	const char		*number;
	const char		*status;
	int64_t			 updated_at;
	struct order_event	*events;	/* oldest first */
	size_t			 count;
};

/* The history of the customer's own order; of anybody's for NULL. One round
 * trip. */
enum db_result	order_history_read(struct db *, struct arena *,
    const struct customer *, int64_t id, struct order_history *);

#endif
