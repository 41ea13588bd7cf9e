/*
 * statement.c: the text of a statement for a number of lines, and the columns
 * of its rows (see statement.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "db/statement.h"

const char *
statement_expand(const char *sql, size_t n, struct arena *arena)
{
	struct buf	 out;
	const char	*open, *bar, *close;

	if (strchr(sql, '{') == NULL)
		return sql;
	buf_init(&out, arena, strlen(sql) * (n + 1));
	while ((open = strchr(sql, '{')) != NULL) {
		if ((bar = strchr(open, '|')) == NULL ||
		    (close = strchr(bar, '}')) == NULL)
			panic("statement \"%s\"", sql);
		buf_add(&out, sql, (size_t)(open - sql));
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				buf_add(&out, bar + 1,
				    (size_t)(close - bar - 1));
			buf_add(&out, open + 1, (size_t)(bar - open - 1));
		}
		sql = close + 1;
	}
	buf_puts(&out, sql);
	return buf_text(&out);
}

size_t
statement_size(size_t lines)
{
	size_t	 size = 1;

	while (size < lines)
		size *= 2;
	return size;
}

/* The number of parameters in a part of a text. */
static size_t
count_parameters(const char *sql, size_t len)
{
	size_t	 count = 0;

	for (size_t i = 0; i < len; i++)
		count += sql[i] == '?';
	return count;
}

size_t
statement_repeat(const char *sql, size_t lines, size_t size, size_t *from,
    size_t max)
{
	size_t		 to = 0, next = 0, n, line;
	const char	*end;

	for (; *sql != '\0'; sql = *end == '\0' ? end : end + 1) {
		end = sql + strcspn(sql, "{}");
		n = count_parameters(sql, *end == '}' ? strcspn(sql, "|") :
		    (size_t)(end - sql));
		line = *end == '}' ? size : 1;
		if (to + n * line > max)
			panic("too many values for a statement");
		for (size_t i = 0; i < line; i++)
			for (size_t j = 0; j < n; j++)
				from[to++] = next + j +
				    n * (i < lines ? i : lines - 1);
		next += *end == '}' ? n * lines : n;
	}
	return to;
}

/* One word of a row description. */
static struct statement_column
read_column(const char *word)
{
	size_t	 n = strtoul(word + 1, NULL, 10);

	switch (word[0]) {
	case 'i':
		return (struct statement_column){ COLUMN_INTEGER, 8 };
	case 't':
		return (struct statement_column){ COLUMN_TIME, 0 };
	case 's':	/* utf8mb4: at most 4 bytes a character */
		return (struct statement_column){ COLUMN_TEXT, n * 4 };
	case 'b':
		return (struct statement_column){ COLUMN_BYTES, n };
	default:
		panic("column \"%s\"", word);
	}
}

size_t
statement_columns(const char *row,
    struct statement_column out[STATEMENT_COLUMNS_MAX])
{
	size_t	 count = 0;

	while (*row != '\0') {
		if (count == STATEMENT_COLUMNS_MAX)
			panic("row \"%s\"", row);
		out[count++] = read_column(row);
		row += strcspn(row, " ");
		row += *row == ' ';
	}
	return count;
}
