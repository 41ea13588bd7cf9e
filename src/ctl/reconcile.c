/*
 * reconcile.c: ordermuxctl reconcile: are the books of these markets right?
 *
 * Prints one line for each check, below it what is wrong, and at the end of
 * each market a verdict. Prints each check when it ends, because the checks of
 * a large market take a while.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "base/clock.h"
#include "config/settings.h"
#include "ctl/books.h"
#include "ctl/ctl.h"
#include "market/market.h"

/* No customer waits for these queries. */
#define QUERY_TIMEOUT_MS (60 * 60 * 1000)

/* What was found in one market. */
struct verdict {
	uint64_t	findings;
	unsigned	checks;		/* with findings */
};

static const char *const table_names[BOOKS_TABLE__MAX] = {
	[BOOKS_ORDERS] = "orders",
	[BOOKS_LINES] = "lines",
	[BOOKS_SKUS] = "SKUs",
	[BOOKS_STEPS] = "steps",
	[BOOKS_MOVEMENTS] = "movements",
};

/* Prints what a check has found. */
static void
put_findings(const struct ctl *ctl, const struct market *market,
    const struct books_findings *found)
{
	size_t	 shown = found->count < BOOKS_SHOWN ?
	    (size_t)found->count : BOOKS_SHOWN;

	for (size_t i = 0; i < shown; i++)
		printf("%s:         %s: expected %s, found %s\n", market->name,
		    ctl_clean(ctl->arena, found->shown[i].what),
		    ctl_clean(ctl->arena, found->shown[i].expected),
		    ctl_clean(ctl->arena, found->shown[i].found));
	if (found->count > shown)
		printf("%s:         and %" PRIu64 " more\n", market->name,
		    found->count - shown);
}

/* Runs one check and prints its result. */
static enum db_result
run_check(struct ctl *ctl, struct db *db, size_t n,
    const struct books_counts *counts, struct verdict *verdict)
{
	const struct books_check	*c = books_check(n);
	struct books_findings	 found;
	enum db_result			 result;

	result = books_run(db, ctl->arena, n, &found);
	if (result != DB_OK)
		return result;
	printf("%s: %s %-11s %" PRId64 " %s: %s\n", db_market(db)->name,
	    found.count == 0 ? "right" : "WRONG", c->name,
	    counts->rows[c->of], table_names[c->of], c->says);
	put_findings(ctl, db_market(db), &found);
	fflush(stdout);
	verdict->findings += found.count;
	verdict->checks += found.count > 0;
	return DB_OK;
}

/* Runs all checks in one snapshot. */
static enum db_result
run_all_checks(struct ctl *ctl, struct db *db, struct books_counts *counts,
    struct verdict *verdict)
{
	enum db_result	 result = db_ready(db);

	if (result == DB_OK)
		result = books_begin(db, counts);
	for (size_t n = 0; result == DB_OK && books_check(n) != NULL; n++)
		result = run_check(ctl, db, n, counts, verdict);
	books_end(db);
	return result;
}

/* Prints the last line of a market. */
static void
put_verdict(const struct market *market, const struct books_counts *counts,
    const struct verdict *verdict, int64_t took_us)
{
	if (verdict->findings == 0)
		printf("%s: clean:", market->name);
	else
		printf("%s: NOT CLEAN (findings: %" PRIu64 ", checks that are "
		    "wrong: %u):", market->name, verdict->findings,
		    verdict->checks);
	for (size_t i = 0; i < BOOKS_TABLE__MAX; i++)
		printf("%s %" PRId64 " %s", i > 0 ? "," : "", counts->rows[i],
		    table_names[i]);
	printf("; %.1f s\n", (double)took_us / 1e6);
	fflush(stdout);
}

/* Reconciles one market. Returns CTL_DONE, CTL_ERROR (not clean) or
 * CTL_AWAY. */
static int
reconcile_market(struct ctl *ctl, const struct market *market)
{
	struct db		*db;
	struct books_counts	 counts = { 0 };
	struct verdict		 verdict = { 0 };
	int64_t			 began = clock_monotonic_us();
	enum db_result		 result = DB_AWAY;

	if (!market->shut) {
		db = ctl_db(ctl, market, QUERY_TIMEOUT_MS);
		result = run_all_checks(ctl, db, &counts, &verdict);
		db_free(db);
	}
	if (result != DB_OK) {
		printf("%s: COULD NOT BE READ\n", market->name);
		fflush(stdout);
		return verdict.findings > 0 ? CTL_ERROR : CTL_AWAY;
	}
	put_verdict(market, &counts, &verdict, clock_monotonic_us() - began);
	return verdict.findings > 0 ? CTL_ERROR : CTL_DONE;
}

/* Returns the status of two markets together: wrong books count for more than
 * books that could not be read. */
static int
worse_status(int one, int other)
{
	if (one == CTL_ERROR || other == CTL_ERROR)
		return CTL_ERROR;
	return one > other ? one : other;
}

int
ctl_reconcile(struct ctl *ctl)
{
	const struct market	**markets;
	size_t			 count;
	int			 status = CTL_DONE;

	markets = ctl_markets(ctl, &count);
	for (size_t i = 0; i < count; i++)
		status = worse_status(status, reconcile_market(ctl,
		    markets[i]));
	for (size_t i = 0; ctl->left_out &&
	    i < ctl->settings->markets->count; i++)
		if (ctl->settings->markets->markets[i].shut)
			printf("%s: COULD NOT BE READ\n",
			    ctl->settings->markets->markets[i].name);
	return ctl->left_out ? worse_status(status, CTL_AWAY) : status;
}
