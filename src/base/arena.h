/*
 * arena.h: memory with two lifetimes.
 *
 * What lives as long as the process (configuration, markets) is in an arena
 * that is freed at exit or with its generation; what lives as long as a
 * request is in an arena that is reset after the answer. Nothing is freed one
 * by one. Running out of memory is a panic: requests are bounded, so it means
 * that the machine is out of it. Under AddressSanitizer memory that was reset
 * is poisoned.
 */
#ifndef ORDERMUX_ARENA_H
#define ORDERMUX_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* "first" bytes are kept over resets; larger needs add blocks that are not. */
struct arena *	arena_new(size_t first);

/* Aligned for any type. Zeroed. Never NULL. */
void *	arena_alloc(struct arena *, size_t);

/* An array of n things of the size; panics when the product overflows. */
void *	arena_array(struct arena *, size_t n, size_t size);

/* A copy with a NUL behind it. */
char *	arena_strndup(struct arena *, const char *, size_t);
char *	arena_strdup(struct arena *, const char *);
char *	arena_printf(struct arena *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *	arena_vprintf(struct arena *, const char *fmt, va_list)
    __attribute__((format(printf, 2, 0)));

/* Calls fn(arg) at the next reset or free, last registered first. */
void	arena_defer(struct arena *, void (*fn)(void *), void *arg);

/* Runs the clean-up list and makes all memory free again. */
void	arena_reset(struct arena *);
void	arena_free(struct arena *);

#endif
