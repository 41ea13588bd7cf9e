/*
 * query.c: runs statements and gives their rows (see db.h).
 */
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "db/connection.h"
#include "db/db_error.h"
#include "db/db_impl.h"
#include "db/prepared.h"
#include "db/wait.h"
#include "market/market.h"

#define VALUES_MAX	1024	/* parameters of one statement */

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
	if (p == NULL)
		return (struct db_value){ .kind = DB_KIND_NULL };
	return (struct db_value){ .kind = DB_KIND_BYTES, .text = p, .len = n };
}

struct db_value
db_time(int64_t us)
{
	return (struct db_value){ .kind = DB_KIND_TIME, .number = us };
}

/* Microseconds since 1970, as the library wants them. */
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

/* The other way round. */
static int64_t
time_from_mysql(const MYSQL_TIME *t)
{
	struct tm	 tm = { .tm_year = (int)t->year - 1900,
	    .tm_mon = (int)t->month - 1, .tm_mday = (int)t->day,
	    .tm_hour = (int)t->hour, .tm_min = (int)t->minute,
	    .tm_sec = (int)t->second };

	return (int64_t)timegm(&tm) * 1000000 + (int64_t)t->second_part;
}

/* ---- running statements ---- */

/*
 * Binds the values. All connections share the arrays: only one statement is
 * run at a time, and the library copies what it needs before it returns.
 * False after an error.
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

/*
 * Logs the error of the current statement and returns what it means. Closes
 * the connection if it is of no use any more.
 */
static enum db_result
judge_statement_error(struct db *db, const char *name)
{
	MYSQL_STMT	*stmt = db->current->stmt;
	unsigned	 error = mysql_stmt_errno(stmt);
	const char	*message = mysql_stmt_error(stmt);
	enum db_result	 result;

	/* If an error comes between two rows, Connector/C keeps it with the
	 * connection. */
	if (error == 0) {
		error = mysql_errno(db->mysql);
		message = mysql_error(db->mysql);
	}
	result = error != 0 ? db_classify(error) : DB_LOST;
	db_log_failure(db, name, result, error, message);
	if (result == DB_LOST)
		result = db_lose(db);
	bulkhead_unlock(&db->bulkhead, result == DB_BUSY, clock_ms());
	db_skip(db);
	if (db_error_read_only(error))
		db_leave_host(db);
	return result;
}

/* Binds and executes the current statement. False after an error. */
static bool
execute_current(struct db *db, const struct db_value *values, size_t count)
{
	MYSQL_STMT	*stmt = db->current->stmt;

	return bind_values(stmt, values, count) &&
	    mysql_stmt_execute(stmt) == 0 && (db->current->columns == NULL ||
	    mysql_stmt_bind_result(stmt, db->current->binds) == 0);
}

/* Notes the answer to the current statement. */
static void
finish_statement(struct db *db)
{
	db_wait_answered(db);
	bulkhead_unlock(&db->bulkhead, false, db->used_ms);
	db->matched = mysql_stmt_affected_rows(db->current->stmt);
	db->insert_id = mysql_stmt_insert_id(db->current->stmt);
	if (db->current->columns == NULL)
		db_skip(db);
	db_event(db, DB_ANSWERED);
}

/* Logs that a statement is not sent, and gives the result. */
static enum db_result
give_up_statement(const struct db *db, const char *name, enum db_result result)
{
	/* It takes the macro for an assignment. */
	/* cppcheck-suppress uselessAssignmentPtrArg */
	log_info("request given up", log_str("statement", name),
	    log_str("why", db_wait_end_name(db->wait.end)));
	return result;
}

/* The key of a row as a number, of its table and its value. */
static uint64_t
key_of(char table, const struct db_value *v)
{
	uint64_t	 hash = hash_add(HASH_START, &table, sizeof(table));

	if (v->kind == DB_KIND_INTEGER || v->kind == DB_KIND_TIME)
		return hash_add(hash, &v->number, sizeof(v->number));
	return hash_add(hash, v->text, v->len);
}

/* Asks the bulkhead if the statement waits for locks of rows; false if it must
 * not be sent. */
static bool
may_lock(struct db *db, unsigned id, size_t lines,
    const struct db_value *values)
{
	const struct statement_trait *t = &db->statements->traits[id];
	uint64_t		 keys[2] = { 0, 0 };

	if (t->locks == LOCKS_NOTHING)
		return true;
	if (t->locks == LOCKS_SHARED)
		keys[0] = keys[1] = UINT64_MAX;
	else
		for (size_t i = 0; i < (t->locks == LOCKS_ROWS ? lines : 1);
		    i++)
			bulkhead_key(keys, key_of(t->table,
			    &values[t->key + i * t->step]));
	if (bulkhead_lock(&db->bulkhead, keys, clock_ms()))
		return true;
	db->wait = (struct db_wait){ .end = DB_END_LOCKED };
	return false;
}

/* The values of a statement, with its last line repeated if that is how it is
 * run. */
static const struct db_value *
repeat_line(const struct db *db, unsigned id, size_t *lines,
    const struct db_value *values, size_t *count)
{
	static struct db_value	 repeated[VALUES_MAX];
	size_t			 from[VALUES_MAX];
	size_t			 size = statement_size(*lines);

	if (!db->statements->traits[id].repeats || size == *lines ||
	    *lines > DB_KEEP_LINES)
		return values;
	*count = statement_repeat(db->statements->statements[id].sql, *lines,
	    size, from, VALUES_MAX);
	*lines = size;
	for (size_t i = 0; i < *count; i++)
		repeated[i] = values[from[i]];
	return repeated;
}

enum db_result
db_run(struct db *db, unsigned id, size_t lines,
    const struct db_value *values, size_t count)
{
	const char	*name = db->statements->statements[id].name;
	enum db_result	 result = DB_FAILED;

	values = repeat_line(db, id, &lines, values, &count);
	if (db->state == DB_DISCONNECTED)
		return DB_LOST;
	db_skip(db);
	if (db_wait_refused(db))
		return give_up_statement(db, name, DB_AWAY);
	db->current = db_prepare(db, id, lines, &result);
	if (db->current == NULL)
		return result == DB_LOST ? db_lose(db) : result;
	if (!may_lock(db, id, lines, values)) {
		db_skip(db);
		return give_up_statement(db, name, DB_BUSY);
	}
	db_wait_begin(db, DB_WAIT_STATEMENT);
	db_event(db, DB_SENT);
	if (!execute_current(db, values, count))
		return judge_statement_error(db, name);
	finish_statement(db);
	return DB_OK;
}

enum db_result
db_next(struct db *db, bool *more)
{
	if (db->current == NULL)
		panic("a row of a statement that gives none");
	*more = false;
	switch (mysql_stmt_fetch(db->current->stmt)) {
	case 0:
		*more = true;
		return DB_OK;
	case MYSQL_NO_DATA:
		db_skip(db);
		return DB_OK;
	case MYSQL_DATA_TRUNCATED:
		log_error("value is longer than its column's description",
		    log_str("database", db->market->name));
		db_skip(db);
		return DB_FAILED;
	default:
		return judge_statement_error(db, "fetch");
	}
}

enum db_result
db_exists(struct db *db, unsigned id, const struct db_value *values,
    size_t count, bool *exists)
{
	enum db_result	 result = db_run(db, id, 1, values, count);

	*exists = false;
	if (result == DB_OK)
		result = db_next(db, exists);
	db_skip(db);
	return result;
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
