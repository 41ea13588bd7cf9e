/*
 * db.h: one connection to one market's database.
 *
 * A worker has one connection for each market, opened at first use. Every new
 * connection is checked: the database must say that it belongs to the market,
 * and have the schema that we need. If a market has several hosts, the first
 * that works is used (hosts.h); a read-only host is used only if it is the
 * only one. Statements are prepared at first use.
 *
 * Every wait for a server has an end: the limit for that kind of wait, and the
 * request's deadline (wait.h). If a database hangs or no host accepts a
 * connection, all workers answer DB_AWAY at once (breaker.h). If it is only
 * slow, or rows of it are locked, it cannot take all workers (bulkhead.h).
 *
 * The server ends a session of ours that is silent: after 5 s in a transaction
 * (MariaDB only), and after 30 s outside of one. So the locks of a host that
 * has vanished do not stay. A session that was ended is made anew silently.
 *
 * Autocommit is off: that saves each order a round trip. After a
 * request that only reads, the transaction may stay open for the next request
 * on this connection. That costs nothing at READ COMMITTED. If there is no
 * next request, db_settle() ends the transaction: an open one would block a
 * migration.
 *
 * Errors are logged here, once, with the name of the statement and the
 * server's message. A caller only looks at the result.
 *
 * The code needs only what MariaDB Connector/C and Oracle's libmysqlclient
 * have in common; client.h has the rest.
 */
#ifndef ORDERMUX_DB_H
#define ORDERMUX_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/statement.h"

/* The schema that the statements need: the number of the last migration. A
 * newer one is used if it says that it serves this one (migration.h). */
#define DB_SCHEMA_VERSION 6

/* Statements for up to this many lines stay prepared. Those for longer orders
 * are prepared each time: they would fill the server's memory. */
#define DB_KEEP_LINES 16

/* So many prepared statements does a connection keep at most. */
#define DB_KEEP_STATEMENTS 64

struct arena;
struct scoreboard;
struct db;
struct market;
struct slot;

enum db_result {
	DB_OK,
	DB_REFUSED,	/* against our rules: a transaction is not to be kept */
	DB_DUPLICATE,	/* a unique key is taken (1062) */
	DB_NULL,	/* NULL in a column that takes none (1048) */
	DB_AGAIN,	/* deadlock: the transaction must end; it may be run
			 * again */
	DB_BUSY,	/* a row is locked by others, for longer than
			 * DB_LOCK_WAIT: the transaction must end. The database
			 * itself works */
	DB_LOST,	/* the connection broke; if no COMMIT was sent, nothing
			 * was kept */
	DB_AWAY,	/* the database cannot be used now */
	DB_CROWDED,	/* the same, but only because others wait for it */
	DB_UNKNOWN,	/* the connection broke in COMMIT: kept or not */
	DB_FAILED	/* the statement cannot work: a bug of ours */
};

/* A parameter. Texts are not copied: they must stay valid until the call
 * returns. */
enum db_kind { DB_KIND_NULL, DB_KIND_INTEGER, DB_KIND_TEXT, DB_KIND_BYTES,
	DB_KIND_TIME };

struct db_value {
	enum db_kind	 kind;
	int64_t		 number;	/* also a time, in µs since 1970 */
	const char	*text;
	size_t		 len;
};

struct db_value	db_int(int64_t);
struct db_value	db_text(const char *);		/* NULL = NULL */
struct db_value	db_bytes(const void *, size_t);	/* NULL = NULL */
struct db_value	db_time(int64_t us);

/* The same for all markets; milliseconds. */
struct db_limits {
	unsigned	connect_timeout;
	unsigned	query_timeout;	/* at least DB_QUERY_MIN is used */
	unsigned	crowd_after;	/* bulkhead.h; 0 = none */
	size_t		markets;	/* how many share the workers */
};

/* How long a row's lock is waited for, in seconds; and so the shortest limit of
 * a statement, in ms: a locked row must not look like a server that hangs. */
#define DB_LOCK_WAIT	1
#define DB_QUERY_MIN	(DB_LOCK_WAIT * 1000 + 500)

/* Does not connect yet. Market, statements, limits, board and slot must
 * outlive it. A process that is not part of a daemon has no board (NULL), and
 * a slot of its own. */
struct db *	db_new(const struct market *, const struct statement_table *,
    const struct db_limits *, const struct scoreboard *, struct slot *);
void		db_free(struct db *);

/* The request's deadline, by clock_ms(): nothing that is run waits for longer.
 * 0 = none; then only the limits end a wait. */
void		db_set_deadline(struct db *, uint64_t ms);

const struct market *db_market(const struct db *);

/* Call it before the first statement of each request. DB_OK: the connection is
 * open and checked. DB_AWAY: it cannot be. DB_CROWDED, DB_BUSY: the request may
 * not enter, because too many of its market, or of its customer, wait. */
enum db_result	db_ready(struct db *);

/* Call it behind the last statement of each request. */
void		db_done(struct db *);

/*
 * Runs a statement of the table. "lines" is how often the part in {} is
 * repeated; 1 if there is none. The values are for the question marks, in the
 * order of the text. If the statement gives rows, db_next() fetches them.
 */
enum db_result	db_run(struct db *, unsigned statement, size_t lines,
    const struct db_value *, size_t count);

/* Fetches the next row. *more is false after the last one. Fetch all rows, or
 * call db_skip(), before the next db_run(). */
enum db_result	db_next(struct db *, bool *more);
void		db_skip(struct db *);

/* Runs a statement only to see whether it gives a row. */
enum db_result	db_exists(struct db *, unsigned statement,
    const struct db_value *values, size_t count, bool *exists);

/* Columns of the current row, by position; valid until the next db_next(). */
bool		db_is_null(const struct db *, size_t column);
int64_t		db_get_int(const struct db *, size_t column);
/* A copy in the arena that ends with a NUL; NULL for NULL. */
const char *	db_get_text(const struct db *, size_t column, struct arena *);
/* The bytes themselves; *len is their number. */
const char *	db_get_bytes(const struct db *, size_t column, size_t *len);

/* Of the last statement: the number of rows that matched (whether they changed
 * or not), and the AUTO_INCREMENT value of an insert. */
uint64_t	db_matched(const struct db *);
uint64_t	db_insert_id(const struct db *);

/*
 * Runs body() as a transaction. It commits when body gives DB_OK, and rolls
 * back otherwise. Body is run again, a few times, after DB_AGAIN (with a pause
 * that grows and jitters) and, on a new connection, after DB_LOST: it must
 * start from nothing each time. DB_UNKNOWN is not run again. DB_BUSY is not
 * run again either: the wait was long enough. DB_REFUSED is the body's own: the
 * rules are against it. It is no error, and is not logged.
 */
enum db_result	db_transaction(struct db *,
    enum db_result (*body)(struct db *, void *arg), void *arg);

/*
 * After DB_UNKNOWN: finds out what became of the transaction. Runs body() on a
 * new connection; body() looks for what the transaction would have written,
 * and sets *kept. It is run until it has an answer, until the deadline (or 5 s
 * without one), or until other markets need the worker. Returns
 *
 *	DB_OK		the transaction was kept
 *	DB_AWAY		it was not kept
 *	DB_UNKNOWN	nobody knows; also if only another server of the
 *			cluster answered, and has found nothing
 *
 * All three are logged, as the outcome "of" what.
 */
enum db_result	db_resolve(struct db *, const char *of,
    enum db_result (*body)(struct db *, void *arg, bool *kept), void *arg);

/* Runs body(), which only reads. Runs it again after DB_AGAIN and DB_LOST. */
enum db_result	db_read(struct db *,
    enum db_result (*body)(struct db *, void *arg), void *arg);

/* Ends a transaction that was left open by reading; the second one only if it
 * has been open for more than 100 ms. */
void		db_settle(struct db *);
void		db_settle_old(struct db *);

/* Whether the database works. Reads a table: a Galera node that has left its
 * cluster still answers SELECT 1. */
enum db_result	db_probe(struct db *);

/*
 * After db_probe(): whether the server would take every statement of the table.
 * DB_REFUSED if the account lacks a right, or the schema a table or a column;
 * the log says which. It costs a round trip a statement, so of all processes
 * one asks every 5 s (every second while something is missing); the others
 * return what it has found.
 */
enum db_result	db_check(struct db *);

/* Ends the open transaction and begins a snapshot: until db_settle(), all
 * statements see the database as it is now, whatever others commit. DB_LOST or
 * DB_AWAY as db_run(). */
enum db_result	db_snapshot(struct db *);

#endif
