/*
 * books.h: proves that a market's books are right.
 *
 * All checks read one snapshot of the database, without locks: they may run
 * while orders are made. Each check is one statement. It gives one row for
 * each finding, and no row if nothing is wrong. A check reads a table once or
 * twice, and keeps BOOKS_SHOWN findings in memory.
 *
 * What must hold:
 *	a SKU's stock = sum of its movements - sum of what was sold of it,
 *	one movement "initial" a SKU, and for a cancelled or returned order one
 *	a line; amounts that add up; a history that leads from one start by
 *	moves of the workflow to the order's state; nothing without its owner.
 * The schema itself makes order numbers and idempotency keys unique. The
 * connection has checked that the database is the market's (db.h).
 */
#ifndef ORDERMUX_BOOKS_H
#define ORDERMUX_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define BOOKS_SHOWN 20	/* findings of a check that are kept */

struct arena;

/* The rows of the snapshot. */
enum books_table { BOOKS_ORDERS, BOOKS_LINES, BOOKS_SKUS,
	BOOKS_STEPS, BOOKS_MOVEMENTS, BOOKS_TABLE__MAX };

struct books_counts {
	int64_t	rows[BOOKS_TABLE__MAX];
};

struct books_check {
	const char		*name;		/* a word */
	const char		*says;		/* true if nothing is found */
	enum books_table	 of;		/* what was looked at */
};

/* Check number n, in the order in which to show them; NULL after the last. */
const struct books_check *books_check(size_t n);

struct books_finding {
	const char	*what;		/* "order MQ-20251102-7K3QF (7)" */
	const char	*expected;
	const char	*found;
};

struct books_findings {
	uint64_t			count;	/* of all */
	struct books_finding	shown[BOOKS_SHOWN];
};

/* Takes the snapshot, and counts its rows. */
enum db_result	books_begin(struct db *, struct books_counts *);

/* Runs check number n. Amounts in the findings are in the market's major
 * units. The findings live in the arena. */
enum db_result	books_run(struct db *, struct arena *, size_t n,
    struct books_findings *);

/* Ends the snapshot. */
void	books_end(struct db *);

#endif
