/*
 * prepared.c: see prepared.h.
 */
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/relaxed.h"
#include "db/db_error.h"
#include "db/db_impl.h"
#include "db/prepared.h"
#include "db/wait.h"
#include "market/market.h"

/* Times in ms. */
#define FULL_MS		60000	/* so long is a full server spared */
#define FULL_PAUSE_MS	25
#define FULL_TRIES	40

/* Closes a prepared statement; NULL is none. */
static void
free_prepared(struct prepared *p)
{
	if (p == NULL)
		return;
	if (p->stmt != NULL)
		mysql_stmt_close(p->stmt);
	arena_free(p->arena);
}

/* Tells the library where to put a column. */
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

/* Makes room for the columns of a row. The library gets the array at each
 * execution: it forgets the array if it has to prepare again. */
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

/* Closes all statements that are kept. */
static void
close_kept(struct db *db)
{
	while (db->kept_count > 0)
		free_prepared(db->kept[--db->kept_count]);
}

/* Whether the server was full a moment ago. Nothing may then be kept. */
static bool
server_full(const struct db *db)
{
	uint64_t	 at = relaxed_load(db->full_at);

	return at != 0 && clock_ms() < at + FULL_MS;
}

/* Notes that the server is full, and says so, but not each time. */
static void
note_full(const struct db *db)
{
	bool	 said = server_full(db);

	relaxed_store(db->full_at, clock_ms());
	if (!said)
		log_warning("the database server has no room for prepared "
		    "statements, which makes requests slow: raise its "
		    "max_prepared_stmt_count",
		    log_str("database", db->market->name),
		    log_uint("per_connection", DB_KEEP_STATEMENTS));
}

/*
 * Sends the text to be prepared. Returns 0 or the number of an error. While the
 * server is full, closes what this connection keeps, and tries again for as
 * long as other workers may need to do the same.
 */
static unsigned
send_to_prepare(struct db *db, MYSQL_STMT *stmt, const char *sql)
{
	const struct timespec	 pause = { .tv_nsec = FULL_PAUSE_MS * 1000000 };
	unsigned		 error;

	for (int tries = 0;; tries++) {
		db_wait_begin(db, DB_WAIT_STATEMENT);
		error = mysql_stmt_prepare(stmt, sql, strlen(sql)) == 0 ? 0 :
		    mysql_stmt_errno(stmt);
		db_wait_end(db);
		if (!db_error_statements_full(error))
			return error;
		note_full(db);
		close_kept(db);
		if (tries >= FULL_TRIES || db_too_late(db, FULL_PAUSE_MS))
			return error;
		if (tries > 0)
			nanosleep(&pause, NULL);
	}
}

/* Prepares a statement for this many lines. NULL after an error, which is
 * then in *result and in the log. */
static struct prepared *
prepare_statement(struct db *db, unsigned id, size_t lines,
    enum db_result *result)
{
	const struct statement	*st = &db->statements->statements[id];
	struct arena		*arena = arena_new(2048);
	struct prepared		*p = arena_alloc(arena, sizeof(*p));
	const char		*sql = statement_expand(st->sql, lines, arena);
	unsigned		 error;

	p->arena = arena;
	p->id = id;
	p->lines = lines;
	p->stmt = mysql_stmt_init(db->mysql);
	if (p->stmt == NULL)
		panic("out of memory for a statement");
	error = send_to_prepare(db, p->stmt, sql);
	if (error != 0) {
		*result = db_classify(error);
		db_log_failure(db, st->name, *result, error,
		    mysql_stmt_error(p->stmt));
		free_prepared(p);
		return NULL;
	}
	if (st->row != NULL)
		describe_row(p, st->row);
	return p;
}

/* The statement that is kept for this, in front of all others; NULL if there
 * is none. */
static struct prepared *
find_kept(struct db *db, unsigned id, size_t lines)
{
	struct prepared	*p;

	for (size_t i = 0; i < db->kept_count; i++) {
		p = db->kept[i];
		if (p->id != id || p->lines != lines)
			continue;
		memmove(&db->kept[1], &db->kept[0],
		    i * sizeof(struct prepared *));
		return db->kept[0] = p;
	}
	return NULL;
}

/* Keeps a statement, in front of all others. */
static void
keep_statement(struct db *db, struct prepared *p)
{
	if (db->kept_count == DB_KEEP_STATEMENTS)
		free_prepared(db->kept[--db->kept_count]);
	memmove(&db->kept[1], &db->kept[0],
	    db->kept_count * sizeof(struct prepared *));
	db->kept[0] = p;
	db->kept_count++;
}

struct prepared *
db_prepare(struct db *db, unsigned id, size_t lines, enum db_result *result)
{
	struct prepared	*p;

	if (db->kept_count > 0 && server_full(db))
		close_kept(db);
	if ((p = find_kept(db, id, lines)) != NULL)
		return p;
	p = prepare_statement(db, id, lines, result);
	if (p == NULL)
		return NULL;
	p->once = lines > DB_KEEP_LINES || server_full(db);
	if (!p->once)
		keep_statement(db, p);
	return p;
}

void
db_skip(struct db *db)
{
	struct prepared	*p = db->current;

	if (p == NULL)
		return;
	if (p->columns != NULL)
		mysql_stmt_free_result(p->stmt);
	if (p->once)
		free_prepared(p);
	db->current = NULL;
}

void
db_forget(struct db *db)
{
	db_skip(db);
	close_kept(db);
}
