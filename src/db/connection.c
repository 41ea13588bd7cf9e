/*
 * connection.c: one connection and its settings (see connection.h, db.h). The
 * library never reconnects by itself: it would lose transactions silently.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "base/slot.h"
#include "db/client.h"
#include "db/connection.h"
#include "db/db_error.h"
#include "db/prepared.h"
#include "db/wait.h"
#include "market/market.h"

/* Bytes of the longest statement: an order of 100 lines. */
#define STATEMENT_ROOM	(256 * 1024)

#define OPEN_MAX_MS	100	/* a transaction left open by reading */

/* After so many seconds of silence the server ends our session. */
#define SILENT_S		30
#define SILENT_TRANSACTION_S	5

/* ms; a session that was used a moment ago was not ended for its silence. */
#define SILENT_MIN_MS	1000

/* What a process without a board has in place of its part for the market. */
static struct scoreboard_market *
new_scoreboard_market(void)
{
	struct scoreboard_market	*own;

	/* calloc() does not know of its alignment, which a board needs. */
	own = aligned_alloc(_Alignof(struct scoreboard_market), sizeof(*own));
	if (own == NULL)
		panic("out of memory for a connection");
	*own = (struct scoreboard_market){ 0 };
	return own;
}

struct db *
db_new(const struct market *market, const struct statement_table *statements,
    const struct db_limits *limits, const struct scoreboard *board,
    struct slot *slot)
{
	struct db			*db = calloc(1, sizeof(*db));
	struct scoreboard_market	*shared;

	if (db == NULL)
		panic("out of memory for a connection");
	db->market = market;
	db->statements = statements;
	db->limits = limits;
	db->slot = slot;
	db->used_ms = clock_ms();
	if (board == NULL)
		db->own = new_scoreboard_market();
	shared = board != NULL ? &board->markets[market->index] : db->own;
	breaker_init(&db->breaker, market->name, shared);
	bulkhead_init(&db->bulkhead, market, board, slot, limits->markets,
	    limits->crowd_after);
	hosts_init(&db->hosts, market, shared);
	db->full_at = &shared->full_at;
	return db;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_disconnect(db);
	free(db->own);
	db_wait_forget(db);
	free(db);
}

const struct market *
db_market(const struct db *db)
{
	return db->market;
}

void
db_set_deadline(struct db *db, uint64_t ms)
{
	db->deadline_ms = ms;
}

void
db_event(struct db *db, enum db_event event)
{
	enum db_state	 before = db->state;

	db->state = db_state_after(before, event);
	if (before == DB_PROBING && event == DB_ANSWERED)
		breaker_works(&db->breaker);
	if (before != DB_IN_TRANSACTION && db->state == DB_IN_TRANSACTION)
		db->opened_ms = db->wait.began_ms;
}

void
db_done(struct db *db)
{
	bulkhead_leave(&db->bulkhead, db->asked, clock_ms());
	db->asked = false;
}

/* ---- the end of a connection ---- */

void
db_disconnect(struct db *db)
{
	struct db_wait	 last = db->wait;

	if (db->state == DB_DISCONNECTED)
		return;
	db_wait_begin(db, DB_WAIT_SETTLE);
	db_forget(db);
	mysql_close(db->mysql);
	db_wait_end(db);
	db->wait = last;
	db->mysql = NULL;
	db_event(db, DB_CLOSED);
}

/* Lets all workers use the host after this one in the list. */
static void
change_to_next_host(struct db *db)
{
	hosts_change(&db->hosts, db->host,
	    (db->host + 1) % db->market->database.host_count);
}

void
db_leave_host(struct db *db)
{
	if (db->market->database.host_count == 1)
		return;
	change_to_next_host(db);
	db_disconnect(db);
}

enum db_result
db_lose(struct db *db)
{
	/* It hangs if no other process had an answer meanwhile either. */
	enum db_wait_end end = db_wait_ended(db);
	uint64_t	 half_ms = (db->wait.began_ms + db->wait.until_ms) / 2;
	bool		 hung = end == DB_END_LIMIT &&
	    breaker_silent(&db->breaker, half_ms);

	db_disconnect(db);
	/* Another try would wait for as long again, or be too late. */
	if (end == DB_END_LOCKED)
		return DB_BUSY;
	if (!hung)
		return end == DB_END_ANSWER ? DB_LOST : DB_AWAY;
	if (db->market->database.host_count > 1)
		change_to_next_host(db);
	else
		breaker_hung(&db->breaker);
	return DB_AWAY;
}

void
db_drop_ended(struct db *db)
{
	if (db->state != DB_DISCONNECTED &&
	    clock_ms() - db->used_ms >= SILENT_MIN_MS &&
	    client_ended(db->mysql))
		db_disconnect(db);
}

/* ---- connecting ---- */

/* The library's timeouts are in whole seconds. Returns them rounded up. */
static unsigned
round_to_seconds(unsigned ms)
{
	return ms == 0 ? 1 : (ms + 999) / 1000;
}

/*
 * Makes all settings of the session that we rely on. They are init commands, so
 * that every connection has the same, whatever the server's defaults are. A
 * lock's timeout is shorter than that of an answer: so we get an error that we
 * can act on, and not a broken connection. If we vanish, the server ends the
 * session. (MySQL takes the text in the comment for a comment: it has no such
 * variable.)
 */
static void
set_session_options(struct db *db)
{
	const struct db_limits	*limits = db->limits;
	unsigned	 connect_s = round_to_seconds(limits->connect_timeout);
	unsigned	 query_s = round_to_seconds(
	    limits->query_timeout > DB_QUERY_MIN ? limits->query_timeout :
	    DB_QUERY_MIN), no = 0;
	char		 init[800];

	mysql_options(db->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(db->mysql, MYSQL_OPT_READ_TIMEOUT, &query_s);
	mysql_options(db->mysql, MYSQL_OPT_WRITE_TIMEOUT, &query_s);
	mysql_options(db->mysql, MYSQL_OPT_LOCAL_INFILE, &no);
	mysql_options(db->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	snprintf(init, sizeof(init), "SET SESSION autocommit = 0, "
	    "time_zone = '+00:00', innodb_lock_wait_timeout = %d, "
	    "lock_wait_timeout = %d, wait_timeout = %d, "
	    "net_read_timeout = %d, net_write_timeout = %d, "
	    "completion_type = 0, sql_safe_updates = 0, "
	    "sql_big_selects = 1, sql_auto_is_null = 0, "
	    "sql_select_limit = 18446744073709551615, "
	    "foreign_key_checks = 1, unique_checks = 1, sql_mode = "
	    "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
	    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' "
	    "/*M!100300 , idle_transaction_timeout = %d, "
	    "idle_write_transaction_timeout = 0, "
	    "idle_readonly_transaction_timeout = 0 */",
	    DB_LOCK_WAIT, DB_LOCK_WAIT, SILENT_S, SILENT_S, SILENT_S,
	    SILENT_TRANSACTION_S);
	mysql_options(db->mysql, MYSQL_INIT_COMMAND, init);
	mysql_options(db->mysql, MYSQL_INIT_COMMAND,
	    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, "
	    "READ WRITE");
	client_set_wait(db->mysql, db_wait_for_server);
	client_set_tls(db->mysql, db->market->database.tls_ca);
}

bool
db_connect(struct db *db, size_t index, bool probe)
{
	const struct market_database	*d = &db->market->database;
	const struct market_host	*host = &d->hosts[index];

	db_event(db, probe ? DB_PROBE : DB_CONNECT);
	db->host = index;
	db->mysql = mysql_init(NULL);
	if (db->mysql == NULL)
		panic("out of memory for a connection");
	set_session_options(db);
	db_wait_begin(db, DB_WAIT_CONNECT);
	if (mysql_real_connect(db->mysql, host->name, d->user,
	    (const char *)d->password.bytes, d->name, host->port,
	    *d->socket != '\0' ? d->socket : NULL, CLIENT_FOUND_ROWS) != NULL) {
		if (*d->tls_ca != '\0')
			client_unblock_tls(db->mysql, STATEMENT_ROOM);
		else
			client_wait_first(db->mysql);
		return true;
	}
	db_log_failure(db, "connect", DB_AWAY, mysql_errno(db->mysql),
	    mysql_error(db->mysql));
	return false;
}

/* Ends the transaction; does not wait long for a server that hangs. False
 * after an error: the connection is then of no use. */
static bool
end_transaction(struct db *db)
{
	bool	 ok;

	db_skip(db);
	db_wait_begin(db, DB_WAIT_SETTLE);
	ok = mysql_commit(db->mysql) == 0;
	db_wait_end(db);
	if (ok)
		db_event(db, DB_ENDED);
	else
		db_log_failure(db, "settle", DB_LOST, mysql_errno(db->mysql),
		    mysql_error(db->mysql));
	return ok;
}

void
db_settle_old(struct db *db)
{
	if (db->state == DB_IN_TRANSACTION &&
	    clock_ms() - db->opened_ms > OPEN_MAX_MS)
		db_settle(db);
}

void
db_settle(struct db *db)
{
	if (db->state != DB_IN_TRANSACTION)
		return;
	if (breaker_hangs(&db->breaker) || !end_transaction(db))
		db_disconnect(db);
}
