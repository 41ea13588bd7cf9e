/*
 * workflow.h: the states of an order, and which may follow which.
 *
 *	pending -> confirmed -> processing -> shipped -> delivered
 *	   |           |            |            |           |
 *	   +-----------+------------+            +-----------+
 *	               v                               v
 *	           cancelled                        returned
 *
 * There is no circle: an order enters a state once, and its history can be
 * held to that. Pure functions over one table.
 */
#ifndef ORDERMUX_WORKFLOW_H
#define ORDERMUX_WORKFLOW_H

#include <stdbool.h>

/* In the order of the column orders.status. */
enum order_state {
	ORDER_PENDING,
	ORDER_CONFIRMED,
	ORDER_PROCESSING,
	ORDER_SHIPPED,
	ORDER_DELIVERED,
	ORDER_CANCELLED,
	ORDER_RETURNED,
	ORDER_STATE__MAX
};

/* "pending" and so on, as the database and the contract have it. */
const char *	workflow_name(enum order_state);

/* The state of a name, whatever its case; false if it is none. */
bool	workflow_find(const char *name, enum order_state *);

/* Whether an order may go from one state to the other. A state does not
 * follow itself. */
bool	workflow_allows(enum order_state from, enum order_state to);

/* Whether what was ordered is back in stock in this state. */
bool	workflow_returns_stock(enum order_state);

#endif
