/*
 * prepared.c: see prepared.h.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "db/db_error.h"
#include "db/db_impl.h"
#include "db/prepared.h"
#include "db/wait.h"

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

	p->arena = arena;
	p->stmt = mysql_stmt_init(db->mysql);
	if (p->stmt == NULL)
		panic("out of memory for a statement");
	db_wait_begin(db, DB_WAIT_STATEMENT);
	if (mysql_stmt_prepare(p->stmt, sql, strlen(sql)) != 0) {
		*result = db_classify(mysql_stmt_errno(p->stmt));
		db_log_failure(db, st->name, *result, mysql_stmt_errno(p->stmt),
		    mysql_stmt_error(p->stmt));
		free_prepared(p);
		return NULL;
	}
	if (st->row != NULL)
		describe_row(p, st->row);
	return p;
}

struct prepared *
db_prepare(struct db *db, unsigned id, size_t lines, enum db_result *result)
{
	struct prepared	*p;

	if (lines > DB_KEEP_LINES) {
		p = prepare_statement(db, id, lines, result);
		if (p != NULL)
			p->once = true;
		return p;
	}
	if (db->kept[id][lines] == NULL)
		db->kept[id][lines] = prepare_statement(db, id, lines, result);
	return db->kept[id][lines];
}

void
db_skip(struct db *db)
{
	if (db->current == NULL)
		return;
	if (db->current->columns != NULL)
		mysql_stmt_free_result(db->current->stmt);
	if (db->current->once)
		free_prepared(db->current);
	db->current = NULL;
}

void
db_forget(struct db *db)
{
	db_skip(db);
	for (size_t id = 0; id < db->statements->count; id++) {
		for (size_t n = 0; n <= DB_KEEP_LINES; n++) {
			free_prepared(db->kept[id][n]);
			db->kept[id][n] = NULL;
		}
	}
}
