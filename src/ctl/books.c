/*
 * books.c: see books.h. What each check looks for is in statements.c.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/money.h"
#include "base/str.h"
#include "ctl/books.h"
#include "market/market.h"
#include "market/workflow.h"
#include "store/statements.h"

/* The parameters of a check's statement. */
enum given {
	GIVEN_NOTHING,
	GIVEN_CURRENCY,		/* the market's */
	GIVEN_UNIT,		/* its minor units in one, three times */
	GIVEN_MOVES,		/* the workflow's, as pairs of states */
	GIVEN_BACK		/* each state in which stock has come back */
};

struct check {
	struct books_check	 shown;
	enum statement_id	 statement;
	enum given		 given;
	bool			 money;	/* expected and found are amounts */
};

static const struct check checks[] = {
	{ { "stock", "each is what came in less what was sold, and none is "
	    "left of one that is gone",
	    BOOKS_SKUS }, .statement = STATEMENT_CHECK_STOCK },
	{ { "initial", "each began with one stock",
	    BOOKS_SKUS }, .statement = STATEMENT_CHECK_INITIAL },
	{ { "returns", "what was cancelled or returned is back in stock, once",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_RETURNS,
	    .given = GIVEN_BACK },
	{ { "movements", "none is of an order that keeps its goods",
	    BOOKS_MOVEMENTS }, .statement = STATEMENT_CHECK_MOVEMENTS,
	    .given = GIVEN_BACK },
	{ { "lines", "each has lines, numbered from 1, at most 100",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_LINES },
	{ { "copies", "the text of the lines beside an order says the same",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_COPIES,
	    .given = GIVEN_UNIT },
	{ { "line-totals", "each is price times quantity",
	    BOOKS_LINES }, .statement = STATEMENT_CHECK_LINE_TOTALS,
	    .money = true },
	{ { "subtotals", "each is the sum of its lines",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_SUBTOTALS,
	    .money = true },
	{ { "totals", "each is the sum of its parts",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_TOTALS,
	    .money = true },
	{ { "amounts", "none is negative, no tax is more than the total that "
	    "it is in",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_AMOUNTS,
	    .money = true },
	{ { "currency", "all are in the market's",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_CURRENCY,
	    .given = GIVEN_CURRENCY },
	{ { "starts", "each has one start in its history",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_STARTS },
	{ { "moves", "the workflow allows each",
	    BOOKS_STEPS }, .statement = STATEMENT_CHECK_MOVES,
	    .given = GIVEN_MOVES },
	{ { "states", "each is where its history ends",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_STATES },
	{ { "times", "none is before the step that it follows",
	    BOOKS_STEPS }, .statement = STATEMENT_CHECK_TIMES },
	{ { "owners", "each has a customer; no line, step or movement is "
	    "without its order",
	    BOOKS_ORDERS }, .statement = STATEMENT_CHECK_OWNERS },
};

const struct books_check *
books_check(size_t n)
{
	return n < sizeof(checks) / sizeof(*checks) ? &checks[n].shown : NULL;
}

#define GIVEN_MAX (ORDER_STATE__MAX * ORDER_STATE__MAX * 2)

/* Writes each pair of states of which the second may follow the first; returns
 * the number of pairs. */
static size_t
give_allowed_moves(struct db_value *out)
{
	size_t	 n = 0;

	for (int from = 0; from < ORDER_STATE__MAX; from++) {
		for (int to = 0; to < ORDER_STATE__MAX; to++) {
			if (!workflow_allows((enum order_state)from,
			    (enum order_state)to))
				continue;
			out[n * 2] = db_text(
			    workflow_name((enum order_state)from));
			out[n * 2 + 1] = db_text(
			    workflow_name((enum order_state)to));
			n++;
		}
	}
	return n;
}

/* Writes the states in which the stock has come back; returns how many. */
static size_t
give_return_states(struct db_value *out)
{
	size_t	 n = 0;

	for (int s = 0; s < ORDER_STATE__MAX; s++) {
		if (workflow_returns_stock((enum order_state)s))
			out[n++] = db_text(workflow_name((enum order_state)s));
	}
	return n;
}

/* Runs the statement of a check with its parameters. */
static enum db_result
send_check(struct db *db, const struct check *c)
{
	struct db_value	 values[GIVEN_MAX];
	size_t		 n = 1;
	int64_t		 unit = 0;

	switch (c->given) {
	case GIVEN_NOTHING:
		return db_run(db, c->statement, 1, NULL, 0);
	case GIVEN_CURRENCY:
		values[0] = db_text(db_market(db)->currency.code);
		return db_run(db, c->statement, 1, values, 1);
	case GIVEN_UNIT:
		(void)money_parse("1", db_market(db)->currency.digits, &unit);
		values[0] = values[1] = values[2] = db_int(unit);
		return db_run(db, c->statement, 1, values, 3);
	case GIVEN_MOVES:
		n = give_allowed_moves(values);
		return db_run(db, c->statement, n, values, n * 2);
	case GIVEN_BACK:
		n = give_return_states(values);
		return db_run(db, c->statement, n, values, n);
	}
	panic("a check that is given %d", (int)c->given);
}

/* Returns a column of a finding as text. A whole number of minor units becomes
 * an amount if "money" says so. */
static const char *
read_finding_side(const struct db *db, struct arena *arena, size_t column,
    bool money)
{
	const char	*text = db_get_text(db, column, arena);
	char		 amount[MONEY_TEXT_MAX];
	int64_t		 minor;

	if (text == NULL)
		return "nothing";
	if (!money || !str_to_int64(text, &minor))
		return text;
	money_format(minor, db_market(db)->currency.digits, amount);
	return arena_strdup(arena, amount);
}

enum db_result
books_run(struct db *db, struct arena *arena, size_t n,
    struct books_findings *out)
{
	const struct check		*c = &checks[n];
	enum db_result			 result = send_check(db, c);
	struct books_finding	*f;
	bool				 more;

	out->count = 0;
	while (result == DB_OK &&
	    (result = db_next(db, &more)) == DB_OK && more) {
		if (out->count++ >= BOOKS_SHOWN)
			continue;
		f = &out->shown[out->count - 1];
		f->what = read_finding_side(db, arena, 0, false);
		f->expected = read_finding_side(db, arena, 1, c->money);
		f->found = read_finding_side(db, arena, 2, c->money);
	}
	return result;
}

enum db_result
books_begin(struct db *db, struct books_counts *out)
{
	enum db_result	 result = db_snapshot(db);
	bool		 more;

	if (result == DB_OK)
		result = db_run(db, STATEMENT_CHECK_COUNTS, 1, NULL, 0);
	if (result == DB_OK)
		result = db_next(db, &more);
	if (result != DB_OK)
		return result;
	for (size_t i = 0; i < BOOKS_TABLE__MAX; i++)
		out->rows[i] = db_get_int(db, i);
	db_skip(db);
	return DB_OK;
}

void
books_end(struct db *db)
{
	db_settle(db);
}
