/*
 * staff_stock.h: the stock of SKUs as staff see and correct it.
 *
 * Every change but a sale has a row in stock_movements, written in the same
 * transaction, so that the books stay right (reconcile.h).
 */
#ifndef ORDERMUX_STAFF_STOCK_H
#define ORDERMUX_STAFF_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define STOCK_PAGE 500		/* SKUs read at a time */
#define STOCK_MAX UINT32_MAX	/* of one SKU, as its column holds it */

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

struct stock_change {
	const char	*sku;	/* its code; or else its id */
	int64_t		 delta;	/* not 0 */
	const char	*by;	/* as order_history.h has it */
	const char	*note;	/* NULL: none */
};

enum stock_outcome {
	STOCK_CHANGED,
	STOCK_NO_SKU,
	STOCK_REFUSED	/* it would be below 0, or more than STOCK_MAX */
};

struct stock_changed {
	enum stock_outcome	outcome;
	struct stock_sku	sku;	/* as it is now; but for STOCK_NO_SKU */
};

/*
 * Adds delta to the stock. DB_OK or DB_REFUSED with an outcome; DB_UNKNOWN when
 * the connection broke in COMMIT and the database could not be asked; else as
 * db.h says, and nothing was changed.
 */
enum db_result	staff_stock_change(struct db *, struct arena *,
    const struct stock_change *, struct stock_changed *);

#endif
