/*
 * user_store.h: customers in a market's database.
 */
#ifndef ORDERMUX_USER_STORE_H
#define ORDERMUX_USER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/customer.h"

/* Times are microseconds since 1970; texts NULL where there is none. */
struct user {
	int64_t		 id;
	const char	*phone;
	const char	*full_name;
	const char	*email;
	const char	*profile_image_url;
	bool		 is_active;
	bool		 is_verified;
	int64_t		 last_login;	/* 0 = never */
	int64_t		 created_at;
	const char	*language;	/* chosen; NULL: the market's */
};

/* The customer's own row, if the customer is live. One round trip. */
enum db_result	user_store_find(struct db *, struct arena *,
    const struct customer *, enum customer_state *, struct user *);

/* What a customer changes; NULL leaves a column as it is. */
struct user_change {
	const char	*full_name;
	const char	*profile_image_url;
	const char	*email;		/* "" clears it */
};

/* Changes the customer's row, and gives it as it is then. */
enum db_result	user_store_update(struct db *, struct arena *,
    const struct customer *, const struct user_change *,
    enum customer_state *, struct user *);

/* Revokes every token that was issued to the customer before now. */
enum db_result	user_store_logout(struct db *,
    const struct customer *, enum customer_state *);

/* Takes a user from the columns of a row, from this column on, in the order of
 * USER_COLUMNS in statements.c. */
void	user_store_read(const struct db *, struct arena *, size_t column,
    struct user *);

#endif
