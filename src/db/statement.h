/*
 * statement.h: what a statement is: a row of a table, which the caller of db.h
 * has (store/statements.h). No SQL is ever made from input: values are
 * parameters of prepared statements.
 *
 * Some statements have a part that is repeated for each line of an order. It
 * is written {part|separator}: for three lines, "IN ({?|,})" becomes
 * "IN (?,?,?)". Each number of lines is a prepared statement of its own. To
 * have fewer of them, a statement that means the same if its last line is
 * repeated is run with 1, 2, 4, 8 or 16 lines.
 *
 * A result row is described by one word for each column:
 *	i	integer (signed 64 bits)
 *	t	time (DATETIME(6)), as microseconds since 1970
 *	sN	text of at most N characters
 *	bN	N bytes
 * Each column may be NULL, which reads as 0 or NULL.
 */
#ifndef ORDERMUX_STATEMENT_H
#define ORDERMUX_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#define STATEMENT_COLUMNS_MAX 32

struct statement {
	const char	*name;		/* for the log */
	const char	*sql;
	const char	*row;		/* NULL: no result */
};

/* The first row of every table asks whose database this is. The answer: the
 * market, the version of the schema, whether the server is read-only, and the
 * name that the server gives itself. */
#define STATEMENT_IDENTITY 0

/* Which rows a statement locks, so that it may have to wait for others. */
enum statement_locks {
	LOCKS_NOTHING,
	LOCKS_ROW,		/* of the key which is this value */
	LOCKS_ROWS,		/* of a key in each line */
	LOCKS_SHARED		/* a row that all requests share */
};

struct statement_trait {
	bool		 repeats;	/* its last line may be repeated */
	enum statement_locks locks;
	char		 table;		/* a letter: whose keys they are */
	size_t		 key;		/* the index of the (first) value */
	size_t		 step;		/* from one line's key to the next */
};

struct statement_table {
	const struct statement	*statements;
	const struct statement_trait *traits;	/* of the same statements */
	size_t			 count;
};

struct arena;

/* The text with each {part|separator} written n >= 1 times; in the arena.
 * A text without such a part is returned as it is. */
const char *	statement_expand(const char *sql, size_t n, struct arena *);

/* How many lines a statement that repeats is run with: 1, 2, 4 ... */
size_t	statement_size(size_t lines);

/*
 * For a statement that repeats its last line until there are "size" lines:
 * fills in, for each of its values, the index of the value among those for
 * "lines" lines. Returns how many values there are; they must not be more than
 * max.
 */
size_t	statement_repeat(const char *sql, size_t lines, size_t size,
    size_t *from, size_t max);

/* One column of a row description. */
enum statement_type { COLUMN_INTEGER, COLUMN_TIME, COLUMN_TEXT, COLUMN_BYTES };

struct statement_column {
	enum statement_type	type;
	size_t			size;	/* bytes that the value can take */
};

/* Reads a row description; returns the number of columns. A wrong description
 * is a panic: it is a bug of ours. */
size_t	statement_columns(const char *row,
    struct statement_column out[STATEMENT_COLUMNS_MAX]);

#endif
