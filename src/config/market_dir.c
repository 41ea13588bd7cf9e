/*
 * market_dir.c: reads all files of markets.d into a registry (see
 * market_dir.h). A file with any error shuts its market; all errors are
 * collected.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/ini.h"
#include "config/market_dir.h"
#include "config/market_file.h"
#include "market/market.h"

#define MARKET_SUFFIX	 ".conf"

/* Returns whether two connections can end in the same database. */
static bool
same_database(const struct market_database *a,
    const struct market_database *b)
{
	size_t i, j;

	if (strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->host_count; i++)
		for (j = 0; j < b->host_count; j++)
			if (market_same_host(a, &a->hosts[i], b, &b->hosts[j]))
				return true;
	return false;
}

/* Compares two prefixes of two markets. One may begin with the other: the
 * longest wins, which -t says. */
static void
compare_prefixes(const struct market_loader *l, const struct market *m,
    const char *prefix, const struct market *b, const char *other)
{
	bool	 is_longer = strlen(prefix) > strlen(other);

	if (strcmp(prefix, other) == 0)
		ini_error_at(l->errors, &m->phone.prefixes,
		    "is the prefix of %s too (%s)", b->file, prefix);
	else if (phone_has_prefix(prefix, other) > 0 ||
	    phone_has_prefix(other, prefix) > 0)
		ini_warning_at(l->errors, &m->phone.prefixes,
		    "%s and %s of %s: the longest prefix wins, so numbers with "
		    "%s are of %s", prefix, other, b->file,
		    is_longer ? prefix : other, is_longer ? m->name : b->name);
}

/* Compares all prefixes of two markets. */
static void
check_prefixes(const struct market_loader *l, const struct market *m,
    const struct market *b)
{
	for (const char **p = m->phone.prefixes; *p != NULL; p++)
		for (const char **q = b->phone.prefixes; *q != NULL; q++)
			compare_prefixes(l, m, *p, b, *q);
}

/* Looks for what the market shares with an earlier one and must not. Nobody
 * knows which of the two is right: both are shut. */
static void
check_unique(const struct market_loader *l, struct market *m,
    struct market *b)
{
	size_t	 before = l->errors->count;

	check_prefixes(l, m, b);
	if (same_database(&m->database, &b->database))
		ini_error_at(l->errors, &m->database.name,
		    "is the database of %s too", b->file);
	if (l->errors->count > before)
		m->shut = b->shut = true;
}

/* Returns whether a file's name can be a market's. */
static bool
name_valid(const char *name)
{
	size_t	n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && n <= MARKET_NAME_MAX && name[n] == '\0' &&
	    *name >= 'a' && *name <= 'z';
}

/* scandir(3)'s filter: visible files with the suffix. */
static int
is_market_file(const struct dirent *d)
{
	size_t	n = strlen(d->d_name), suffix = strlen(MARKET_SUFFIX);

	return *d->d_name != '.' && n > suffix &&
	    strcmp(d->d_name + n - suffix, MARKET_SUFFIX) == 0;
}

/* qsort(3)'s order. */
static int
by_name(const void *a, const void *b)
{
	const struct market	*x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Adds a market without content for each of the directory's entries. One whose
 * name is wrong is shut. */
static void
add_markets(const struct market_loader *l, struct market_registry *r,
    const char *dir, struct dirent **entries, size_t n)
{
	struct market	*m;
	const char	*file;
	size_t		 len;

	r->markets = arena_array(l->arena, n, sizeof(*r->markets));
	for (size_t i = 0; i < n; i++) {
		file = entries[i]->d_name;
		len = strlen(file) - strlen(MARKET_SUFFIX);
		m = &r->markets[r->count++];
		m->file = arena_printf(l->arena, "%s/%s", dir, file);
		m->name = arena_strndup(l->arena, file, len);
		m->shut = !name_valid(m->name);
		if (m->shut)
			ini_error(l->errors, m->file, 0, "expected a market's"
			    " name of 1 to %d of a-z, 0-9, '_' and '-', with a"
			    " letter first", MARKET_NAME_MAX);
	}
	qsort(r->markets, r->count, sizeof(*r->markets), by_name);
}

/* Lists the directory into the registry. Returns false after an error. */
static bool
find_markets(const struct market_loader *l, struct market_registry *r,
    const char *dir)
{
	struct dirent	**entries;
	int		  n;
	bool		  ok = false;

	n = scandir(dir, &entries, is_market_file, NULL);
	if (n == -1) {
		ini_error(l->errors, dir, 0, "cannot read: %s",
		    strerror(errno));
		return false;
	}
	if (n == 0 || n > MARKET_COUNT_MAX)
		ini_error(l->errors, dir, 0, "expected 1 to %d files *%s, "
		    "there are %d", MARKET_COUNT_MAX, MARKET_SUFFIX, n);
	else {
		add_markets(l, r, dir, entries, (size_t)n);
		ok = true;
	}
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return ok;
}

/* Reads every market's file, and compares those without error. */
static void
load_markets(const struct market_loader *l, struct market_registry *r)
{
	bool	good[MARKET_COUNT_MAX];

	for (size_t i = 0; i < r->count; i++) {
		r->markets[i].index = (unsigned)i;
		good[i] = market_file_read(l, &r->markets[i]);
		if (!good[i])
			r->markets[i].shut = true;
		for (size_t j = 0; good[i] && j < i; j++)
			if (good[j])
				check_unique(l, &r->markets[i],
				    &r->markets[j]);
	}
}

/* Finds the default market. Without it the tokens that name no market, and the
 * numbers of none, have no place to go. */
static void
find_default(const struct market_loader *l, struct market_registry *r,
    const char *dir, const char *name)
{
	r->default_market = market_find(r, name);
	if (r->default_market == NULL)
		ini_error(l->errors, dir, 0, "there is no %s%s, but [markets] "
		    "default = %s", name, MARKET_SUFFIX, name);
}

struct market_registry *
market_load(const char *dir, const char *default_name, const char *conf_dir,
    bool without_secrets, struct arena *arena, struct ini_errors *errors)
{
	struct market_registry	*r = arena_alloc(arena, sizeof(*r));
	const struct market_loader l = { conf_dir, without_secrets, arena,
	    errors };

	if (!find_markets(&l, r, dir))
		return NULL;
	load_markets(&l, r);
	if (default_name != NULL)
		find_default(&l, r, dir, default_name);
	return r;
}
