/*
 * advice.c: see advice.h. Pure: looks at nothing but the settings.
 */
#include <stdio.h>
#include <string.h>

#include "config/settings.h"
#include "daemon/advice.h"
#include "db/bulkhead.h"
#include "db/db.h"
#include "market/market.h"

#define LINE		400	/* bytes */
#define SERVER_ROOM	16382	/* default of max_prepared_stmt_count */

/* What waiting requests may take. */
static void
advise_workers(const struct settings *s, size_t workers,
    void (*say)(const char *, bool))
{
	char	 line[LINE];
	size_t	 places = bulkhead_places(workers);

	if (s->crowd_after == 0 || places == 0) {
		snprintf(line, sizeof(line), "with %s, one slow database or "
		    "one locked row makes the requests of all markets wait",
		    places == 0 ? "workers = 1" : "crowd_after = 0");
		say(line, true);
		return;
	}
	snprintf(line, sizeof(line), "of %zu workers, at most %zu wait for "
	    "slow databases and for locks; the other %zu are free for requests "
	    "that are answered", workers, places, workers - places);
	say(line, false);
}

/* Whether two markets have their databases on one server, as far as their
 * files tell. */
static bool
same_server(const struct market *a, const struct market *b)
{
	const struct market_host	*x = &a->database.hosts[0];
	const struct market_host	*y = &b->database.hosts[0];

	return strcmp(x->name, y->name) == 0 && x->port == y->port &&
	    strcmp(a->database.socket, b->database.socket) == 0;
}

/* How many markets before this one, or after it, are on its server. */
static size_t
count_markets(const struct market_registry *r, size_t i, bool before)
{
	size_t	 from = before ? 0 : i, to = before ? i : r->count, count = 0;

	for (size_t m = from; m < to; m++)
		count += same_server(&r->markets[m], &r->markets[i]);
	return count;
}

/* How many prepared statements each server must have room for. */
static void
advise_statements(const struct settings *s, size_t workers,
    void (*say)(const char *, bool))
{
	const struct market_registry	*r = s->markets;
	char				 line[LINE];

	for (size_t i = 0; i < r->count; i++) {
		size_t	 markets = count_markets(r, i, false);
		size_t	 sum = (workers + 1) * markets * DB_KEEP_STATEMENTS;

		if (count_markets(r, i, true) > 0 || sum <= SERVER_ROOM)
			continue;
		snprintf(line, sizeof(line), "this host can keep %zu prepared "
		    "statements on the database server of market %s (%zu "
		    "workers and the courier, %zu market%s, %d each): set "
		    "max_prepared_stmt_count there, whose default is %d, to "
		    "more than the sum of all hosts", sum, r->markets[i].name,
		    workers, markets, markets == 1 ? "" : "s",
		    DB_KEEP_STATEMENTS, SERVER_ROOM);
		say(line, true);
	}
}

void
advise(const struct settings *s, size_t workers,
    void (*say)(const char *, bool))
{
	advise_workers(s, workers, say);
	advise_statements(s, workers, say);
}
