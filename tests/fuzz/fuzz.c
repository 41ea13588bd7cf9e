/*
 * fuzz.c: see fuzz.h.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "config/ini.h"
#include "config/market_dir.h"
#include "fuzz.h"
#include "market/market.h"

_Noreturn void
fuzz_wrong(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: this must be so: %s\n", file, line, what);
	abort();
}

struct arena *
fuzz_arena(void)
{
	static struct arena	*arena;

	/* So small that most inputs need more blocks than the first. */
	if (arena == NULL)
		arena = arena_new(1024);
	arena_reset(arena);
	return arena;
}

/* 32 bytes, the least that a key may have. */
const struct token_key fuzz_keys[2] = {
	{ "main", (const unsigned char *)
	    "the first key of the fuzz target", 32 },
	{ "old", (const unsigned char *)
	    "the key that is no more in force", 32 }
};

static char	directory[256];

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_directory(void)
{
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
fuzz_dir(void)
{
	const char	*tmp = getenv("TMPDIR");

	if (*directory == '\0') {
		snprintf(directory, sizeof(directory), "%s/omx-fuzz-XXXXXX",
		    tmp != NULL ? tmp : "/tmp");
		MUST(mkdtemp(directory) != NULL);
		atexit(remove_directory);
	}
	return directory;
}

const char *
fuzz_write(const char *name, const void *bytes, size_t n)
{
	static char	 path[512];
	FILE		*f;

	snprintf(path, sizeof(path), "%s/%s", fuzz_dir(), name);
	f = fopen(path, "w");
	MUST(f != NULL);
	MUST(fwrite(bytes, 1, n, f) == n);
	MUST(fclose(f) == 0);
	return path;
}

const struct market_registry *
fuzz_markets(void)
{
	static struct market_registry	*markets;
	static struct arena		*arena;	/* else it looks lost */
	struct ini_errors		 errors;

	if (markets != NULL)
		return markets;
	arena = arena_new(64 * 1024);
	ini_errors_init(&errors, arena);
	markets = market_load(TOP_SRCDIR "/etc/markets.d", "kg",
	    TOP_SRCDIR "/etc", true, arena, &errors);
	MUST(markets != NULL);
	return markets;
}

struct json_object *
fuzz_json(struct arena *arena, const char *text, size_t n)
{
	struct json_object	*value;
	const char		*why;

	if (json_read(arena, text, n, &value, &why))
		return value;
	fprintf(stderr, "%s: %.*s\n", why, (int)n, text);
	fuzz_wrong("what was written as JSON is read", __FILE__, __LINE__);
}

char *
fuzz_part(struct arena *arena, const uint8_t **data, size_t *size,
    char separator, size_t *len)
{
	const uint8_t	*end = *size == 0 ? NULL :
	    memchr(*data, separator, *size);
	size_t		 n = end != NULL ? (size_t)(end - *data) : *size;
	char		*part = arena_alloc(arena, n + 1);

	if (n > 0)
		memcpy(part, *data, n);
	n += end != NULL;
	*data += n;
	*size -= n;
	if (len != NULL)
		*len = n - (end != NULL);
	return part;
}
