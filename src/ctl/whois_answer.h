/*
 * whois_answer.h: what "ordermuxctl whois" has found, and how it is printed.
 */
#ifndef ORDERMUX_WHOIS_ANSWER_H
#define ORDERMUX_WHOIS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "market/market.h"
#include "store/staff_order.h"
#include "store/staff_user.h"

#define WHOIS_ORDERS	5	/* of a user that are shown */
#define WHOIS_USERS	4	/* of a market: by id, by number, by orders */

struct ctl;

/* What a login with a phone number does. */
enum whois_login_outcome {
	WHOIS_NO_MARKET,	/* refused: no market has the prefix */
	WHOIS_WRONG_PATTERN,	/* refused by the market with the prefix */
	WHOIS_UNAVAILABLE,	/* the market's database was not readable */
	WHOIS_NEW_CUSTOMER,	/* the market has no such user yet */
	WHOIS_REACHES		/* the user */
};

struct whois_login {
	const char			*phone;
	enum whois_login_outcome	 outcome;
	const struct market		*market;	/* of the phone */
	struct user			 user;		/* who is reached */
};

/* A user who was found, and the newest orders. */
struct whois_user {
	struct staff_user		 staff;
	struct whois_login		 login;		/* with the phone */
	struct staff_order_entry	*orders;
	size_t				 order_count;
};

/* What was found in one market. */
struct whois_market {
	const struct market	*market;
	bool			 unavailable;	/* then nothing else counts */
	struct staff_order	 orders[STAFF_ORDERS_FOUND];
	size_t			 order_count;
	struct whois_user	 users[WHOIS_USERS];	/* each once */
	size_t			 user_count;
};

/* "a login with +13128059851 reaches user 19 in us" */
void	whois_put_login(const struct ctl *, const struct whois_login *);

/* The market's database and what was found there: a fact a line, with the
 * name of the market in front of it. */
void	whois_put_market(const struct ctl *, const struct whois_market *);

#endif
