/*
 * customer.h: who asks: the customer of a token, in a market's database.
 *
 * A token is good for a customer who exists, is active, and has not logged out
 * since it was issued. And it must have been issued to this customer: after a
 * restore a database gives ids out again that had another owner before, so a
 * token from before its customer was created is dead. Each call of the store
 * checks that in the statements that do its work, and gives the state of the
 * customer beside its own outcome. The outcome means nothing unless the
 * customer is live.
 */
#ifndef ORDERMUX_CUSTOMER_H
#define ORDERMUX_CUSTOMER_H

#include <stdint.h>

#include "db/db.h"

struct customer {
	int64_t	user_id;
	/* When the token was issued, µs: within this interval (token.h). A
	 * logout ends a token that may be from before it; a customer is another
	 * one only if the token is from before the creation for sure. */
	int64_t	issued_from;
	int64_t	issued_until;
};

/* The two parameters of TOKEN_LIVE in statements.c, as db_values. */
#define CUSTOMER_TIMES(customer) \
	db_time((customer)->issued_until), db_time((customer)->issued_from)

enum customer_state {
	CUSTOMER_UNKNOWN,	/* no such user, or not looked up yet */
	CUSTOMER_DEAD_TOKEN,	/* disabled, logged out, or another's token */
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
