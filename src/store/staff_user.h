/*
 * staff_user.h: customers as staff see them: anybody's account, by id or phone
 * number, whether it is in use or not, and its orders.
 *
 * Nothing here checks a token or takes a lock. Times are microseconds since
 * 1970 UTC. What is given out lives in the arena that was handed in.
 */
#ifndef ORDERMUX_STAFF_USER_H
#define ORDERMUX_STAFF_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/staff_order.h"
#include "store/user_store.h"

struct staff_user {
	bool		 found;
	struct user	 user;
	int64_t		 tokens_valid_from;	/* the last logout; 0 = never */
	int64_t		 order_count;
};

/* The user with this id, or with this normalised number. */
enum db_result	staff_user_by_id(struct db *, struct arena *, int64_t id,
    struct staff_user *);
enum db_result	staff_user_by_phone(struct db *, struct arena *,
    const char *phone, struct staff_user *);

/* The newest orders of a user, in this state; NULL: in any. As
 * staff_order_list(). */
enum db_result	staff_user_orders(struct db *, struct arena *, int64_t user_id,
    const char *status, size_t limit, struct staff_order_entry **,
    size_t *count);

#endif
