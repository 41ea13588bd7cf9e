/*
 * order.h: an order, and what is said of it in several places.
 *
 * Amounts are minor units of the market's currency, times microseconds since
 * 1970 UTC.
 */
#ifndef ORDERMUX_ORDER_H
#define ORDERMUX_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_LINES_MAX	100
#define ORDER_QUANTITY_MAX 100
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
	const char	  *delivery_state;	/* NULL: none */
	const char	  *delivery_postcode;	/* NULL: none */
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
	/* The lines as text (order_lines.h), not terminated; NULL: only as
	 * lines. */
	const char	  *lines_json;
	size_t		   lines_json_len;
	struct order_line *lines;
	size_t		   line_count;
	size_t		   line_room;
};

/* A SKU, and how many pieces of it. */
struct order_want {
	int64_t	sku_id;
	int64_t	quantity;
};

/* More was wanted of a SKU than there is; 0 is available of what is not for
 * sale. The texts are "" where they are not known or not to be told. */
struct order_shortage {
	int64_t		 sku_id;
	int64_t		 requested;
	int64_t		 available;
	const char	*product_name;
	const char	*size;
	const char	*color;
};

#endif
