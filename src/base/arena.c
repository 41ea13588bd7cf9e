/*
 * arena.c: memory that is freed all at once (see arena.h). A list of blocks;
 * the first is kept over resets, the others go.
 */
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)	ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n)	ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n)	((void)(p), (void)(n))
#define UNPOISON(p, n)	((void)(p), (void)(n))
#endif

#define ALIGN	 alignof(max_align_t)
#define BLOCK	 8192		/* a further block, at least */

struct block {
	struct block	*next;
	size_t		 size;
	size_t		 used;
	alignas(max_align_t) char data[];
};

struct cleanup {
	struct cleanup	*next;
	void		(*fn)(void *);
	void		*arg;
};

struct arena {
	struct block	*current;	/* newest first; the last is kept */
	struct cleanup	*cleanups;
};

/* A block with room for size bytes, in front of "next". */
static struct block *
block_new(size_t size, struct block *next)
{
	struct block	*b = malloc(sizeof(*b) + size);

	if (b == NULL)
		panic("out of memory for %zu bytes", size);
	b->next = next;
	b->size = size;
	b->used = 0;
	POISON(b->data, size);
	return b;
}

static void
block_free(struct block *b)
{
	UNPOISON(b->data, b->size);
	free(b);
}

struct arena *
arena_new(size_t first)
{
	struct arena	*a = calloc(1, sizeof(*a));

	if (a == NULL)
		panic("out of memory for an arena");
	a->current = block_new(first, NULL);
	return a;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct block	*b = a->current;
	void		*p;

	if (n > SIZE_MAX / 2)
		panic("allocation of %zu bytes", n);
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (b->size - b->used < n)
		b = a->current = block_new(n > BLOCK ? n : BLOCK, b);
	p = b->data + b->used;
	b->used += n;
	UNPOISON(p, n);
	return memset(p, 0, n);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t	 bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		panic("array of %zu x %zu bytes", n, size);
	return arena_alloc(a, bytes);
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char	*copy = arena_alloc(a, n + 1);

	memcpy(copy, s, n);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list	 again;
	char	*text;
	int	 n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		panic("bad format \"%s\"", fmt);
	text = arena_alloc(a, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list	 ap;
	char	*text;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct cleanup	*c = arena_alloc(a, sizeof(*c));

	c->fn = fn;
	c->arg = arg;
	c->next = a->cleanups;
	a->cleanups = c;
}

void
arena_reset(struct arena *a)
{
	struct block	*b;

	for (struct cleanup *c = a->cleanups; c != NULL; c = c->next)
		c->fn(c->arg);
	a->cleanups = NULL;
	while ((b = a->current)->next != NULL) {
		a->current = b->next;
		block_free(b);
	}
	b->used = 0;
	POISON(b->data, b->size);
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	block_free(a->current);
	free(a);
}
