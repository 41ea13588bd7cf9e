/*
 * transaction.c: transactions on one connection (see db.h), and what became of
 * one whose COMMIT was not answered.
 */
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/connection.h"
#include "db/db_error.h"
#include "db/db_impl.h"
#include "db/wait.h"
#include "market/market.h"

#define ATTEMPTS	6	/* of a transaction that deadlocks */
#define RECONNECTS	2	/* of one that loses its connection */

/* Times in ms. */
#define COMMIT_MIN	500	/* with less left, a COMMIT is not begun */
#define RESOLVE_MAX	5000	/* without a deadline */
#define RESOLVE_PAUSE	100

/* Ends the transaction and keeps nothing of it. If that fails, closes the
 * connection, which does the same. */
static void
rollback(struct db *db)
{
	bool	 ok;

	db_skip(db);
	if (db->state == DB_DISCONNECTED)
		return;
	db_wait_begin(db, DB_WAIT_SETTLE);
	ok = mysql_rollback(db->mysql) == 0;
	db_wait_end(db);
	if (ok)
		db_event(db, DB_ENDED);
	else
		db_disconnect(db);
}

/* What the error of a COMMIT means: nobody knows the outcome, unless the
 * server says that nothing was kept. */
static enum db_result
judge_commit_error(struct db *db)
{
	unsigned	 error = mysql_errno(db->mysql);
	enum db_result	 result = db_error_deadlock(error) ? DB_AGAIN :
	    DB_UNKNOWN;

	db_log_failure(db, "commit", result, error, mysql_error(db->mysql));
	if (result == DB_UNKNOWN) {
		memcpy(db->commit_server, db->server, sizeof(db->server));
		(void)db_lose(db);
	}
	return result;
}

/* Commits, if there is enough time left to learn the outcome. */
static enum db_result
commit(struct db *db)
{
	db_skip(db);
	if (db_too_late(db, COMMIT_MIN))
		return DB_AWAY;
	db_wait_begin(db, DB_WAIT_COMMIT);
	if (mysql_commit(db->mysql) != 0)
		return judge_commit_error(db);
	db_wait_answered(db);
	db_event(db, DB_ENDED);
	return DB_OK;
}

/* How often one transaction was tried again, and why. */
struct attempts {
	unsigned	again;
	unsigned	lost;
	uint64_t	began_ms;
};

/*
 * Whether to run the transaction again after this result. Pauses or reconnects
 * before it returns true. The pause doubles each time, and half of it is
 * random, so that two transactions do not collide again. No transaction is
 * tried again after the time that one query may take.
 */
static bool
try_again(struct db *db, enum db_result *result, struct attempts *a)
{
	uint64_t	 us;
	struct timespec	 pause = { 0 };

	if (db_too_late(db, 0) ||
	    clock_ms() - a->began_ms > db->limits->query_timeout)
		return false;
	if (*result == DB_AGAIN && ++a->again < ATTEMPTS) {
		us = (uint64_t)500 << a->again;
		us = us / 2 + randombytes_uniform((uint32_t)us / 2);
		pause.tv_nsec = (long)us * 1000;
		nanosleep(&pause, NULL);
		return true;
	}
	if (*result == DB_LOST && a->lost++ < RECONNECTS)
		return (*result = db_ready(db)) == DB_OK;
	return false;
}

/* The result for the caller, who cannot do anything about a database that
 * stays lost, or in which the others are always faster. */
static enum db_result
give_up(enum db_result result)
{
	if (result == DB_AGAIN)
		return DB_BUSY;
	return result == DB_LOST || result == DB_CROWDED ? DB_AWAY : result;
}

enum db_result
db_transaction(struct db *db, enum db_result (*body)(struct db *, void *),
    void *arg)
{
	struct attempts	 a = { .began_ms = clock_ms() };
	enum db_result	 result;

	do {
		result = body(db, arg);
		if (result == DB_OK)
			result = commit(db);
		if (result != DB_OK)
			rollback(db);
	} while (try_again(db, &result, &a));
	return give_up(result);
}

enum db_result
db_read(struct db *db, enum db_result (*body)(struct db *, void *),
    void *arg)
{
	struct attempts	 a = { .began_ms = clock_ms() };
	enum db_result	 result;

	do {
		result = body(db, arg);
		if (result != DB_OK)
			rollback(db);
	} while (try_again(db, &result, &a));
	return give_up(result);
}

/* ---- what became of a transaction ---- */

/* A question about the past: body and argument of db_read(). */
struct question {
	enum db_result	(*body)(struct db *, void *, bool *);
	void		*arg;
	bool		*kept;
};

/*
 * Switches a Galera node's wait for its cluster on or off. While it is on, what
 * this connection reads includes all that was committed on any node. A server
 * without a cluster does not know the variable, and does not need it.
 */
static enum db_result
set_cluster_wait(struct db *db, const char *sql)
{
	unsigned	 error;

	db_wait_begin(db, DB_WAIT_STATEMENT);
	error = mysql_query(db->mysql, sql) == 0 ? 0 : mysql_errno(db->mysql);
	db_wait_end(db);
	if (error == 0 || db_error_no_variable(error))
		return DB_OK;
	db_log_failure(db, "sync_wait", DB_LOST, error,
	    mysql_error(db->mysql));
	return db_lose(db);
}

/* Body of db_read(): asks the question once. */
static enum db_result
put_question(struct db *db, void *arg)
{
	struct question	*q = arg;
	enum db_result	 result;

	*q->kept = false;
	if (db->state == DB_DISCONNECTED)
		return DB_LOST;
	result = set_cluster_wait(db, "SET SESSION wsrep_sync_wait = 1");
	return result == DB_OK ? q->body(db, q->arg, q->kept) : result;
}

/*
 * Connects, and asks once. On the server that got the COMMIT, the question
 * waits for the transaction if it is still open there. Another server may not
 * know of it yet, even if it has all that its cluster has agreed on: if that
 * server finds nothing, this is no answer.
 */
static enum db_result
resolve_once(struct db *db, struct question *q)
{
	enum db_result	 result = db_ready(db);

	if (result != DB_OK)
		return result;
	result = db_read(db, put_question, q);
	if (result == DB_OK && !*q->kept &&
	    strcmp(db->server, db->commit_server) != 0)
		result = DB_UNKNOWN;
	rollback(db);
	if (db->state == DB_DISCONNECTED)
		return result;
	if (result == DB_AWAY)
		db_disconnect(db);	/* the wait is still on */
	else
		(void)set_cluster_wait(db,
		    "SET SESSION wsrep_sync_wait = DEFAULT");
	return result;
}

/* Asks until there is an answer, or no time left. */
static enum db_result
ask(struct db *db, struct question *q)
{
	const struct timespec	 pause = { .tv_nsec = RESOLVE_PAUSE * 1000000 };
	uint64_t		 until = db->deadline_ms != 0 ?
	    db->deadline_ms : clock_ms() + RESOLVE_MAX;
	uint64_t		 now;
	enum db_result		 result;

	while ((now = clock_ms()) < until &&
	    bulkhead_look(&db->bulkhead, now) == BULKHEAD_FREE) {
		result = resolve_once(db, q);
		if (result == DB_OK || result == DB_UNKNOWN)
			return result;
		nanosleep(&pause, NULL);
	}
	return DB_UNKNOWN;
}

enum db_result
db_resolve(struct db *db, const char *of,
    enum db_result (*body)(struct db *, void *, bool *), void *arg)
{
	bool		 kept = false;
	struct question	 q = { .body = body, .arg = arg, .kept = &kept };

	if (ask(db, &q) != DB_OK) {
		log_error("outcome of a commit unknown", log_str("of", of),
		    log_str("database", db->market->name));
		return DB_UNKNOWN;
	}
	log_notice("outcome of a commit found", log_str("of", of),
	    log_str("database", db->market->name),
	    log_str("kept", kept ? "yes" : "no"));
	return kept ? DB_OK : DB_AWAY;
}

/* ---- does it work ---- */

/* Body of db_read(): any row will do. */
static enum db_result
read_any_row(struct db *db, void *arg)
{
	enum db_result	 result;
	bool		 more;

	(void)arg;
	result = db_run(db, STATEMENT_IDENTITY, 1, NULL, 0);
	if (result == DB_OK)
		result = db_next(db, &more);
	db_skip(db);
	return result;
}

enum db_result
db_probe(struct db *db)
{
	enum db_result	 result = db_ready(db);

	return result == DB_OK ? db_read(db, read_any_row, NULL) : result;
}

/* ---- a snapshot ---- */

enum db_result
db_snapshot(struct db *db)
{
	static const char *const	 begin[] = {
		"COMMIT",
		"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		"START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
	};
	int				 failed = 0;

	db_skip(db);
	if (db->state == DB_DISCONNECTED)
		return DB_LOST;
	db_wait_begin(db, DB_WAIT_STATEMENT);
	for (size_t i = 0; !failed && i < sizeof(begin) / sizeof(*begin); i++)
		failed = mysql_query(db->mysql, begin[i]);
	db_wait_end(db);
	if (failed) {
		db_log_failure(db, "snapshot", DB_LOST, mysql_errno(db->mysql),
		    mysql_error(db->mysql));
		return db_lose(db);
	}
	db_event(db, DB_ENDED);	/* by the first of them */
	db_event(db, DB_SENT);	/* by the last */
	return DB_OK;
}
