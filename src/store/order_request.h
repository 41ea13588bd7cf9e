/*
 * order_request.h: what order_make() makes an order of, and its result.
 */
#ifndef ORDERMUX_ORDER_REQUEST_H
#define ORDERMUX_ORDER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/customer.h"
#include "store/order.h"

struct sku_cache;

#define ORDER_HASH_BYTES 16
#define ORDER_HOUR	INT64_C(3600000000)	/* µs, of per_hour */

struct order_request {
	struct customer		 customer;
	const char		*customer_name;
	const char		*customer_phone;
	const char		*customer_email;
	const char		*delivery_address;
	const char		*delivery_city;
	const char		*delivery_state;
	const char		*delivery_postcode;
	const char		*delivery_notes;
	const char		*payment_method;	/* its own name */
	bool			 from_cart;	/* else from the wants */
	const struct order_want	*wants;		/* each SKU once */
	size_t			 want_count;
	const char		*key;		/* Idempotency-Key, or NULL */
	/* Of all of the above but the key. Two requests for the same order have
	 * the same one, however they are written. */
	unsigned char		 hash[ORDER_HASH_BYTES];
	/* The hash as older versions made it, of the request as it is written:
	 * orders that these have made are known by it. */
	unsigned char		 old_hash[ORDER_HASH_BYTES];
	int64_t			 window;	/* µs, duplicates; 0 = off */
	unsigned		 per_hour;	/* orders; 0 = any number */
	struct sku_cache	*skus;		/* of this market */
};

enum order_outcome {
	ORDER_MADE,
	ORDER_REPLAYED,		/* made before: this is that order */
	ORDER_CART_EMPTY,
	ORDER_CART_WRONG,	/* a quantity in it is not 1 .. 100 */
	ORDER_TOO_MANY_LINES,
	ORDER_NO_SKU,		/* shortages: what is not for sale */
	ORDER_SHORT,		/* shortages */
	ORDER_TOO_EXPENSIVE,
	ORDER_TOO_MANY,		/* in an hour; retry_after */
	ORDER_KEY_REUSED,
	ORDER_DELETED,		/* made before, but deleted meanwhile */
	ORDER_OUTCOME__MAX
};

struct order_result {
	enum customer_state	 customer;
	enum order_outcome	 outcome;
	struct order		 order;		/* made or replayed */
	struct order_shortage	*shortages;
	size_t			 shortage_count;
	unsigned		 retry_after;	/* s, of ORDER_TOO_MANY */
};

#endif
