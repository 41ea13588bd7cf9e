/*
 * staff_stock.h: the stock of SKUs as staff see and correct it.
 *
 * Every change but a sale has a row in stock_movements, written in the same
 * transaction, so that the books stay right (ctl/books.h).
 */
#ifndef ORDERMUX_STAFF_STOCK_H
#define ORDERMUX_STAFF_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define STOCK_PAGE 500		/* SKUs read at a time */
/* Of one SKU. Its column holds more than four times as much: there is room for
 * all that customers may still give back. */
#define STOCK_MAX	INT64_C(1000000000)
#define STOCK_DELTA_MAX	INT64_C(4294967295)

struct arena;

struct stock_sku {
	int64_t		 id;
	const char	*code;
	int64_t		 stock;
	bool		 for_sale;	/* it and its product */
	const char	*title;
	const char	*size;
	const char	*color;
};

/* The next SKUs after this id, by id. Fewer than STOCK_PAGE are the last. */
enum db_result	staff_stock_page(struct db *, struct arena *, int64_t after_id,
    struct stock_sku out[STOCK_PAGE], size_t *count);

/* What a name of a SKU can mean. A code is exact: case and blanks count. */
struct stock_name {
	const char	*code;	/* NULL: no code */
	int64_t		 id;	/* 0: no id */
};

/* Reads "code:X", "id:12", or a code that may also be an id. */
void	stock_name_read(const char *text, struct stock_name *);

struct stock_change {
	const char	*sku;	/* as stock_name_read() takes it */
	int64_t		 delta;	/* not 0 */
	const char	*by;	/* as order_history.h has it */
	const char	*note;	/* NULL: none */
};

enum stock_outcome {
	STOCK_CHANGED,
	STOCK_NO_SKU,
	STOCK_AMBIGUOUS,	/* the code of one SKU and the id of another */
	STOCK_REFUSED	/* it would be below 0, or more than STOCK_MAX */
};

struct stock_changed {
	enum stock_outcome	outcome;
	struct stock_sku	sku;	/* as it is now; but for STOCK_NO_SKU */
	/* Of STOCK_AMBIGUOUS: that with the id. */
	struct stock_sku	other;
};

/*
 * Adds delta to the stock. DB_OK or DB_REFUSED with an outcome; DB_UNKNOWN when
 * the connection broke in COMMIT and the database could not be asked; else as
 * db.h says, and nothing was changed.
 */
enum db_result	staff_stock_change(struct db *, struct arena *,
    const struct stock_change *, struct stock_changed *);

#endif
