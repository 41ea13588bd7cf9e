/*
 * order_store.h: orders in a market's database: made once, found, listed.
 *
 * Amounts are minor units of the market's currency, times microseconds since
 * 1970 UTC. What is given out lives in the arena that was handed in.
 */
#ifndef ORDERMUX_ORDER_STORE_H
#define ORDERMUX_ORDER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"
#include "store/customer.h"

#define ORDER_LINES_MAX	100
#define ORDER_QUANTITY_MAX 100
#define ORDER_HASH_BYTES 16
#define ORDER_NUMBER_MAX 32

/* A line as it was bought: a snapshot. */
struct order_line {
	unsigned	 line_no;	/* 1 .. ORDER_LINES_MAX */
	int64_t		 sku_id;	/* known for an order just made */
	const char	*product_name;
	const char	*sku_code;
	const char	*size;
	const char	*color;
	int64_t		 unit_price;
	int64_t		 quantity;
	int64_t		 total;
};

struct order {
	int64_t		   id;
	const char	  *number;
	const char	  *status;
	const char	  *customer_name;
	const char	  *customer_phone;
	const char	  *customer_email;	/* NULL: none */
	const char	  *delivery_address;
	const char	  *delivery_city;	/* NULL: none */
	const char	  *delivery_notes;	/* NULL: none */
	const char	  *payment_method;
	int64_t		   subtotal;
	int64_t		   tax;
	bool		   tax_included;
	int64_t		   shipping;
	int64_t		   total;
	const char	  *currency;
	int64_t		   created_at;
	int64_t		   updated_at;
	struct order_line *lines;
	size_t		   line_count;
	size_t		   line_room;
};

/* What is wanted of one SKU; each SKU once. */
struct order_want {
	int64_t	sku_id;
	int64_t	quantity;
};

struct order_request {
	struct customer		 customer;
	const char		*customer_name;
	const char		*customer_phone;
	const char		*customer_email;
	const char		*delivery_address;
	const char		*delivery_city;
	const char		*delivery_notes;
	const char		*payment_method;	/* the method's own name */
	bool			 from_cart;	/* else from the wants */
	const struct order_want	*wants;
	size_t			 want_count;
	const char		*key;		/* Idempotency-Key, or NULL */
	unsigned char		 hash[ORDER_HASH_BYTES]; /* of all of the above but the key */
	int64_t			 window;	/* µs, duplicate window; 0 = off */
};

enum order_outcome {
	ORDER_MADE,
	ORDER_REPLAYED,		/* it was made before: the same order */
	ORDER_CART_EMPTY,
	ORDER_CART_WRONG,	/* a quantity in it is not 1 .. 100 */
	ORDER_TOO_MANY_LINES,
	ORDER_NO_SKU,		/* missing_sku */
	ORDER_SHORT,		/* shortages */
	ORDER_TOO_EXPENSIVE,
	ORDER_KEY_REUSED,
	ORDER_DELETED		/* it was made before, and is gone by now */
};

struct order_shortage {
	int64_t		 sku_id;
	int64_t		 requested;
	int64_t		 available;
	const char	*product_name;
	const char	*size;
	const char	*color;
};

struct order_result {
	enum customer_state	 customer;
	enum order_outcome	 outcome;
	struct order		 order;		/* made or replayed */
	int64_t			 missing_sku;
	struct order_shortage	*shortages;
	size_t			 shortage_count;
};

/*
 * Makes the order, in one transaction of five round trips (seven from the
 * cart, which it empties), or finds that it was made before. DB_OK or
 * DB_REFUSED with an outcome; DB_UNKNOWN when the connection broke while it was being committed
 * and the database cannot be asked; else as db.h says, and nothing was kept.
 */
enum db_result	order_store_create(struct db *, struct arena *,
    const struct order_request *, struct order_result *);

struct order_found {
	enum customer_state	 customer;
	bool			 found;
	struct order		 order;
};

/* The customer's own order with this id. One round trip. */
enum db_result	order_store_find(struct db *, struct arena *,
    const struct customer *, int64_t id, struct order_found *);

/* Which orders a page holds: newest first. */
struct order_page {
	const char	*status;	/* "" = any */
	int64_t		 limit;
	int64_t		 offset;
	/* Behind this order: (created_at, id); INT64_MAX both = from the first. */
	int64_t		 before_time;
	int64_t		 before_id;
};

struct order_list {
	enum customer_state	 customer;
	struct order		*orders;
	size_t			 count;
};

/* The customer's own orders with their lines. One round trip. */
enum db_result	order_store_list(struct db *, struct arena *,
    const struct customer *, const struct order_page *,
    struct order_list *);

#endif
