/*
 * error.h: everything that can go wrong with a request, and the one mapping of
 * it to HTTP. A row has the status, the stable machine code that clients may
 * compare, and a text for people that a handler may replace by a better one.
 */
#ifndef ORDERMUX_ERROR_H
#define ORDERMUX_ERROR_H

struct buf;

enum http_error {
	ERROR_NONE,
	/* the request itself */
	ERROR_BAD_REQUEST,
	ERROR_BAD_JSON,
	ERROR_NOT_FOUND,
	ERROR_METHOD,
	ERROR_BODY_TOO_LARGE,
	ERROR_MEDIA_TYPE,
	ERROR_VALIDATION,
	/* who asks */
	ERROR_NO_TOKEN,
	ERROR_BAD_TOKEN,
	ERROR_USER_NOT_FOUND,
	ERROR_FORBIDDEN,
	ERROR_WRONG_CODE,
	ERROR_TOO_MANY_CODES,
	ERROR_DISABLED,
	/* carts */
	ERROR_CART_ITEM_NOT_FOUND,
	/* orders */
	ERROR_CART_EMPTY,
	ERROR_CART_WRONG,
	ERROR_NO_ITEMS,
	ERROR_OUT_OF_STOCK,
	ERROR_SKU_NOT_FOUND,
	ERROR_ORDER_NOT_FOUND,
	ERROR_TOO_EXPENSIVE,
	ERROR_TOO_MANY_LINES,
	ERROR_KEY_REUSED,
	ERROR_TOO_MANY_ORDERS,
	ERROR_CANNOT_CANCEL,
	ERROR_PRECONDITION,
	/* us */
	ERROR_INTERNAL,
	ERROR_MARKET_AWAY,
	ERROR_BUSY,
	ERROR_OUTCOME_UNKNOWN,
	ERROR_TOO_LATE,
	ERROR__MAX
};

struct http_error_row {
	int		 status;
	const char	*code;
	const char	*text;
};

extern const struct http_error_row http_errors[ERROR__MAX];

/* A line an error, with tabs: status, code, text. */
void	http_errors_list(struct buf *);

/* "Not Found" for 404; "" for a status that we do not use. */
const char *	http_reason(int status);

#endif
