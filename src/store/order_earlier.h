/*
 * order_earlier.h: orders that were made before, by the same Idempotency-Key
 * or by the same request a moment ago.
 *
 * A request without a key gets a mark instead, made of its content, which is
 * good for the duplicate window. The database keeps both in one unique column:
 * of two orders with the same key or mark, only one can be made. A mark has a
 * space in it, which no client's key has. A request from the cart needs no
 * mark, because the cart can be emptied only once.
 */
#ifndef ORDERMUX_ORDER_EARLIER_H
#define ORDERMUX_ORDER_EARLIER_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/order_request.h"

struct arena;

/* The key of a request, or its mark; text is NULL for neither. */
struct order_key {
	const char	*text;
	bool		 is_mark;
};

struct order_key	order_earlier_key(struct arena *,
    const struct order_request *);

struct order_earlier {
	bool	found;
	bool	same;		/* its request was this one */
	bool	recent;		/* within the duplicate window */
	int64_t	id;
};

/* Finds the order that has the key or mark. For a request from the cart without
 * a key, finds the order that emptied the cart a moment ago, unless it was
 * cancelled since. One round trip. */
enum db_result	order_earlier_find(struct db *, struct arena *,
    const struct order_request *, const struct order_key *,
    struct order_earlier *);

/* Takes the mark from an order that is older than the window: for bodies of
 * db_transaction(). */
enum db_result	order_earlier_release(struct db *,
    const struct order_request *, const struct order_key *);

#endif
