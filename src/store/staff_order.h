/*
 * staff_order.h: orders as staff see them: those of any customer, by number or
 * id, and the newest of the market. To move an order, see order_move.h.
 *
 * Amounts are minor units, times microseconds since 1970 UTC. What is given
 * out lives in the arena that was handed in.
 */
#ifndef ORDERMUX_STAFF_ORDER_H
#define ORDERMUX_STAFF_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/order.h"

struct staff_order {
	bool		 found;
	int64_t		 user_id;
	struct order	 order;
};

#define STAFF_ORDERS_FOUND	2	/* by number, by id */

/*
 * Finds the order with this number, as written or in upper case, and that with
 * this id. The name may say which is meant: "number:MQ-20251102-7K3QF", "id:7".
 * *count is how many were found: 2 if digits are the number of one order and
 * the id of another, which is then the second.
 */
enum db_result	staff_order_find(struct db *, struct arena *,
    const char *name, struct staff_order[STAFF_ORDERS_FOUND], size_t *count);

/* One line of a list. */
struct staff_order_entry {
	int64_t		 id;
	const char	*number;
	const char	*status;
	int64_t		 total;
	const char	*currency;
	int64_t		 created_at;
	const char	*customer_name;
};

/* Lists the newest orders (by id) with this status, or with any (NULL). The
 * arena has room for the limit; *count is their number. */
enum db_result	staff_order_list(struct db *, struct arena *,
    const char *status, size_t limit, struct staff_order_entry **,
    size_t *count);

/* Reads a row of ENTRY_COLUMNS in statements.c. */
void	staff_order_entry_read(const struct db *, struct arena *,
    struct staff_order_entry *);

#endif
