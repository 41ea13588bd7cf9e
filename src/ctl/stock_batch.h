/*
 * stock_batch.h: changes the stock of many SKUs in one transaction.
 *
 * The rows are locked in the order of their ids, as orders lock them, so the
 * two cannot wait for each other crosswise. An order of one of the SKUs waits
 * until the transaction ends.
 */
#ifndef ORDERMUX_STOCK_BATCH_H
#define ORDERMUX_STOCK_BATCH_H

#include "ctl/stock_file.h"
#include "db/db.h"

struct stock_batch {
	const struct stock_file	*file;
	const char		*by;
	const char		*note;		/* NULL: none */
	bool			 dry_run;	/* change nothing */
};

/* The line of the file with this index, as the database judges it. */
struct stock_judged {
	const char	*wrong;		/* NULL, or what is wrong with it */
	bool		 is_header;
	bool		 refused;	/* what is wrong is the stock */
	int64_t		 sku_id;
	const char	*code;
};

/* A SKU, by id. */
struct stock_total {
	int64_t		 sku_id;
	const char	*code;
	int64_t		 delta;		/* of all its lines */
	int64_t		 stock;		/* afterwards */
};

struct stock_batched {
	struct stock_judged	*lines;		/* as in the file */
	size_t			 wrong;		/* how many of them are */
	struct stock_total	*totals;
	size_t			 total_count;
};

/*
 * DB_OK: all was changed. DB_REFUSED: nothing was changed, because lines are
 * wrong, or because it was a dry run. Else as db.h says; DB_UNKNOWN if the
 * connection broke in COMMIT and the database could not be asked.
 */
enum db_result	stock_batch_run(struct db *, struct arena *,
    const struct stock_batch *, struct stock_batched *);

#endif
