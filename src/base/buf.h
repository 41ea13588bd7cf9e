/*
 * buf.h: text that grows, in an arena. The text is not NUL-terminated until
 * buf_text() is called. Growing cannot fail (see arena.h).
 */
#ifndef ORDERMUX_BUF_H
#define ORDERMUX_BUF_H

#include <stdint.h>
#include <stddef.h>

struct arena;

struct buf {
	struct arena	*arena;
	char		*data;
	size_t		 len;
	size_t		 cap;
};

void	buf_init(struct buf *, struct arena *, size_t cap);

/* Room for n more bytes; the caller writes at the address and adds to len. */
char *	buf_reserve(struct buf *, size_t n);
void	buf_add(struct buf *, const void *, size_t);
void	buf_puts(struct buf *, const char *);
void	buf_putc(struct buf *, char);
void	buf_put_uint(struct buf *, uint64_t);
void	buf_put_int(struct buf *, int64_t);
void	buf_printf(struct buf *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The text with a NUL behind it (not counted in len). */
const char *	buf_text(struct buf *);

#endif
