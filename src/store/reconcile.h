/*
 * reconcile.h: proves that a market's books are right.
 *
 * All checks read one snapshot of the database, and lock nobody: they may run
 * while orders are made. Each check is one statement that gives what is wrong,
 * a row a finding; a clean market gives none. A check costs a pass or two over
 * a table, whatever is in it, and memory for RECONCILE_SHOWN findings.
 *
 * What must hold:
 *	a SKU's stock = sum of its movements - sum of what was sold of it,
 *	one movement "initial" a SKU, and for a cancelled or returned order one
 *	a line; amounts that add up; a history that leads from one start by
 *	moves of the workflow to the order's state; nothing without its owner.
 * Unique order numbers and idempotency keys are the schema's affair, and whose
 * database it is was checked when it was connected to.
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

/* Check number n, in the order in which they are best read; NULL behind the
 * last. */
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

/* Takes the snapshot, and counts what is in it. */
enum db_result	reconcile_begin(struct db *, struct reconcile_counts *);

/* Runs check number n. Amounts among the findings are in the market's major
 * units. What is found lives in the arena. */
enum db_result	reconcile_run(struct db *, struct arena *, size_t n,
    struct reconcile_findings *);

/* Lets the snapshot go. */
void	reconcile_end(struct db *);

#endif
