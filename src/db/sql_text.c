/*
 * sql_text.c: see sql_text.h.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db/sql_text.h"

/* The text between two marks; each of the special characters twice. */
static const char *
quote_between(struct arena *arena, const char *text, char mark,
    const char *special)
{
	struct buf	 b;

	buf_init(&b, arena, strlen(text) * 2 + 3);
	buf_putc(&b, mark);
	for (; *text != '\0'; text++) {
		if (strchr(special, *text) != NULL)
			buf_putc(&b, *text);
		buf_putc(&b, *text);
	}
	buf_putc(&b, mark);
	return buf_text(&b);
}

const char *
sql_name(struct arena *arena, const char *name)
{
	return quote_between(arena, name, '`', "`");
}

const char *
sql_pattern(struct arena *arena, const char *name)
{
	const char	*quoted = sql_name(arena, name);
	struct buf	 b;

	buf_init(&b, arena, strlen(quoted) * 2 + 1);
	for (; *quoted != '\0'; quoted++) {
		if (strchr("_%\\", *quoted) != NULL)
			buf_putc(&b, '\\');
		buf_putc(&b, *quoted);
	}
	return buf_text(&b);
}

const char *
sql_text(struct arena *arena, const char *text)
{
	return quote_between(arena, text, '\'', "'\\");
}
