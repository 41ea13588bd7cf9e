/*
 * ready.c: makes a connection ready for a request (see db.h): chooses the
 * host, asks the breaker, and checks whose database it is.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/connection.h"
#include "db/db_impl.h"
#include "db/wait.h"
#include "market/market.h"

/* Keeps the name of the server that the row of STATEMENT_IDENTITY has. */
static void
keep_server(struct db *db)
{
	size_t		 len;
	const char	*name = db_get_bytes(db, 3, &len);

	snprintf(db->server, sizeof(db->server), "%.*s",
	    name != NULL ? (int)len : 0, name != NULL ? name : "");
}

/* Whether the row names this market; none names nobody. */
static bool
is_ours(const struct db *db, bool row)
{
	size_t		 len = 0;
	const char	*name = row ? db_get_bytes(db, 0, &len) : NULL;

	return name != NULL && len == strlen(db->market->name) &&
	    memcmp(name, db->market->name, len) == 0;
}

/* Judges the row of STATEMENT_IDENTITY, if there is one; says what is wrong
 * with it. */
static enum db_result
judge_identity(struct db *db, bool row)
{
	const char	*database = db->market->database.name;

	if (!is_ours(db, row)) {
		log_error("THIS DATABASE BELONGS TO ANOTHER MARKET: "
		    "no request of this market is served",
		    log_str("market", db->market->name),
		    log_str("database", database));
		return DB_AWAY;
	}
	keep_server(db);
	if (db_get_int(db, 1) < DB_SCHEMA_VERSION) {
		log_error("the database's schema is too old: run "
		    "\"ordermuxctl migrate\"",
		    log_str("database", database),
		    log_int("version", db_get_int(db, 1)),
		    log_int("needed", DB_SCHEMA_VERSION));
		return DB_AWAY;
	}
	if (db_get_int(db, 2) && db->market->database.host_count > 1) {
		log_warning("the host only reads",
		    log_str("database", db->market->name));
		return DB_AWAY;
	}
	return DB_OK;
}

/*
 * Reads whose database this is. A database of another market, or with an older
 * schema, is refused loudly: better no orders than orders in the wrong place.
 * One that only reads is of use only where there is no other.
 */
static enum db_result
check_identity(struct db *db)
{
	enum db_result	 result;
	bool		 more;

	result = db_run(db, STATEMENT_IDENTITY, 1, NULL, 0);
	if (result == DB_OK)
		result = db_next(db, &more);
	if (result == DB_AWAY && db->mysql != NULL &&
	    db->wait.end == DB_END_ANSWER)
		log_error("the database cannot say whose it is: has "
		    "\"ordermuxctl migrate\" been run?",
		    log_str("database", db->market->database.name));
	if (result != DB_OK)
		return DB_AWAY;
	result = judge_identity(db, more);
	db_skip(db);
	return result;
}

/*
 * Connects to a host that works; else there is no connection behind it, and
 * *fault says whether that was the host's fault: it was not when there was no
 * time left, or the worker was needed by others.
 */
static bool
connect_host(struct db *db, size_t index, bool *fault)
{
	const struct market_host *host = &db->market->database.hosts[index];

	if (db_connect(db, index) && check_identity(db) == DB_OK) {
		db_settle(db);
		log_debug("connected", log_str("database", db->market->name),
		    log_str("host", host->name), log_uint("port", host->port));
		return db->mysql != NULL;
	}
	*fault = db->wait.end == DB_END_ANSWER || db->wait.end == DB_END_LIMIT;
	db_disconnect(db);
	return false;
}

/*
 * Connects to the host in use, or the next one that works. When there is none,
 * nobody tries for a while; unless it was us who had no time left.
 */
static enum db_result
connect_any(struct db *db)
{
	size_t	 count = db->market->database.host_count;
	size_t	 first = hosts_current(&db->hosts) % count, host;
	bool	 fault = false;

	for (size_t i = 0; i < count && !db_too_late(db, 0); i++) {
		host = (first + i) % count;
		if (connect_host(db, host, &fault)) {
			hosts_change(&db->hosts, first, host);
			breaker_connected(&db->breaker);
			return DB_OK;
		}
	}
	if (fault)
		breaker_unreachable(&db->breaker);
	return DB_AWAY;
}

/* Goes back to the first host if it works again; else stays without a
 * connection. */
static void
connect_home(struct db *db)
{
	size_t	 from = hosts_current(&db->hosts);
	bool	 probe = db->probe, fault;

	db_settle(db);
	db_disconnect(db);
	db->probe = true;	/* do not wait for it as for one that works */
	if (connect_host(db, 0, &fault)) {
		hosts_change(&db->hosts, from, 0);
		breaker_connected(&db->breaker);
	}
	db->probe = probe;
}

/* Whether the breaker lets us use the database, and connect to it if need
 * be. */
static bool
may_use(struct db *db)
{
	enum breaker_answer answer = breaker_use(&db->breaker);

	db->probe = answer == BREAKER_PROBE;
	if (answer == BREAKER_SHUT || db->mysql != NULL)
		return answer != BREAKER_SHUT;
	answer = breaker_connect(&db->breaker);
	db->probe = db->probe || answer == BREAKER_PROBE;
	return answer != BREAKER_SHUT;
}

/* Puts the probe by a statement that waits for nobody's lock: what comes then
 * may take as long as ever. */
static enum db_result
probe_first(struct db *db)
{
	enum db_result	 result = check_identity(db);

	if (result != DB_OK)
		db_disconnect(db);
	return result;
}

enum db_result
db_ready(struct db *db)
{
	if (!bulkhead_enter(&db->bulkhead) || !may_use(db))
		return DB_AWAY;
	if (hosts_try_home(&db->hosts))
		connect_home(db);
	else if (db->mysql != NULL && db->host != hosts_current(&db->hosts)) {
		db_settle(db);
		db_disconnect(db);
	}
	if (db->mysql != NULL)
		db_settle_old(db);
	if (db->mysql == NULL)
		return connect_any(db);
	return db->probe ? probe_first(db) : DB_OK;
}
