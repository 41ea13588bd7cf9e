/*
 * customer.h: who asks: the customer of a token, in a market's database.
 *
 * A token is good for a customer who exists, is active, and has not logged out
 * since it was issued. Each call of the store checks that in the statements
 * that do its work, and gives the state of the customer beside its own
 * outcome. The outcome means nothing unless the customer is live.
 */
#ifndef ORDERMUX_CUSTOMER_H
#define ORDERMUX_CUSTOMER_H

#include <stdint.h>

#include "db/db.h"

struct customer {
	int64_t	user_id;
	int64_t	issued_at;	/* of the token, µs; 0 = it does not say */
};

enum customer_state {
	CUSTOMER_UNKNOWN,	/* no such user, or not looked up yet */
	CUSTOMER_DEAD_TOKEN,	/* disabled, or logged out since */
	CUSTOMER_LIVE,
	CUSTOMER_STATE__MAX
};

/* Looks the customer up: for bodies of db_read(). One round trip. */
enum db_result	customer_find(struct db *, const struct customer *,
    enum customer_state *);

/* Returns the state that the first column of the row tells: TOKEN_LIVE in
 * statements.c. */
enum customer_state	customer_of_row(const struct db *);

#endif
