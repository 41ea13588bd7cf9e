/*
 * api.h: the handlers, and what they are given.
 *
 * A handler reads the request, calls the rules (market) and the store, and
 * writes the answer. One that acts in a market has a session: that market, its
 * connection, its customer, and nothing that leads to another market.
 */
#ifndef ORDERMUX_API_H
#define ORDERMUX_API_H

#include "db/db.h"
#include "http/request.h"
#include "http/response.h"
#include "http/route.h"
#include "store/customer.h"
#include "store/order_store.h"

struct arena;
struct form;
struct login_code_keys;
struct market;
struct market_registry;
struct secretbox_keys;
struct sku_cache;
struct token_keys;

/* The customer of a verified token, in the token's market. */
struct session {
	const struct market	*market;
	struct db		*db;
	struct sku_cache	*skus;
	struct customer		 customer;
	int64_t			 duplicate_window;	/* µs */
	unsigned		 orders_per_hour;	/* 0 = any number */
	struct arena		*arena;
};

/* A phone number that logs in, in the number's market. */
struct login {
	const struct market	*market;
	struct db		*db;
	struct arena		*arena;
	const char		*phone;		/* normalised */
	const char		*code;		/* NULL where none is asked */
	const char		*language;	/* asked for; NULL: none */
	const char		*client;	/* address */
	const struct token_keys	*token_keys;
	const struct login_code_keys *code_keys;
	const struct secretbox_keys *message_keys;
	unsigned		 token_lifetime; /* s */
};

/* ---- what routes without a market may ask of the service ---- */

const struct market_registry *service_markets(const struct service *);

/* Reads a table of the market's database, for a second at most. *us is how
 * long it took. To be asked of all markets in the registry's order. DB_OK also
 * means that the database has all that the service needs (db_check). */
enum db_result	service_probe(struct service *, const struct market *,
    int64_t *us);

/* Whether the courier waits for messages, or does something that takes no
 * longer than it may. */
bool	service_courier_works(const struct service *);


/* ---- handlers ---- */

void	markets_list(struct service *, struct request *, struct response *);
void	probe_health(struct service *, struct request *, struct response *);
void	probe_ready(struct service *, struct request *, struct response *);
void	probe_ready_market(struct service *, struct request *,
    struct response *);

void	order_create(struct session *, struct request *, struct response *);
void	order_list(struct session *, struct request *, struct response *);
void	order_detail(struct session *, struct request *, struct response *);
void	order_cancel(struct session *, struct request *, struct response *);
void	order_events(struct session *, struct request *, struct response *);

void	login_send(struct login *, struct request *, struct response *);
void	login_verify(struct login *, struct request *, struct response *);

void	profile_show(struct session *, struct request *, struct response *);
void	profile_change(struct session *, struct request *, struct response *);
void	profile_verify_token(struct session *, struct request *,
    struct response *);
void	profile_logout(struct session *, struct request *, struct response *);

/*
 * The cart. Each answers the whole of it. Changing a line takes its id from
 * the path, or else from the body (cart_item_id).
 */
void	cart_show(struct session *, struct request *, struct response *);
void	cart_add(struct session *, struct request *, struct response *);
void	cart_update(struct session *, struct request *, struct response *);
void	cart_remove(struct session *, struct request *, struct response *);
void	cart_clear(struct session *, struct request *, struct response *);

void	profile_order_list(struct session *, struct request *,
    struct response *);
void	profile_order_detail(struct session *, struct request *,
    struct response *);

/* ---- shared by them ---- */

/* A time as RFC 3339 has it, "2025-11-02T10:15:30Z", from microseconds; null
 * for 0. */
void	api_put_time(struct json_out *, const char *name, int64_t us);

/* Makes the answer the error that a database result stands for; for any but
 * DB_OK and DB_REFUSED. */
void	api_db_error(struct response *, enum db_result);

/*
 * Answers what a call of the store says of its customer. If the call failed
 * (neither DB_OK nor DB_REFUSED), if there is no such customer, or if the token
 * is dead, makes the answer that error and returns false. Else returns true:
 * the caller answers the outcome of the call.
 */
bool	api_admit(struct response *, enum db_result, enum customer_state);

/* Logs that a customer was authenticated, by a login or for an order. */
void	api_log_authenticated(struct arena *, const struct market *,
    int64_t user_id, const char *by);

/* What does not exist, or is not for sale: a text for the first SKU, by its id
 * or, if it has one, by its name; and all of them as members. */
void	api_no_sku(const struct session *, struct response *,
    const struct order_shortage *, size_t count);

/* Out of stock, or not enough stock: a text for the first SKU, and all of them
 * as members. */
void	api_short(const struct session *, struct response *,
    const struct order_shortage *, size_t count);

/* Reads status_filter, limit and offset of a query, for a list of orders from
 * the first order on. */
void	order_page_read(struct form *, const char *query,
    struct order_page *);

/* Reads the order that the path names, if it is the customer's own; else
 * answers why not, and returns false. */
bool	order_find(struct session *, struct request *, struct response *,
    struct order *);

/*
 * The ETag of an order: only its status can change, and each change has a later
 * time. It is a strong one, "pending-TIME" with its quotes, in microseconds.
 */
const char *	order_etag(struct arena *, const char *status,
    int64_t updated_at);

/* Gives the answer its ETag. If the client has this already (If-None-Match),
 * makes the answer 304 and returns true. */
bool	order_not_modified(const struct session *, const struct request *,
    struct response *, const char *status, int64_t updated_at);

/* An order as the contract shows it. */
void	order_write(struct json_out *, const struct market *,
    int64_t user_id, const struct order *);

#endif
