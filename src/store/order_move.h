/*
 * order_move.h: an order goes from one state to another.
 *
 * A move is one transaction. It changes the state and adds a line to the
 * history. If the order is cancelled or returned, it also gives the stock
 * back, exactly once. The change is on the condition that the order still is
 * what was read. If another move was faster, the order is read again, or the
 * move is refused if the caller insists on what it has seen. SKUs are locked
 * last and in id order, as when an order is made.
 *
 * Times are microseconds since 1970 UTC. What is given out lives in the arena
 * that was handed in.
 */
#ifndef ORDERMUX_ORDER_MOVE_H
#define ORDERMUX_ORDER_MOVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "market/workflow.h"
#include "store/customer.h"
#include "store/order_history.h"

struct order_move {
	int64_t				 order_id;
	/* The order must be this customer's, and the token is checked; NULL:
	 * anybody's order, for staff. */
	const struct customer		*customer;
	enum order_state		 to;
	/* As order_history.h has them. */
	const char			*by;
	const char			*note;		/* NULL: none */
	/* The order.updated_at that the caller has read; 0 = any. */
	int64_t				 if_updated_at;
};

enum order_move_outcome {
	MOVE_MADE,
	MOVE_NOT_FOUND,
	MOVE_REFUSED,	/* the workflow does not allow it, or the order has
			 * been in the new state before */
	MOVE_CHANGED,	/* the order is not what the caller has read */
	MOVE_OUTCOME__MAX
};

struct order_moved {
	enum customer_state	 customer;	/* live for staff */
	enum order_move_outcome	 outcome;
	/* Unless it was not found: */
	const char		*number;
	enum order_state	 from;	/* the state it was in */
	int64_t			 at;	/* the new updated_at, if it was made */
};

/*
 * Moves the order. DB_OK or DB_REFUSED with an outcome; DB_UNKNOWN when the
 * connection broke in COMMIT and the database could not be asked; else as db.h
 * says, and nothing was changed.
 */
enum db_result	order_move(struct db *, struct arena *,
    const struct order_move *, struct order_moved *);

#endif
