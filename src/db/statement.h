/*
 * statement.h: every statement that the service sends to a market's database,
 * as one table. There is no other SQL in the request path, and none is ever
 * put together from input: values travel as parameters of prepared
 * statements.
 *
 * Some statements have a part that is repeated for each line of an order.
 * In their text it stands as {part|separator}: "IN ({?|,})" for three is
 * "IN (?,?,?)". Each number of lines is a prepared statement of its own.
 *
 * A result row is described by one word a column:
 *	i	integer (signed 64 bits)
 *	t	time (DATETIME(6)), as microseconds since 1970
 *	sN	text of at most N characters
 *	bN	N bytes
 * Each may be NULL, which reads as 0 or NULL.
 */
#ifndef ORDERMUX_STATEMENT_H
#define ORDERMUX_STATEMENT_H

#include <stddef.h>

#define STATEMENT_COLUMNS_MAX 32

enum statement_id {
	/* What the database is; the first at every connection. */
	STATEMENT_IDENTITY,
	/* Who the customer of a token is. */
	STATEMENT_USER_STATE,
	/* Making an order. */
	STATEMENT_SKUS,
	STATEMENT_CART_LOCK,
	STATEMENT_CART_EMPTY,
	STATEMENT_ORDER_INSERT,
	STATEMENT_LINES_INSERT,
	STATEMENT_STOCK_TAKE,
	/* Finding an order that was made before. */
	STATEMENT_ORDER_BY_KEY,
	STATEMENT_ORDER_RECENT,
	STATEMENT_ORDER_BY_NUMBER,
	STATEMENT_KEY_RELEASE,
	/* Showing orders. */
	STATEMENT_ORDER_DETAIL,
	STATEMENT_ORDER_LIST,
	STATEMENT_HISTORY_COUNT,
	STATEMENT_HISTORY_PAGE,
	/* Moving an order from state to state, and what it has been through. */
	STATEMENT_MOVE_READ,
	STATEMENT_MOVE_READ_ANY,
	STATEMENT_MOVE_ORDER,
	STATEMENT_MOVE_NOTE,
	STATEMENT_MOVE_LINES,
	STATEMENT_MOVE_STOCK,
	STATEMENT_STOCK_GIVE,
	STATEMENT_STOCK_GONE,
	STATEMENT_MOVE_FIND,
	STATEMENT_EVENTS,
	STATEMENT_EVENTS_ANY,
	/* The cart. */
	STATEMENT_CART_SHOW,
	STATEMENT_CART_USER_LOCK,
	STATEMENT_CART_SKU,
	STATEMENT_CART_INSERT,
	STATEMENT_CART_UPDATE,
	STATEMENT_CART_CLEAR,
	STATEMENT_CART_FIND,
	/* Login and profile. */
	STATEMENT_LIMIT_COUNT,
	STATEMENT_LIMIT_READ,
	STATEMENT_CODE_INSERT,
	STATEMENT_CODE_LOCK,
	STATEMENT_CODE_WRONG,
	STATEMENT_CODE_USED,
	STATEMENT_CODE_FIND,
	STATEMENT_USER_BY_PHONE,
	STATEMENT_USER_INSERT,
	STATEMENT_USER_SEEN,
	STATEMENT_USER_PROFILE,
	STATEMENT_USER_UPDATE,
	STATEMENT_USER_LOGOUT,
	/* Messages. */
	STATEMENT_OUTBOX_ADD,
	STATEMENT_OUTBOX_FIND,
	/* Delivering them: for the courier. */
	STATEMENT_OUTBOX_DUE,
	STATEMENT_OUTBOX_CLAIM,
	STATEMENT_OUTBOX_END,
	STATEMENT_OUTBOX_LATER,
	STATEMENT_OUTBOX_CLAIMED,
	STATEMENT_OUTBOX_RELEASE,
	STATEMENT_OUTBOX_TIDY,
	STATEMENT_CODES_TIDY,
	STATEMENT_LIMITS_TIDY,
	/* Not for requests: what staff do by ordermuxctl. */
	STATEMENT_DESK_BY_NUMBER,
	STATEMENT_DESK_BY_ID,
	STATEMENT_DESK_LIST,
	STATEMENT_DESK_SKUS,
	STATEMENT_DESK_SKU_BY_CODE,
	STATEMENT_DESK_SKU_BY_ID,
	STATEMENT_DESK_STOCK_ADD,
	STATEMENT_DESK_STOCK_NOTE,
	STATEMENT_DESK_STOCK_FIND,
	/* Reconciling. */
	STATEMENT_CHECK_COUNTS,
	STATEMENT_CHECK_STOCK,
	STATEMENT_CHECK_INITIAL,
	STATEMENT_CHECK_RETURNS,
	STATEMENT_CHECK_MOVEMENTS,
	STATEMENT_CHECK_LINES,
	STATEMENT_CHECK_LINE_TOTALS,
	STATEMENT_CHECK_SUBTOTALS,
	STATEMENT_CHECK_TOTALS,
	STATEMENT_CHECK_AMOUNTS,
	STATEMENT_CHECK_CURRENCY,
	STATEMENT_CHECK_STARTS,
	STATEMENT_CHECK_MOVES,
	STATEMENT_CHECK_STATES,
	STATEMENT_CHECK_TIMES,
	STATEMENT_CHECK_OWNERS,
	STATEMENT__MAX
};

struct statement {
	const char	*name;		/* for the log */
	const char	*sql;
	const char	*row;		/* NULL: no result */
};

extern const struct statement statements[STATEMENT__MAX];

struct arena;

/* The text with each {part|separator} written n >= 1 times; in the arena.
 * A text without one is given as it is. */
const char *	statement_expand(const char *sql, size_t n, struct arena *);

/* One column of a row description. */
enum statement_type { COLUMN_INTEGER, COLUMN_TIME, COLUMN_TEXT, COLUMN_BYTES };

struct statement_column {
	enum statement_type	type;
	size_t			size;	/* bytes that the value can take */
};

/* Reads a row description; returns the number of columns. A wrong one is a
 * panic (it is ours). */
size_t	statement_columns(const char *row,
    struct statement_column out[STATEMENT_COLUMNS_MAX]);

#endif
