/*
 * ready.c: makes a connection ready for a request (see db.h): chooses the
 * host, asks the breaker, and checks whose database it is.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/relaxed.h"
#include "base/scoreboard.h"
#include "db/connection.h"
#include "db/db_error.h"
#include "db/db_impl.h"
#include "db/wait.h"
#include "market/market.h"

#define LOOK_MS	5000	/* between two looks whose database it is */

/* Keeps the server's name, from the row of STATEMENT_IDENTITY. */
static void
keep_server_name(struct db *db)
{
	size_t		 len;
	const char	*name = db_get_bytes(db, 3, &len);

	snprintf(db->server, sizeof(db->server), "%.*s",
	    name != NULL ? (int)len : 0, name != NULL ? name : "");
}

/* Whether there is a row, and it names this market. */
static bool
is_own_database(const struct db *db, bool row)
{
	size_t		 len = 0;
	const char	*name = row ? db_get_bytes(db, 0, &len) : NULL;

	return name != NULL && len == strlen(db->market->name) &&
	    memcmp(name, db->market->name, len) == 0;
}

/* Judges the version of the schema, and which older one it serves. Logs and
 * returns as judge_identity(). */
static const char *
judge_schema(const struct db *db)
{
	const char	*database = db->market->database.name;
	int64_t		 version = db_get_int(db, 1);

	if (version < DB_SCHEMA_VERSION) {
		log_error("database schema is too old: run "
		    "\"ordermuxctl migrate\"",
		    log_str("database", database),
		    log_int("version", version),
		    log_int("needed", DB_SCHEMA_VERSION));
		return "database schema is too old";
	}
	if (version > DB_SCHEMA_VERSION && (db_is_null(db, 4) ||
	    db_get_int(db, 4) > DB_SCHEMA_VERSION)) {
		log_error("database schema is too new for this program: "
		    "install the newer program",
		    log_str("database", database),
		    log_int("version", version),
		    log_int("known", DB_SCHEMA_VERSION));
		return "database schema is too new for this program";
	}
	return NULL;
}

/* Judges the row of STATEMENT_IDENTITY, if there is one. Logs what is wrong
 * with it. Returns why the database cannot be used, in a few words for the log;
 * NULL if it can. */
static const char *
judge_identity(struct db *db, bool row)
{
	const char	*database = db->market->database.name, *why;

	if (!is_own_database(db, row)) {
		log_error("THIS DATABASE BELONGS TO ANOTHER MARKET: "
		    "no request of this market is served",
		    log_str("market", db->market->name),
		    log_str("database", database));
		return "database belongs to another market";
	}
	keep_server_name(db);
	if ((why = judge_schema(db)) != NULL)
		return why;
	if (db_get_int(db, 2) && db->market->database.host_count > 1) {
		log_warning("host is read-only",
		    log_str("database", db->market->name),
		    log_str("host",
		    db->market->database.hosts[db->host].name));
		return "host is read-only";
	}
	return NULL;
}

/* Reads whose database this is, as the current row, if there is one. */
static enum db_result
read_identity(struct db *db, bool *row)
{
	enum db_result	 result;

	result = db_run(db, STATEMENT_IDENTITY, 1, NULL, 0);
	if (result == DB_OK)
		result = db_next(db, row);
	if (result == DB_AWAY && db->state != DB_DISCONNECTED &&
	    db->wait.end == DB_END_ANSWER)
		log_error("cannot read whose database this is: was "
		    "\"ordermuxctl migrate\" run?",
		    log_str("database", db->market->database.name));
	return result;
}

/*
 * Judges whose database this is, from the row that was read. A database of
 * another market, or with an old schema, is an error: better no orders than
 * orders in the wrong place. A read-only host is of use only if the market has
 * no other. Returns as judge_identity().
 */
static const char *
accept_identity(struct db *db, bool row)
{
	const char	*why = judge_identity(db, row);

	db_skip(db);
	if (why != NULL)
		return why;
	db->checked_ms = clock_ms();
	relaxed_store(&db->breaker.shared->identity_at,
	    db->checked_ms + LOOK_MS);
	return NULL;
}

/* Checks a connection that nothing is known of. Returns as judge_identity().
 * *read is the result of the reading. */
static const char *
check_identity(struct db *db, enum db_result *read)
{
	bool	 row = false;

	*read = read_identity(db, &row);
	if (*read != DB_OK)
		return "cannot read whose database this is";
	return accept_identity(db, row);
}

/* The search for a host that works. */
struct search {
	bool		 probe;	/* wait with little patience until a host
				 * answers */
	bool		 lost;	/* the last host was there, and then the
				 * connection ended */
	bool		 bad;	/* a host's database must not be used */
	const char	*why;	/* the last host cannot be used; NULL also if
				 * only no time was left, or others needed the
				 * worker */
};

/* Connects to a host and checks it. False if it cannot be used; the connection
 * is then closed again. */
static bool
try_host(struct db *db, size_t index, struct search *search)
{
	const struct market_host *host = &db->market->database.hosts[index];
	const char		 *why = "cannot connect to the database";
	enum db_result		  read;

	if (db_connect(db, index, search->probe)) {
		why = check_identity(db, &read);
		search->lost = read == DB_LOST;
		search->bad = search->bad || (read == DB_OK && why != NULL);
	} else
		search->lost = db->wait.end == DB_END_ANSWER &&
		    db_error_session_ended(mysql_errno(db->mysql));
	if (why == NULL) {
		db_settle(db);
		log_debug("connected", log_str("database", db->market->name),
		    log_str("host", host->name), log_uint("port", host->port));
		return db->state != DB_DISCONNECTED;
	}
	if (db->state == DB_IN_TRANSACTION)
		search->probe = false;
	search->why = db->wait.end == DB_END_ANSWER ||
	    db->wait.end == DB_END_LIMIT ? why : NULL;
	db_disconnect(db);
	return false;
}

/* Lets all workers use this host, which works, instead of the current one. */
static void
use_host(struct db *db, size_t current, size_t host)
{
	hosts_change(&db->hosts, current, host);
	breaker_connected(&db->breaker);
}

/* Connects to the current host, or to the next one that works. If none works,
 * shuts the breaker; but not if only this request had no time left. */
static enum db_result
connect_any(struct db *db, bool probe)
{
	struct search	 search = { .probe = probe };
	size_t		 count = db->market->database.host_count;
	size_t		 first = hosts_current(&db->hosts) % count, host;

	for (size_t i = 0; i < count && !db_too_late(db, 0); i++) {
		host = (first + i) % count;
		/* Somebody may just have ended this one session. */
		if (try_host(db, host, &search) || (search.lost &&
		    !search.probe && try_host(db, host, &search))) {
			use_host(db, first, host);
			return DB_OK;
		}
	}
	if (search.why != NULL)
		breaker_unreachable(&db->breaker, search.why);
	if (search.why != NULL && search.bad)
		relaxed_store(&db->breaker.shared->distrust_at, clock_ms());
	return DB_AWAY;
}

/* Goes back to the first host if it works again. If not, there is no
 * connection afterwards. */
static void
connect_home(struct db *db)
{
	struct search	 search = { .probe = true };
	size_t		 from = hosts_current(&db->hosts);

	db_settle(db);
	db_disconnect(db);
	if (try_host(db, 0, &search))
		use_host(db, from, 0);
}

/* Asks the breaker whether this request may use the database, and may connect
 * if it has to. *probe: this request is the probe. */
static bool
may_use_database(struct db *db, bool *probe)
{
	enum breaker_answer use = breaker_use(&db->breaker), connect;

	*probe = use == BREAKER_PROBE;
	if (use == BREAKER_SHUT || db->state != DB_DISCONNECTED)
		return use != BREAKER_SHUT;
	connect = breaker_connect(&db->breaker);
	*probe = *probe || connect == BREAKER_PROBE;
	return connect != BREAKER_SHUT;
}

/* Probes an open connection with a statement that needs no lock. Statements
 * after it may take as long as usual. */
static enum db_result
probe_connection(struct db *db)
{
	enum db_result	 read;

	db_event(db, DB_PROBE);
	if (check_identity(db, &read) == NULL)
		return DB_OK;
	db_disconnect(db);
	return DB_AWAY;
}

/*
 * Whose database an open connection leads to can change: a newer program
 * migrates it, or another one is restored in its place. So one process of all
 * looks again every LOOK_MS. If no host has a database that may be used, the
 * others close their connections too, and the breaker keeps them from new
 * ones.
 */
static bool
must_look_again(struct db *db)
{
	_Atomic uint64_t *next = &db->breaker.shared->identity_at;
	uint64_t	 now = clock_ms(), at = relaxed_load(next);

	return now >= at &&
	    atomic_compare_exchange_strong(next, &at, now + LOOK_MS);
}

/* Looks again. If that is not possible now, the connection stays as it is: the
 * request will see for itself. */
static enum db_result
look_again(struct db *db)
{
	enum db_result	 read;
	const char	*why = check_identity(db, &read);

	if (read == DB_LOST || (read == DB_OK && why != NULL)) {
		db_disconnect(db);
		return connect_any(db, false);
	}
	return db->state == DB_DISCONNECTED ? read : DB_OK;
}

/* Closes a connection that was checked before a process has found that the
 * database must not be used. */
static void
drop_distrusted(struct db *db)
{
	if (db->state != DB_DISCONNECTED && db->checked_ms <=
	    relaxed_load(&db->breaker.shared->distrust_at))
		db_disconnect(db);
}

enum db_result
db_ready(struct db *db)
{
	static const enum db_result refused[] = {
		[BULKHEAD_CROWDED] = DB_CROWDED, [BULKHEAD_BUSY] = DB_BUSY
	};
	enum bulkhead_answer	 answer;
	bool			 probe;

	answer = bulkhead_enter(&db->bulkhead, clock_ms());
	if (answer != BULKHEAD_FREE)
		return refused[answer];
	drop_distrusted(db);
	if (!may_use_database(db, &probe))
		return DB_AWAY;
	db_drop_ended(db);
	if (hosts_try_home(&db->hosts))
		connect_home(db);
	else if (db->state != DB_DISCONNECTED &&
	    db->host != hosts_current(&db->hosts)) {
		db_settle(db);
		db_disconnect(db);
	}
	db_settle_old(db);
	if (db->state == DB_DISCONNECTED)
		return connect_any(db, probe);
	if (probe)
		return probe_connection(db);
	return must_look_again(db) ? look_again(db) : DB_OK;
}
