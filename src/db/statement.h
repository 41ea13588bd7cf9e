/*
 * statement.h: what a statement is: a row of a table that the caller of db.h
 * brings along (store/statements.h). None is ever put together from input:
 * values travel as parameters of prepared statements.
 *
 * Some statements have a part that is repeated for each line of an order.
 * In their text it stands as {part|separator}: "IN ({?|,})" for three is
 * "IN (?,?,?)". Each number of lines is a prepared statement of its own.
 *
 * A result row is described by one word a column:
 *	i	integer (signed 64 bits)
 *	t	time (DATETIME(6)), as microseconds since 1970
 *	sN	text of at most N characters
 *	bN	N bytes
 * Each may be NULL, which reads as 0 or NULL.
 */
#ifndef ORDERMUX_STATEMENT_H
#define ORDERMUX_STATEMENT_H

#include <stddef.h>

#define STATEMENT_COLUMNS_MAX 32

struct statement {
	const char	*name;		/* for the log */
	const char	*sql;
	const char	*row;		/* NULL: no result */
};

/* The first row of every table is the question whose database this is. Its
 * answer: the market, the version of the schema, whether the server only
 * reads, and the server's own name. */
#define STATEMENT_IDENTITY 0

struct statement_table {
	const struct statement	*statements;
	size_t			 count;
};

struct arena;

/* The text with each {part|separator} written n >= 1 times; in the arena.
 * A text without one is given as it is. */
const char *	statement_expand(const char *sql, size_t n, struct arena *);

/* One column of a row description. */
enum statement_type { COLUMN_INTEGER, COLUMN_TIME, COLUMN_TEXT, COLUMN_BYTES };

struct statement_column {
	enum statement_type	type;
	size_t			size;	/* bytes that the value can take */
};

/* Reads a row description; returns the number of columns. A wrong one is a
 * panic (it is ours). */
size_t	statement_columns(const char *row,
    struct statement_column out[STATEMENT_COLUMNS_MAX]);

#endif
