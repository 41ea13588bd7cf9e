/*
 * conf.c: ordermux.conf, and a market's file, with the real tables. The first
 * byte says which: 'm' is a market's file, anything else ordermux.conf; what
 * follows the first newline is the file.
 *
 * What must be so: a file without an error, printed, is a file without an
 * error, and that one is printed the same; an error names its file.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/ini.h"
#include "config/market_dir.h"
#include "config/market_file.h"
#include "config/settings.h"
#include "fuzz.h"
#include "market/market.h"

/*
 * glibc's regcomp() multiplies repetitions out and recurses into nested ones:
 * "((x{9}){9}){9}" costs memory without end, by a documented limit of its own
 * (regcomp(3)). A pattern is the administrator's: what it costs is not what is
 * looked for here.
 */
static bool
is_expensive(const char *text, size_t n)
{
	size_t	 braces = 0, stars = 0, groups = 0;

	for (size_t i = 0; i < n; i++) {
		braces += text[i] == '{';
		stars += text[i] == '*' || text[i] == '+' || text[i] == '?';
		groups += text[i] == '(';
	}
	return braces > 3 || stars > 40 || groups > 60;
}

static void
check_errors(const struct ini_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		MUST(*errors->text[i] == '/' &&
		    strchr(errors->text[i], ':') != NULL);
}

/* A market's file as it is in force; NULL when it has an error. */
static const char *
print_market(struct arena *arena, const char *text, size_t n, size_t *len)
{
	struct ini_errors	 errors;
	struct market_registry	*r;
	struct buf		 out;

	fuzz_write("market/xx.conf", text, n);
	ini_errors_init(&errors, arena);
	r = market_load(arena_printf(arena, "%s/market", fuzz_dir()), "xx",
	    fuzz_dir(), true, arena, &errors);
	MUST(r != NULL && r->count == 1);
	MUST(r->markets[0].shut == (errors.count > 0));
	check_errors(&errors);
	if (r->markets[0].shut)
		return NULL;
	buf_init(&out, arena, 4096);
	market_print(&r->markets[0], &out);
	*len = out.len;
	return buf_text(&out);
}

/* The same of ordermux.conf, with the shipped markets and texts. The markets
 * are printed behind it, each after a comment. */
static const char *
print_config(struct arena *arena, const char *text, size_t n, size_t *len)
{
	struct ini_errors	 errors;
	struct settings		*c;
	struct buf		 out;
	const char		*end;

	ini_errors_init(&errors, arena);
	c = settings_load(fuzz_write("ordermux.conf", text, n), true, arena,
	    &errors);
	MUST(c != NULL || errors.count > 0);
	check_errors(&errors);
	if (errors.count > 0)
		return NULL;
	buf_init(&out, arena, 16384);
	settings_print(c, &out);
	end = strstr(buf_text(&out), "\n\n# ");
	MUST(end != NULL);
	*len = (size_t)(end + 1 - out.data);
	return arena_strndup(arena, out.data, *len);
}

static void
make_places(void)
{
	static bool	 made;
	char		 path[512];

	if (made)
		return;
	made = true;
	snprintf(path, sizeof(path), "%s/market", fuzz_dir());
	MUST(mkdir(path, 0700) == 0);
	snprintf(path, sizeof(path), "%s/markets.d", fuzz_dir());
	MUST(symlink(TOP_SRCDIR "/etc/markets.d", path) == 0);
	snprintf(path, sizeof(path), "%s/texts", fuzz_dir());
	MUST(symlink(TOP_SRCDIR "/etc/texts", path) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char	*(*print)(struct arena *, const char *, size_t,
	    size_t *);
	struct arena	*arena = fuzz_arena();
	const char	*which, *text, *once, *twice;
	size_t		 n, once_len, twice_len;

	make_places();
	which = fuzz_part(arena, &data, &size, '\n', NULL);
	n = size;
	text = arena_strndup(arena, (const char *)data, size);
	if (is_expensive(text, n))
		return 0;
	print = *which == 'm' ? print_market : print_config;
	once = print(arena, text, n, &once_len);
	if (once == NULL)
		return 0;
	twice = print(arena, once, once_len, &twice_len);
	MUST(twice != NULL);
	MUST(once_len == twice_len && memcmp(once, twice, once_len) == 0);
	return 0;
}
