/*
 * db_connect.c: connecting to a market's database, and waiting for it (see
 * db.h). Reconnecting by the library is never switched on: it loses
 * transactions silently.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "base/slot.h"
#include "db/db_impl.h"
#include "market/market.h"

/* Bytes that the longest statement may have: an order of 100 lines. */
#define STATEMENT_ROOM	(256 * 1024)

#define OPEN_MAX_MS	100	/* a transaction left open by reading */

/* How long a server is waited for, in ms, besides the limits. */
#define PROBE_MS	1000	/* one that hung, or may be back */
#define SETTLE_MS	250	/* when nothing is lost without its answer */
#define LOOK_MS		50	/* between two looks at the bulkhead */
#define COMMIT_PATIENCE	4	/* times crowd_after */

/* The connection whose call is going on: the library's callback is given
 * nothing by which it could be found. */
static struct db	*waiting;

/* What a process by itself keeps in place of a market of the board. */
static struct scoreboard_market *
new_scoreboard_market(void)
{
	struct scoreboard_market	*own;

	/* Its alignment is for those who share. */
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

	if (db == NULL || (db->kept = calloc(statements->count,
	    sizeof(*db->kept))) == NULL)
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
	bulkhead_init(&db->bulkhead, market, board, slot, limits->crowd_after);
	hosts_init(&db->hosts, market, shared);
	return db;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_disconnect(db);
	free(db->own);
	if (waiting == db)
		waiting = NULL;
	free(db->kept);
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

/* ---- waiting ---- */

/* How long a wait of this kind may take at most. */
static uint64_t
wait_limit(const struct db *db, enum db_wait_kind kind)
{
	unsigned	 query = db->limits->query_timeout;
	unsigned	 connect = db->limits->connect_timeout;

	switch (kind) {
	case DB_WAIT_CONNECT:
		return db->probe && connect > PROBE_MS ? PROBE_MS : connect;
	case DB_WAIT_ANSWER:
		return db->probe && query > PROBE_MS ? PROBE_MS : query;
	case DB_WAIT_SETTLE:
		return SETTLE_MS;
	case DB_WAIT_COMMIT:
	case DB_WAIT__MAX:
		break;
	}
	return query;
}

void
db_wait_begin(struct db *db, enum db_wait_kind kind)
{
	struct db_wait	*w = &db->wait;

	w->kind = kind;
	w->began_ms = clock_ms();
	w->until_ms = w->began_ms + wait_limit(db, kind);
	w->whole = db->deadline_ms == 0 || w->until_ms <= db->deadline_ms ||
	    kind == DB_WAIT_SETTLE;
	if (!w->whole)
		w->until_ms = db->deadline_ms;
	w->timed_out = w->gave_up = false;
	waiting = db;
	slot_set(db->slot, SLOT_DATABASE);
}

void
db_wait_end(struct db *db)
{
	db->used_ms = clock_ms();
	slot_set(db->slot, SLOT_RULES);
}

void
db_wait_answered(struct db *db)
{
	db_wait_end(db);
	breaker_answered(&db->breaker, db->used_ms);
}

bool
db_too_late(const struct db *db, uint64_t needed_ms)
{
	return db->deadline_ms != 0 &&
	    clock_ms() + needed_ms >= db->deadline_ms;
}

bool
db_wait_refused(struct db *db)
{
	bool	 late = db_too_late(db, 0);
	bool	 crowded = !late && bulkhead_crowded(&db->bulkhead, clock_ms());

	if (late || crowded)
		db->wait = (struct db_wait){ .timed_out = late,
		    .gave_up = crowded };
	return late || crowded;
}

/* From when on the worker looks if it has to make room for others. */
static uint64_t
patience_ends(const struct db *db)
{
	const struct db_wait	*w = &db->wait;

	return w->began_ms + (w->kind == DB_WAIT_COMMIT ?
	    db->bulkhead.crowd_after * COMMIT_PATIENCE : db->bulkhead.crowd_after);
}

/* For how long to sleep now, in ms: to the end of the wait; or, when the
 * worker may have to make room for others, to the next look at them. */
static int
wait_slice(const struct db *db, uint64_t now)
{
	const struct db_wait	*w = &db->wait;
	uint64_t		 look, left = w->until_ms - now;

	if (db->bulkhead.crowd_after == 0)
		return (int)left;
	look = patience_ends(db);
	look = look > now ? look - now : LOOK_MS;
	return (int)(look < left ? look : left);
}

/* Whether the wait is over, though nothing came. */
static bool
wait_over(struct db *db, uint64_t now)
{
	struct db_wait	*w = &db->wait;

	w->timed_out = now >= w->until_ms;
	w->gave_up = !w->timed_out &&
	    now >= patience_ends(db) && bulkhead_crowded(&db->bulkhead, clock_ms());
	return w->timed_out || w->gave_up;
}

/* A client_wait() function, which the library calls instead of poll(2). */
static int
wait_for_server(int fd, bool reading)
{
	struct db	*db = waiting;
	struct pollfd	 p = { .fd = fd,
	    .events = reading ? POLLIN : POLLOUT };
	uint64_t	 now;
	int		 n;

	for (;;) {
		now = clock_ms();
		if (wait_over(db, now))
			return 0;
		n = poll(&p, 1, wait_slice(db, now));
		if (n > 0)
			return 1;
		if (n == -1 && errno != EINTR)
			return -1;
	}
}

/* Whether the last wait took as long as it might. */
static bool
waited_out(const struct db *db)
{
	const struct db_wait	*w = &db->wait;

	return w->timed_out || (!w->gave_up && w->kind != DB_WAIT_SETTLE &&
	    clock_ms() - w->began_ms + 100 >= db->limits->query_timeout);
}

/* ---- the end of a connection ---- */

void
db_disconnect(struct db *db)
{
	struct db_wait	 last = db->wait;

	db_wait_begin(db, DB_WAIT_SETTLE);
	db_forget(db);
	if (db->mysql != NULL)
		mysql_close(db->mysql);
	db_wait_end(db);
	db->wait = last;
	db->mysql = NULL;
	db->open = false;
}

/* The host behind this one is to be used, if there is another. */
static void
next_host(struct db *db)
{
	hosts_change(&db->hosts, db->host,
	    (db->host + 1) % db->market->database.host_count);
}

void
db_leave_host(struct db *db)
{
	if (db->market->database.host_count == 1)
		return;
	next_host(db);
	db_disconnect(db);
}

enum db_result
db_lose(struct db *db)
{
	bool	 late = waited_out(db), gave_up = db->wait.gave_up;
	bool	 hung = late && db->wait.whole &&
	    breaker_silent(&db->breaker, db->wait.began_ms +
	    (db->wait.until_ms - db->wait.began_ms) / 2);

	db_disconnect(db);
	if (!hung)
		return late || gave_up ? DB_AWAY : DB_LOST;
	if (db->market->database.host_count > 1)
		next_host(db);
	else
		breaker_hung(&db->breaker);
	return DB_AWAY;
}

/* ---- connecting ---- */

/* Whole seconds, rounded up: what the library takes. */
static unsigned
seconds(unsigned ms)
{
	return ms == 0 ? 1 : (ms + 999) / 1000;
}

/*
 * All of a session's settings, as init commands, so that every connection has
 * the same. A lock is waited for less long than an answer is, so that its
 * timeout is an error we can act on and not a broken connection.
 */
static void
set_options(struct db *db)
{
	unsigned	 connect_s = seconds(db->limits->connect_timeout);
	unsigned	 query_s = seconds(db->limits->query_timeout);
	unsigned	 lock_s = query_s > 2 ? query_s / 2 : 1, no = 0;
	char		 init[320];

	mysql_options(db->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(db->mysql, MYSQL_OPT_READ_TIMEOUT, &query_s);
	mysql_options(db->mysql, MYSQL_OPT_WRITE_TIMEOUT, &query_s);
	mysql_options(db->mysql, MYSQL_OPT_LOCAL_INFILE, &no);
	mysql_options(db->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	snprintf(init, sizeof(init), "SET SESSION autocommit = 0, "
	    "time_zone = '+00:00', innodb_lock_wait_timeout = %u, "
	    "lock_wait_timeout = %u, sql_mode = "
	    "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
	    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
	    lock_s, lock_s);
	mysql_options(db->mysql, MYSQL_INIT_COMMAND, init);
	mysql_options(db->mysql, MYSQL_INIT_COMMAND,
	    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
	client_set_wait(db->mysql, wait_for_server);
	client_set_tls(db->mysql, db->market->database.tls_ca);
}

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
	if (result == DB_AWAY && db->mysql != NULL && !db->wait.gave_up &&
	    !db->wait.timed_out)
		log_error("the database cannot say whose it is: has "
		    "\"ordermuxctl migrate\" been run?",
		    log_str("database", db->market->database.name));
	if (result != DB_OK)
		return DB_AWAY;
	result = judge_identity(db, more);
	db_skip(db);
	return result;
}

/* Opens a connection to a host, unchecked. */
static bool
open_host(struct db *db, const struct market_host *host)
{
	const struct market_database	*d = &db->market->database;

	db->mysql = mysql_init(NULL);
	if (db->mysql == NULL)
		panic("out of memory for a connection");
	set_options(db);
	db_wait_begin(db, DB_WAIT_CONNECT);
	if (mysql_real_connect(db->mysql, host->name, d->user,
	    (const char *)d->password.bytes, d->name, host->port,
	    *d->socket != '\0' ? d->socket : NULL, CLIENT_FOUND_ROWS) != NULL) {
		if (*d->tls_ca != '\0')
			client_unblock_tls(db->mysql, STATEMENT_ROOM);
		return true;
	}
	db_log_failure(db, "connect", DB_AWAY, mysql_errno(db->mysql),
	    mysql_error(db->mysql));
	return false;
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

	db->host = index;
	if (open_host(db, host) && check_identity(db) == DB_OK) {
		db_settle(db);
		log_debug("connected", log_str("database", db->market->name),
		    log_str("host", host->name), log_uint("port", host->port));
		return db->mysql != NULL;
	}
	*fault = !db->wait.gave_up && (!db->wait.timed_out || db->wait.whole);
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

/* Ends what is open without waiting for a server that hangs anyway. */
static bool
settle(struct db *db)
{
	bool	 ok;

	db_skip(db);
	db_wait_begin(db, DB_WAIT_SETTLE);
	ok = mysql_commit(db->mysql) == 0;
	db_wait_end(db);
	if (!ok)
		db_log_failure(db, "settle", DB_LOST, mysql_errno(db->mysql),
		    mysql_error(db->mysql));
	return ok;
}

void
db_settle_old(struct db *db)
{
	if (db->open && clock_ms() - db->opened_ms > OPEN_MAX_MS)
		db_settle(db);
}

void
db_settle(struct db *db)
{
	if (db->mysql == NULL || !db->open)
		return;
	db->open = false;
	if (breaker_hangs(&db->breaker) || !settle(db))
		db_disconnect(db);
}
