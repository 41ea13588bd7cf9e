/*
 * db.c: a connection to a market's database (see db.h). The only file that
 * calls the MySQL client library for requests. Reconnecting by the library is
 * never switched on: it loses transactions silently.
 */
#include <mysql.h>
#include <errmsg.h>
#include <mysqld_error.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stage.h"
#include "market/market.h"
#include "store/db.h"

/* MySQL 8 has bool where MySQL 5 and MariaDB have my_bool. */
#if defined(MARIADB_BASE_VERSION) || defined(MARIADB_VERSION_ID) || \
    MYSQL_VERSION_ID < 80000
typedef my_bool db_bool;
#else
typedef bool db_bool;
#endif

#define VALUES_MAX	1024	/* parameters of one statement */
#define ATTEMPTS	6	/* of a transaction that deadlocks */
#define RECONNECTS	2	/* of one that loses its connection */
#define NOT_BEFORE_MS	1000	/* after a failed connect */
#define OPEN_MAX_MS	100	/* a transaction left open by reading */

/* Where a column's value is put by the library. */
struct column {
	enum statement_type	 type;
	int64_t			 number;
	MYSQL_TIME		 time;
	char			*bytes;
	unsigned long		 len;
	db_bool			 is_null;
	db_bool			 truncated;
};

struct prepared {
	MYSQL_STMT	*stmt;
	struct column	*columns;	/* NULL: no rows */
	MYSQL_BIND	*binds;
	size_t		 column_count;
	struct arena	*arena;		/* of all this */
};

struct db {
	const struct market	*market;
	const struct db_limits	*limits;
	struct stage		*stage;
	MYSQL			*mysql;		/* NULL: not connected */
	struct prepared		*kept[STATEMENT__MAX][DB_KEEP_LINES + 1];
	struct prepared		*current;	/* its rows are being taken */
	bool			 current_once;	/* not kept: free it after */
	bool			 open;		/* a transaction may be open */
	uint64_t		 opened_ms;
	uint64_t		 used_ms;	/* end of the last statement */
	uint64_t		 not_before_ms;
	uint64_t		 matched;
	uint64_t		 insert_id;
};

/* Server errors by number: the names differ between the two libraries. */
enum {
	E_LOCK_WAIT = 1205, E_DEADLOCK = 1213, E_DUPLICATE = 1062,
	E_NULL = 1048, E_UNKNOWN_COMMAND = 1047, E_SHUTDOWN = 1053,
	E_KILLED = 1927, E_READ_ONLY_OPTION = 1290, E_READ_ONLY = 1792,
	E_READ_ONLY_MODE = 1836, E_STATEMENT_TIMEOUT = 1969,
	E_EXECUTION_TIME = 3024, E_TOO_MANY_STATEMENTS = 1461,
	E_NO_TABLE = 1146, E_TABLE_ACCESS = 1142, E_COLUMN_ACCESS = 1143,
	E_INTERRUPTED = 1317, E_STALE_STMT = 1243, E_REPREPARE = 1615,
	E_STMT_CLOSED = 2056, E_NEW_METADATA = 2057, E_SERVER_EXTENDED = 2055,
	E_SSL = 2026, E_SOCKET = 2002, E_CONNECT = 2003, E_IDLE = 4031,
	E_SESSION_KILLED = 3169, E_COMMIT = 1180, E_PACKET_READ = 1158,
	E_PACKET_READ_TIMEOUT = 1159, E_PACKET_WRITE = 1160,
	E_PACKET_WRITE_TIMEOUT = 1161
};

/* ---- values ---- */

struct db_value
db_int(int64_t n)
{
	return (struct db_value){ .kind = DB_KIND_INTEGER, .number = n };
}

struct db_value
db_text(const char *s)
{
	if (s == NULL)
		return (struct db_value){ .kind = DB_KIND_NULL };
	return (struct db_value){ .kind = DB_KIND_TEXT, .text = s,
	    .len = strlen(s) };
}

struct db_value
db_bytes(const void *p, size_t n)
{
	return (struct db_value){ .kind = DB_KIND_BYTES, .text = p, .len = n };
}

struct db_value
db_time(int64_t us)
{
	return (struct db_value){ .kind = DB_KIND_TIME, .number = us };
}

static MYSQL_TIME
time_to_mysql(int64_t us)
{
	MYSQL_TIME	 t = { .time_type = MYSQL_TIMESTAMP_DATETIME };
	time_t		 seconds = (time_t)(us / 1000000);
	struct tm	 tm;

	gmtime_r(&seconds, &tm);
	t.year = (unsigned)tm.tm_year + 1900;
	t.month = (unsigned)tm.tm_mon + 1;
	t.day = (unsigned)tm.tm_mday;
	t.hour = (unsigned)tm.tm_hour;
	t.minute = (unsigned)tm.tm_min;
	t.second = (unsigned)tm.tm_sec;
	t.second_part = (unsigned long)(us % 1000000);
	return t;
}

static int64_t
time_from_mysql(const MYSQL_TIME *t)
{
	struct tm	 tm = { .tm_year = (int)t->year - 1900,
	    .tm_mon = (int)t->month - 1, .tm_mday = (int)t->day,
	    .tm_hour = (int)t->hour, .tm_min = (int)t->minute,
	    .tm_sec = (int)t->second };

	return (int64_t)timegm(&tm) * 1000000 + (int64_t)t->second_part;
}

/* ---- errors ---- */

/* What an error means for whoever runs a transaction. */
static enum db_result
classify(unsigned error)
{
	switch (error) {
	case E_DEADLOCK:
	case E_LOCK_WAIT:
		return DB_AGAIN;
	case E_DUPLICATE:
		return DB_DUPLICATE;
	case E_NULL:
		return DB_NULL;
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_COMMANDS_OUT_OF_SYNC:
	case CR_MALFORMED_PACKET:
	case E_STALE_STMT:
	case E_REPREPARE:
	case E_STMT_CLOSED:
	case E_NEW_METADATA:
	case E_SERVER_EXTENDED:
	case E_SSL:
	case E_SOCKET:
	case E_CONNECT:
	case E_IDLE:
	case E_SESSION_KILLED:
	case E_COMMIT:
	case E_PACKET_READ:
	case E_PACKET_READ_TIMEOUT:
	case E_PACKET_WRITE:
	case E_PACKET_WRITE_TIMEOUT:
	case E_SHUTDOWN:
	case E_KILLED:
	case E_UNKNOWN_COMMAND:
		return DB_LOST;
	case E_READ_ONLY_OPTION:
	case E_READ_ONLY:
	case E_READ_ONLY_MODE:
	case E_STATEMENT_TIMEOUT:
	case E_EXECUTION_TIME:
	case E_INTERRUPTED:
	case E_TOO_MANY_STATEMENTS:
	case E_NO_TABLE:
	case E_TABLE_ACCESS:
	case E_COLUMN_ACCESS:
		return DB_AWAY;
	default:
		return DB_FAILED;
	}
}

/* One line for an error, at the level that fits what follows from it. */
static void
log_failure(const struct db *db, const char *what, enum db_result result,
    unsigned error, const char *message)
{
	enum log_level	 level = LOG_LEVEL_ERROR;

	if (result == DB_DUPLICATE || result == DB_NULL)
		return;		/* an answer, not a failure */
	if (result == DB_AGAIN)
		level = LOG_LEVEL_INFO;
	else if (result == DB_LOST)
		level = LOG_LEVEL_WARNING;
	log_write(level, "database error", LOG_FIELDS(
	    log_str("database", db->market->name), log_str("statement", what),
	    log_uint("errno", error), log_str("error", message),
	    log_uint("idle_ms", clock_ms() - db->used_ms)));
}

/* ---- prepared statements ---- */

static void
prepared_free(struct prepared *p)
{
	if (p == NULL)
		return;
	if (p->stmt != NULL)
		mysql_stmt_close(p->stmt);
	arena_free(p->arena);
}

/* Describes a column to the library. */
static void
bind_column(MYSQL_BIND *b, struct column *c, size_t size, struct arena *arena)
{
	b->is_null = &c->is_null;
	b->error = &c->truncated;
	b->length = &c->len;
	switch (c->type) {
	case COLUMN_INTEGER:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->buffer = &c->number;
		break;
	case COLUMN_TIME:
		b->buffer_type = MYSQL_TYPE_DATETIME;
		b->buffer = &c->time;
		break;
	case COLUMN_TEXT:
	case COLUMN_BYTES:
		c->bytes = arena_alloc(arena, size);
		b->buffer_type = c->type == COLUMN_TEXT ? MYSQL_TYPE_STRING :
		    MYSQL_TYPE_BLOB;
		b->buffer = c->bytes;
		b->buffer_length = size;
		break;
	}
}

/* Makes room for the columns of a row. The library takes the array at each
 * execution (bind_rows), for it resets what it was told on a re-prepare. */
static void
describe_row(struct prepared *p, const char *row)
{
	struct statement_column	 types[STATEMENT_COLUMNS_MAX];
	size_t			 n = statement_columns(row, types);

	p->column_count = n;
	p->columns = arena_array(p->arena, n, sizeof(*p->columns));
	p->binds = arena_array(p->arena, n, sizeof(*p->binds));
	for (size_t i = 0; i < n; i++) {
		p->columns[i].type = types[i].type;
		bind_column(&p->binds[i], &p->columns[i], types[i].size,
		    p->arena);
	}
}

/* Prepares a statement for this many lines. NULL after an error, which is
 * then in *result and in the log. */
static struct prepared *
prepare(struct db *db, enum statement_id id, size_t lines,
    enum db_result *result)
{
	const struct statement	*st = &statements[id];
	struct arena		*arena = arena_new(2048);
	struct prepared		*p = arena_alloc(arena, sizeof(*p));
	const char		*sql = statement_expand(st->sql, lines, arena);

	p->arena = arena;
	p->stmt = mysql_stmt_init(db->mysql);
	if (p->stmt == NULL)
		panic("out of memory for a statement");
	if (mysql_stmt_prepare(p->stmt, sql, strlen(sql)) != 0) {
		*result = classify(mysql_stmt_errno(p->stmt));
		log_failure(db, st->name, *result, mysql_stmt_errno(p->stmt),
		    mysql_stmt_error(p->stmt));
		prepared_free(p);
		return NULL;
	}
	if (st->row != NULL)
		describe_row(p, st->row);
	return p;
}

/*
 * The prepared statement for this many lines, kept unless they are many.
 * NULL as prepare() does.
 */
static struct prepared *
find_prepared(struct db *db, enum statement_id id, size_t lines,
    enum db_result *result)
{
	db->current_once = lines > DB_KEEP_LINES;
	if (db->current_once)
		return prepare(db, id, lines, result);
	if (db->kept[id][lines] == NULL)
		db->kept[id][lines] = prepare(db, id, lines, result);
	return db->kept[id][lines];
}

/* ---- the connection ---- */

struct db *
db_new(const struct market *market, const struct db_limits *limits,
    struct stage *stage)
{
	struct db	*db = calloc(1, sizeof(*db));

	if (db == NULL)
		panic("out of memory for a connection");
	db->market = market;
	db->limits = limits;
	db->stage = stage;
	return db;
}

const struct market *
db_market(const struct db *db)
{
	return db->market;
}

/* Closes the connection and forgets all that was prepared on it. */
static void
disconnect(struct db *db)
{
	db_skip(db);
	for (int id = 0; id < STATEMENT__MAX; id++) {
		for (size_t n = 0; n <= DB_KEEP_LINES; n++) {
			prepared_free(db->kept[id][n]);
			db->kept[id][n] = NULL;
		}
	}
	if (db->mysql != NULL)
		mysql_close(db->mysql);
	db->mysql = NULL;
	db->open = false;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	disconnect(db);
	free(db);
}

/* TLS is always said outright: the libraries' defaults differ. */
static void
set_tls(MYSQL *mysql, const char *ca)
{
#if defined(MARIADB_BASE_VERSION) || defined(MARIADB_VERSION_ID)
	db_bool	 on = *ca != '\0';

	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
#else
	unsigned mode = *ca != '\0' ? SSL_MODE_VERIFY_IDENTITY :
	    SSL_MODE_DISABLED;

	mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
#endif
	if (*ca != '\0')
		mysql_options(mysql, MYSQL_OPT_SSL_CA, ca);
}

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
	set_tls(db->mysql, db->market->database.tls_ca);
}

/*
 * Reads whose database this is. A database of another market, or with an older
 * schema, is refused loudly: better no orders than orders in the wrong place.
 */
static enum db_result
check_identity(struct db *db)
{
	enum db_result	 result;
	const char	*name;
	size_t		 len;
	bool		 more;

	result = db_run(db, STATEMENT_IDENTITY, 1, NULL, 0);
	if (result == DB_OK)
		result = db_next(db, &more);
	if (result != DB_OK) {
		log_error("the database cannot say whose it is: has "
		    "\"ordermuxctl migrate\" been run?",
		    log_str("database", db->market->database.name));
		return DB_AWAY;
	}
	name = more ? db_get_bytes(db, 0, &len) : NULL;
	if (name == NULL || len != strlen(db->market->name) ||
	    memcmp(name, db->market->name, len) != 0) {
		log_error("THIS DATABASE BELONGS TO ANOTHER MARKET: "
		    "no request of this market is served",
		    log_str("market", db->market->name),
		    log_str("database", db->market->database.name));
		result = DB_AWAY;
	} else if (db_get_int(db, 1) < DB_SCHEMA_VERSION) {
		log_error("the database's schema is too old: run "
		    "\"ordermuxctl migrate\"",
		    log_str("database", db->market->database.name),
		    log_int("version", db_get_int(db, 1)),
		    log_int("needed", DB_SCHEMA_VERSION));
		result = DB_AWAY;
	}
	db_skip(db);
	return result;
}

/* Prepares what does not depend on the number of lines. */
static enum db_result
prepare_all(struct db *db)
{
	enum db_result	 result = DB_OK;

	for (int id = 0; id < STATEMENT__MAX; id++) {
		if (find_prepared(db, (enum statement_id)id, 1, &result) ==
		    NULL)
			return result;
	}
	return DB_OK;
}

/* Connects; DB_OK or DB_AWAY, and then not again before a while has passed. */
static enum db_result
connect_now(struct db *db)
{
	const struct market_database	*d = &db->market->database;

	db->mysql = mysql_init(NULL);
	if (db->mysql == NULL)
		panic("out of memory for a connection");
	set_options(db);
	stage_set(db->stage, STAGE_DATABASE);
	if (mysql_real_connect(db->mysql, d->host, d->user,
	    (const char *)d->password.bytes, d->name, d->port,
	    *d->socket != '\0' ? d->socket : NULL, CLIENT_FOUND_ROWS) == NULL)
		log_failure(db, "connect", DB_AWAY, mysql_errno(db->mysql),
		    mysql_error(db->mysql));
	else if (check_identity(db) == DB_OK && prepare_all(db) == DB_OK) {
		db_settle(db);
		log_debug("connected", log_str("database", d->name));
		return DB_OK;
	}
	disconnect(db);
	db->not_before_ms = clock_ms() + NOT_BEFORE_MS;
	return DB_AWAY;
}

enum db_result
db_ready(struct db *db)
{
	if (db->mysql == NULL) {
		if (clock_ms() < db->not_before_ms)
			return DB_AWAY;
		return connect_now(db);
	}
	if (db->open && clock_ms() - db->opened_ms > OPEN_MAX_MS)
		db_settle(db);
	return DB_OK;
}

/* ---- running statements ---- */

/*
 * Binds the values. The arrays are the process's: one statement is run at a
 * time, and the library copies what it needs before it returns.
 */
static bool
bind_values(MYSQL_STMT *stmt, const struct db_value *values, size_t count)
{
	static MYSQL_BIND	 binds[VALUES_MAX];
	static MYSQL_TIME	 times[VALUES_MAX];

	if (count > VALUES_MAX || count != mysql_stmt_param_count(stmt))
		panic("%zu values for a statement of %lu", count,
		    mysql_stmt_param_count(stmt));
	memset(binds, 0, count * sizeof(*binds));
	for (size_t i = 0; i < count; i++) {
		const struct db_value	*v = &values[i];
		MYSQL_BIND		*b = &binds[i];

		switch (v->kind) {
		case DB_KIND_NULL:
			b->buffer_type = MYSQL_TYPE_NULL;
			break;
		case DB_KIND_INTEGER:
			b->buffer_type = MYSQL_TYPE_LONGLONG;
			b->buffer = (void *)(uintptr_t)&v->number;
			break;
		case DB_KIND_TEXT:
		case DB_KIND_BYTES:
			b->buffer_type = v->kind == DB_KIND_TEXT ?
			    MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
			b->buffer = (void *)(uintptr_t)v->text;
			b->buffer_length = v->len;
			break;
		case DB_KIND_TIME:
			times[i] = time_to_mysql(v->number);
			b->buffer_type = MYSQL_TYPE_DATETIME;
			b->buffer = &times[i];
			break;
		}
	}
	return count == 0 || mysql_stmt_bind_param(stmt, binds) == 0;
}

/* Whether a server says that it only reads: after a failover, the old
 * primary. A new connection may find the new one. */
static bool
is_read_only(unsigned error)
{
	return error == E_READ_ONLY_OPTION || error == E_READ_ONLY ||
	    error == E_READ_ONLY_MODE;
}

/* Logs the statement's error and gives its meaning. A connection that is of
 * no more use is closed; a database that hangs, or only reads, is not tried
 * again at once. */
static enum db_result
statement_failed(struct db *db, const char *name, uint64_t began_ms)
{
	MYSQL_STMT	*stmt = db->current->stmt;
	unsigned	 error = mysql_stmt_errno(stmt);
	const char	*message = mysql_stmt_error(stmt);
	enum db_result	 result;
	uint64_t	 took = clock_ms() - began_ms;

	/* Connector/C leaves an error between two rows with the connection. */
	if (error == 0) {
		error = mysql_errno(db->mysql);
		message = mysql_error(db->mysql);
	}
	result = error != 0 ? classify(error) : DB_LOST;
	log_failure(db, name, result, error, message);
	if (is_read_only(error) || (result == DB_LOST &&
	    took + 100 >= db->limits->query_timeout)) {
		result = DB_AWAY;
		db->not_before_ms = clock_ms() + NOT_BEFORE_MS;
		disconnect(db);
	} else if (result == DB_LOST)
		disconnect(db);
	else
		db_skip(db);
	return result;
}

enum db_result
db_run(struct db *db, enum statement_id id, size_t lines,
    const struct db_value *values, size_t count)
{
	enum db_result	 result = DB_FAILED;
	uint64_t	 began = clock_ms();
	MYSQL_STMT	*stmt;

	if (db->mysql == NULL)
		return DB_LOST;
	db_skip(db);
	stage_set(db->stage, STAGE_DATABASE);
	db->current = find_prepared(db, id, lines, &result);
	if (db->current == NULL) {
		if (result == DB_LOST)
			disconnect(db);
		return result;
	}
	if (!db->open) {
		db->open = true;
		db->opened_ms = began;
	}
	stmt = db->current->stmt;
	if (!bind_values(stmt, values, count) ||
	    mysql_stmt_execute(stmt) != 0 ||
	    (db->current->columns != NULL &&
	    mysql_stmt_bind_result(stmt, db->current->binds) != 0))
		return statement_failed(db, statements[id].name, began);
	db->matched = mysql_stmt_affected_rows(stmt);
	db->insert_id = mysql_stmt_insert_id(stmt);
	if (db->current->columns == NULL)
		db_skip(db);
	db->used_ms = clock_ms();
	stage_set(db->stage, STAGE_RULES);
	return DB_OK;
}

enum db_result
db_next(struct db *db, bool *more)
{
	*more = false;
	switch (mysql_stmt_fetch(db->current->stmt)) {
	case 0:
		*more = true;
		return DB_OK;
	case MYSQL_NO_DATA:
		db_skip(db);
		return DB_OK;
	case MYSQL_DATA_TRUNCATED:
		log_error("a column is longer than its description",
		    log_str("database", db->market->name));
		db_skip(db);
		return DB_FAILED;
	default:
		return statement_failed(db, "fetch", clock_ms());
	}
}

void
db_skip(struct db *db)
{
	if (db->current == NULL)
		return;
	if (db->current->columns != NULL)
		mysql_stmt_free_result(db->current->stmt);
	if (db->current_once)
		prepared_free(db->current);
	db->current = NULL;
}

bool
db_is_null(const struct db *db, size_t column)
{
	return db->current->columns[column].is_null;
}

int64_t
db_get_int(const struct db *db, size_t column)
{
	const struct column	*c = &db->current->columns[column];

	if (c->is_null)
		return 0;
	return c->type == COLUMN_TIME ? time_from_mysql(&c->time) : c->number;
}

const char *
db_get_bytes(const struct db *db, size_t column, size_t *len)
{
	const struct column	*c = &db->current->columns[column];

	*len = c->is_null ? 0 : c->len;
	return c->is_null ? NULL : c->bytes;
}

const char *
db_get_text(const struct db *db, size_t column, struct arena *arena)
{
	size_t		 len;
	const char	*bytes = db_get_bytes(db, column, &len);

	return bytes != NULL ? arena_strndup(arena, bytes, len) : NULL;
}

uint64_t
db_matched(const struct db *db)
{
	return db->matched;
}

uint64_t
db_insert_id(const struct db *db)
{
	return db->insert_id;
}

/* ---- transactions ---- */

/* Ends the transaction with nothing kept. A connection that cannot even do
 * that is closed, which does it too. */
static void
rollback(struct db *db)
{
	db_skip(db);
	if (db->mysql != NULL && mysql_rollback(db->mysql) != 0)
		disconnect(db);
	db->open = false;
}

/*
 * Commits. 1213 here is a Galera cluster's refusal: nothing was kept. After
 * any other error nobody knows what was.
 */
static enum db_result
commit(struct db *db)
{
	unsigned	 error;

	db_skip(db);
	stage_set(db->stage, STAGE_DATABASE);
	if (mysql_commit(db->mysql) == 0) {
		db->open = false;
		db->used_ms = clock_ms();
		stage_set(db->stage, STAGE_RULES);
		return DB_OK;
	}
	error = mysql_errno(db->mysql);
	if (error == E_DEADLOCK) {
		log_failure(db, "commit", DB_AGAIN, error,
		    mysql_error(db->mysql));
		return DB_AGAIN;
	}
	log_failure(db, "commit", DB_UNKNOWN, error, mysql_error(db->mysql));
	disconnect(db);
	return DB_UNKNOWN;
}

void
db_settle(struct db *db)
{
	if (db->mysql == NULL || !db->open)
		return;
	db_skip(db);
	if (mysql_commit(db->mysql) != 0) {
		log_failure(db, "settle", DB_LOST, mysql_errno(db->mysql),
		    mysql_error(db->mysql));
		disconnect(db);
	}
	db->open = false;
}

/* What has been tried for one transaction. */
struct attempts {
	unsigned	again;
	unsigned	lost;
	uint64_t	began_ms;
};

/*
 * Whether to run again after this result; waits or reconnects before that.
 * The pause doubles, and half of it is chance, so that two that collided do
 * not collide again. Nothing is tried for longer than a query may take.
 */
static bool
try_again(struct db *db, enum db_result *result, struct attempts *a)
{
	uint64_t	 us;
	struct timespec	 pause = { 0 };

	if (clock_ms() - a->began_ms > db->limits->query_timeout)
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

/* What is left to say when it was not run again: no caller can do anything
 * else about a database that stays lost or locked. */
static enum db_result
give_up(enum db_result result)
{
	return result == DB_LOST || result == DB_AGAIN ? DB_AWAY : result;
}

enum db_result
db_transaction(struct db *db,
    enum db_result (*body)(struct db *, void *, bool *), void *arg)
{
	struct attempts	 a = { .began_ms = clock_ms() };
	enum db_result	 result;
	bool		 keep;

	do {
		keep = true;
		result = body(db, arg, &keep);
		if (result == DB_OK && keep)
			result = commit(db);
		if (result != DB_OK || !keep)
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

/* Body of db_probe: any row will do. */
static enum db_result
probe(struct db *db, void *arg)
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

	return result == DB_OK ? db_read(db, probe, NULL) : result;
}
