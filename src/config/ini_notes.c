/*
 * ini_notes.c: the lists of errors and of warnings (see ini.h).
 */
#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "config/ini.h"
#include "config/ini_impl.h"

void
ini_errors_init(struct ini_errors *e, struct arena *arena)
{
	*e = (struct ini_errors){ .arena = arena };
}

/* Adds "FILE:LINE: what" to a list, which doubles at each power of two. Line 0
 * is left out. */
static void
add_note(struct arena *arena, char ***list, size_t *count, const char *file,
    unsigned line, const char *what)
{
	char	**more;

	if ((*count & (*count - 1)) == 0) {
		more = arena_array(arena, *count == 0 ? 1 : *count * 2,
		    sizeof(*more));
		if (*count > 0)
			memcpy(more, *list, *count * sizeof(*more));
		*list = more;
	}
	(*list)[(*count)++] = line == 0 ?
	    arena_printf(arena, "%s: %s", file, what) :
	    arena_printf(arena, "%s:%u: %s", file, line, what);
}

/* Adds an error. */
static void
add_error(struct ini_errors *e, const char *file, unsigned line,
    const char *what)
{
	add_note(e->arena, &e->text, &e->count, file, line, what);
}

/* Adds a warning. */
static void
add_warning(struct ini_errors *e, const char *file, unsigned line,
    const char *what)
{
	add_note(e->arena, &e->warnings.text, &e->warnings.count, file, line,
	    what);
}

void
ini_error(struct ini_errors *e, const char *file, unsigned line,
    const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	add_error(e, file, line, arena_vprintf(e->arena, fmt, ap));
	va_end(ap);
}

void
ini_warning(struct ini_errors *e, const char *file, unsigned line,
    const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	add_warning(e, file, line, arena_vprintf(e->arena, fmt, ap));
	va_end(ap);
}

/* Returns the text with the option of a block in front. */
static char *
name_option(struct arena *arena, const struct ini_block *b, const char *name,
    const char *what)
{
	return arena_printf(arena, "[%s%s%s] %s: %s", b->section->name,
	    b->label != NULL ? " " : "", b->label != NULL ? b->label : "",
	    name, what);
}

void
ini_block_error(struct ini_errors *e, const struct ini_block *b, unsigned line,
    const char *name, const char *what)
{
	add_error(e, b->file, line, name_option(e->arena, b, name, what));
}

/* Returns the index of the option whose field in the block is at the
 * address, or -1. */
static int
block_option_at(const struct ini_block *b, const void *field)
{
	const struct ini_option *o = b->section->options;

	for (int i = 0; o[i].name != NULL; i++)
		if (b->base + o[i].offset == (const char *)field)
			return i;
	return -1;
}

static void	add_at(struct ini_errors *, const void *field,
    const char *fmt, va_list, void (*add)(struct ini_errors *, const char *,
    unsigned, const char *)) __attribute__((format(printf, 3, 0)));

/* Adds a text about the option with this field, by one of the functions
 * above. */
static void
add_at(struct ini_errors *e, const void *field, const char *fmt, va_list ap,
    void (*add)(struct ini_errors *, const char *, unsigned, const char *))
{
	const struct ini_block	*b;
	char			*what = arena_vprintf(e->arena, fmt, ap);
	int			 i = -1;

	for (b = e->blocks; b != NULL; b = b->next)
		if ((i = block_option_at(b, field)) >= 0)
			break;
	if (b == NULL)
		panic("not a field that was read: %s", what);
	add(e, b->file, b->lines[i], name_option(e->arena, b,
	    b->section->options[i].name, what));
}

bool
ini_is_set(const struct ini_errors *e, const void *field)
{
	int	 i;

	for (const struct ini_block *b = e->blocks; b != NULL; b = b->next)
		if ((i = block_option_at(b, field)) >= 0)
			return b->lines[i] != 0;
	return false;
}

void
ini_error_at(struct ini_errors *e, const void *field, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	add_at(e, field, fmt, ap, add_error);
	va_end(ap);
}

void
ini_warning_at(struct ini_errors *e, const void *field, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	add_at(e, field, fmt, ap, add_warning);
	va_end(ap);
}

void
ini_flaw_at(struct ini_errors *e, const void *field, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	add_at(e, field, fmt, ap, e->strict ? add_error : add_warning);
	va_end(ap);
}
