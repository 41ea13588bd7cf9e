/*
 * order_row.h: the rows of orders and of their lines: ORDER_COLUMNS and
 * LINE_COLUMNS of statements.c. Several statements give them, each after a
 * first column of its own.
 */
#ifndef ORDERMUX_ORDER_ROW_H
#define ORDERMUX_ORDER_ROW_H

#include "db/db.h"
#include "store/customer.h"
#include "store/order.h"
#include "store/statements.h"

/* The columns that other files read, too. */
enum {
	ORDER_COL_FIRST, ORDER_COL_ID,
	/* Behind the columns of the order: its lines, as text or one a row. */
	ORDER_COL_LINES = ORDER_COL_ID + 20
};

/* Takes the order of the row; it has no lines yet. */
void	order_row_read(const struct db *, struct arena *, struct order *);

/* Takes the text of its lines. False if there is none that can be used. */
bool	order_row_read_text(const struct db *, struct arena *,
    struct order *);

/* Runs the statement for the customer's own order, or for no customer (NULL)
 * the one for anybody's. */
enum db_result	order_row_run(struct db *, const struct customer *, int64_t id,
    enum statement_id own, enum statement_id anybodys);

/* Adds the line whose columns begin with this one to its order, unless the
 * order has none. */
void	order_row_add_line(const struct db *, size_t column, struct arena *,
    struct order *);

#endif
