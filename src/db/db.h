/*
 * db.h: one connection to one market's database.
 *
 * A worker has one for each market, opened at first use. It is checked at
 * every connection: the database must say that it belongs to the market, and
 * have the schema that we need. Statements are prepared at first use. Of
 * several hosts the first that works is taken (gate.h says which is in use); a
 * host that only reads is not, unless it is the only one.
 *
 * Nothing waits for a server without an end: not for longer than the limits
 * say, nor beyond the request's deadline; and a market whose database hangs or
 * cannot be reached is "away" at once, for all workers (gate.h).
 *
 * Autocommit is off, so that an order takes five round trips and not six.
 * What only reads may leave its transaction open for the next request on this
 * connection, which costs nothing at READ COMMITTED; db_settle() ends it when
 * there is no next request, so that it holds up no migration.
 *
 * Errors are logged here, once, with the statement's name and the server's
 * message; a caller only looks at the result.
 *
 * Written for what MariaDB Connector/C and Oracle's libmysqlclient share.
 */
#ifndef ORDERMUX_DB_H
#define ORDERMUX_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/statement.h"

/* The schema that the statements need: the number of the last migration. */
#define DB_SCHEMA_VERSION 3

/* Statements of up to this many lines are kept prepared; longer orders are
 * prepared each time, or the servers' memory would fill with them. */
#define DB_KEEP_LINES 16

struct arena;
struct scoreboard;
struct db;
struct market;
struct slot;

enum db_result {
	DB_OK,
	DB_REFUSED,	/* by our rules: a transaction is not to be kept */
	DB_DUPLICATE,	/* a unique key is taken (1062) */
	DB_NULL,	/* NULL in a column that takes none (1048) */
	DB_AGAIN,	/* deadlock or lock timeout: the transaction must end, and may be run again */
	DB_LOST,	/* the connection broke; without a COMMIT sent, nothing was kept */
	DB_AWAY,	/* the database cannot be used now */
	DB_UNKNOWN,	/* the connection broke in COMMIT: kept or not */
	DB_FAILED	/* a bug of ours, or the statement cannot work */
};

/* A parameter. Texts are used by address until the call returns. */
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
struct db_value	db_bytes(const void *, size_t);
struct db_value	db_time(int64_t us);

/* For all markets alike; milliseconds. */
struct db_limits {
	unsigned	connect_timeout;
	unsigned	query_timeout;
	unsigned	crowd_after;	/* gate.h; 0 = no bulkhead */
};

/* Nothing is opened yet. Market, statements, limits, board and slot must
 * outlive it; the board is NULL for a process by itself, the slot then its
 * own. */
struct db *	db_new(const struct market *, const struct statement_table *,
    const struct db_limits *, const struct scoreboard *, struct slot *);
void		db_free(struct db *);

/* Until when what is run may take, by clock_ms(): the request's deadline; 0 =
 * no end but the limits. */
void		db_set_deadline(struct db *, uint64_t ms);

const struct market *db_market(const struct db *);

/* Connected and checked when DB_OK; else DB_AWAY. To be called before each
 * request's first statement. */
enum db_result	db_ready(struct db *);

/*
 * Runs a statement of the table; "lines" is how often its {} is repeated (1 where it has
 * none). The values are those of the text's question marks, in its order.
 * Of a statement with rows, db_next() then gives each.
 */
enum db_result	db_run(struct db *, unsigned statement, size_t lines,
    const struct db_value *, size_t count);

/* The next row: *more is false behind the last. All rows must be taken, or
 * db_skip() called, before the next db_run(). */
enum db_result	db_next(struct db *, bool *more);
void		db_skip(struct db *);

/* Runs a statement only to see whether it gives a row. */
enum db_result	db_exists(struct db *, unsigned statement,
    const struct db_value *values, size_t count, bool *exists);

/* Columns of the row, by position; valid until the next db_next(). */
bool		db_is_null(const struct db *, size_t column);
int64_t		db_get_int(const struct db *, size_t column);
/* A copy in the arena with a NUL behind it; NULL for NULL. */
const char *	db_get_text(const struct db *, size_t column, struct arena *);
/* The bytes themselves; *len is their number. */
const char *	db_get_bytes(const struct db *, size_t column, size_t *len);

/* Of the last statement: rows matched (also those that did not change), and
 * the AUTO_INCREMENT value of an insert. */
uint64_t	db_matched(const struct db *);
uint64_t	db_insert_id(const struct db *);

/*
 * Runs body() as a transaction. It commits when body gives DB_OK, and rolls
 * back otherwise. Body is run again, a few times, after DB_AGAIN (with a pause
 * that grows and jitters) and, on a new connection, after DB_LOST: it must
 * start from nothing each time. DB_UNKNOWN is not run again. DB_REFUSED is the
 * body's own: the rules are against it. It is no error, and is not logged.
 */
enum db_result	db_transaction(struct db *,
    enum db_result (*body)(struct db *, void *arg), void *arg);

/*
 * Behind DB_UNKNOWN: finds out what became of the transaction. Runs body(),
 * which looks for what it would have left and sets *kept, on a new connection,
 * until it has been answered or the deadline (or 5 s) has come, or the worker
 * is needed by other markets. DB_OK: it was kept; DB_AWAY: it was not;
 * DB_UNKNOWN: nobody knows, also when only another server of a cluster could
 * be asked, and has found nothing. All three are logged, as the outcome "of"
 * what.
 */
enum db_result	db_resolve(struct db *, const char *of,
    enum db_result (*body)(struct db *, void *arg, bool *kept), void *arg);

/* Runs body(), which only reads, again after DB_AGAIN and DB_LOST. */
enum db_result	db_read(struct db *,
    enum db_result (*body)(struct db *, void *arg), void *arg);

/* Ends a transaction that was left open by reading; one that was so for
 * longer than 100 ms. */
void		db_settle(struct db *);
void		db_settle_old(struct db *);

/* Reads a table, not only the server's word that it is there (a Galera node
 * outside the cluster still answers SELECT 1). */
enum db_result	db_probe(struct db *);

/* Ends what is open, and begins to read one state of the database, whatever
 * is committed meanwhile, until db_settle(). DB_LOST or DB_AWAY as db_run(). */
enum db_result	db_snapshot(struct db *);

#endif
