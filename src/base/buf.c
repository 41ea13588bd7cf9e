/*
 * buf.c: text that grows (see buf.h). Used for every answer, so the common
 * calls are short: one comparison and one copy.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

void
buf_init(struct buf *b, struct arena *arena, size_t cap)
{
	b->arena = arena;
	b->data = arena_alloc(arena, cap);
	b->len = 0;
	b->cap = cap;
}

/* Moves the text to twice the room, or more if n needs it. The old room stays
 * in the arena until its reset. */
static void
buf_grow(struct buf *b, size_t n)
{
	size_t	 cap = b->cap * 2;
	char	*data;

	if (cap < b->len + n)
		cap = b->len + n;
	data = arena_alloc(b->arena, cap);
	memcpy(data, b->data, b->len);
	b->data = data;
	b->cap = cap;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	if (b->cap - b->len < n)
		buf_grow(b, n);
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	memcpy(buf_reserve(b, n), p, n);
	b->len += n;
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	b->len++;
}

void
buf_put_uint(struct buf *b, uint64_t n)
{
	char	 digits[20];
	size_t	 i = sizeof(digits);

	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	buf_add(b, digits + i, sizeof(digits) - i);
}

void
buf_put_int(struct buf *b, int64_t n)
{
	if (n < 0)
		buf_putc(b, '-');
	/* Negated as unsigned, which is defined for the smallest one too. */
	buf_put_uint(b, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		panic("bad format \"%s\"", fmt);
	va_start(ap, fmt);
	vsnprintf(buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *
buf_text(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return b->data;
}
