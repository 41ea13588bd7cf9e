/*
 * reconcile.h: proves that a market's books are right.
 *
 * All checks read one snapshot of the database, without locks: they may run
 * while orders are made. Each check is one statement. It gives one row for
 * each finding, and no row if nothing is wrong. A check reads a table once or
 * twice, and keeps RECONCILE_SHOWN findings in memory.
 *
 * What must hold:
 *	a SKU's stock = sum of its movements - sum of what was sold of it,
 *	one movement "initial" a SKU, and for a cancelled or returned order one
 *	a line; amounts that add up; a history that leads from one start by
 *	moves of the workflow to the order's state; nothing without its owner.
 * The schema itself makes order numbers and idempotency keys unique. The
 * connection has checked that the database is the market's (db.h).
 */
#ifndef ORDERMUX_RECONCILE_H
#define ORDERMUX_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/db.h"

#define RECONCILE_SHOWN 20	/* findings of a check that are kept */

struct arena;

/* The rows of the snapshot. */
enum reconcile_table { RECONCILE_ORDERS, RECONCILE_LINES, RECONCILE_SKUS,
	RECONCILE_STEPS, RECONCILE_MOVEMENTS, RECONCILE_TABLE__MAX };

struct reconcile_counts {
	int64_t	rows[RECONCILE_TABLE__MAX];
};

struct reconcile_check {
	const char		*name;		/* a word */
	const char		*says;		/* true if nothing is found */
	enum reconcile_table	 of;		/* what was looked at */
};

/* Check number n, in the order in which to show them; NULL after the last. */
const struct reconcile_check *reconcile_check(size_t n);

struct reconcile_finding {
	const char	*what;		/* "order MQ-20251102-7K3QF (7)" */
	const char	*expected;
	const char	*found;
};

struct reconcile_findings {
	uint64_t			count;	/* of all */
	struct reconcile_finding	shown[RECONCILE_SHOWN];
};

/* Takes the snapshot, and counts its rows. */
enum db_result	reconcile_begin(struct db *, struct reconcile_counts *);

/* Runs check number n. Amounts in the findings are in the market's major
 * units. The findings live in the arena. */
enum db_result	reconcile_run(struct db *, struct arena *, size_t n,
    struct reconcile_findings *);

/* Ends the snapshot. */
void	reconcile_end(struct db *);

#endif
