/*
 * scratch.h: a directory for one test, files in it, and the memory and error
 * list that every test of a reader needs.
 */
#ifndef ORDERMUX_TEST_SCRATCH_H
#define ORDERMUX_TEST_SCRATCH_H

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/ini.h"

struct scratch {
	char			 dir[256];
	char			 path[512];	/* of the last file written */
	struct arena		*arena;
	struct ini_errors	 errors;
};

static inline void
scratch_init(struct scratch *s)
{
	const char	*tmp = getenv("TMPDIR");

	snprintf(s->dir, sizeof(s->dir), "%s/ordermux-test-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	cr_assert_not_null(mkdtemp(s->dir));
	unsetenv("CREDENTIALS_DIRECTORY");
	s->arena = arena_new(4096);
	ini_errors_init(&s->errors, s->arena);
}

/* A new arena and an empty list; the files stay. */
static inline void
scratch_again(struct scratch *s)
{
	arena_free(s->arena);
	s->arena = arena_new(4096);
	ini_errors_init(&s->errors, s->arena);
}

static inline void
scratch_mkdir(struct scratch *s, const char *name)
{
	snprintf(s->path, sizeof(s->path), "%s/%s", s->dir, name);
	cr_assert_eq(mkdir(s->path, 0700), 0);
}

static inline const char *
scratch_write_bytes(struct scratch *s, const char *name, const void *bytes,
    size_t len)
{
	FILE	*f;

	snprintf(s->path, sizeof(s->path), "%s/%s", s->dir, name);
	f = fopen(s->path, "w");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	cr_assert_eq(fclose(f), 0);
	return s->path;
}

static inline const char *
scratch_write(struct scratch *s, const char *name, const char *text)
{
	return scratch_write_bytes(s, name, text, strlen(text));
}

static inline int
scratch_unlink(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
scratch_free(struct scratch *s)
{
	arena_free(s->arena);
	nftw(s->dir, scratch_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* The one error there must be is "DIR/" and the text. */
static inline void
scratch_expect(const struct scratch *s, const char *what, const char *text)
{
	size_t	n = strlen(s->dir);

	for (size_t i = 1; i < s->errors.count; i++)
		cr_log_error("%s: also \"%s\"", what, s->errors.text[i]);
	cr_assert_eq(s->errors.count, 1, "%s: %zu errors, expected \"%s\"",
	    what, s->errors.count, text);
	cr_assert(strncmp(s->errors.text[0], s->dir, n) == 0 &&
	    strcmp(s->errors.text[0] + n + 1, text) == 0,
	    "%s: \"%s\", expected \"%s\"", what, s->errors.text[0], text);
}

/* No error; prints what there is. */
static inline void
scratch_expect_none(const struct scratch *s, const char *what)
{
	for (size_t i = 0; i < s->errors.count; i++)
		cr_log_error("%s: \"%s\"", what, s->errors.text[i]);
	cr_assert_eq(s->errors.count, 0, "%s: has errors", what);
}

/*
 * A copy of the text with the first "old" replaced; the whole text must hold
 * it. "" in place of a line takes it away.
 */
static inline char *
scratch_replace(struct scratch *s, const char *text, const char *old,
    const char *new)
{
	const char	*at = strstr(text, old);

	cr_assert_not_null(at, "no \"%s\" in the text", old);
	return arena_printf(s->arena, "%.*s%s%s", (int)(at - text), text, new,
	    at + strlen(old));
}

#endif
