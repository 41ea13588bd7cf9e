/*
 * market_file.c: reads one market's file, and makes the checks that one option
 * alone cannot make (see market_file.h).
 */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "base/money.h"
#include "base/str.h"
#include "config/market_file.h"
#include "config/market_options.h"
#include "market/market.h"

#define MARKET_FORMAT_MAX 64	/* of a phone format, see phone_display() */
#define MARKET_FOLD_MAX	 512	/* of a city's name in lower case */

/* The arena's clean-up of a pattern. */
static void
phone_free(void *arg)
{
	regfree(arg);
}

/* Derives the example from the format: '+', digits and X of it. */
static const char *
phone_example(const char *format, struct arena *arena)
{
	char	*example = arena_strdup(arena, format);
	size_t	 n = 0;

	for (; *format != '\0'; format++)
		if (*format == 'X' || *format == '+' ||
		    isdigit((unsigned char)*format))
			example[n++] = *format;
	example[n] = '\0';
	return example;
}

/* Checks the format, makes the example of it, compiles the pattern. */
static void
load_phone(const struct market_loader *l, struct market *m)
{
	struct market_phone	*p = &m->phone;
	size_t			 prefix = strlen(p->prefix), n;
	char			 why[128];
	int			 rc;

	p->example = phone_example(p->format, l->arena);
	n = strspn(p->example + (strlen(p->example) < prefix ? 0 : prefix),
	    "X");
	if (strncmp(p->example, p->prefix, prefix) != 0 || n == 0 ||
	    p->example[prefix + n] != '\0' ||
	    strlen(p->format) >= MARKET_FORMAT_MAX)
		ini_error_at(l->errors, &p->format,
		    "expected the prefix, then an X for every further digit, "
		    "in less than %d bytes", MARKET_FORMAT_MAX);
	rc = regcomp(&p->regex, p->pattern, REG_EXTENDED | REG_NOSUB);
	if (rc != 0) {
		regerror(rc, &p->regex, why, sizeof(why));
		ini_error_at(l->errors, &p->pattern,
		    "expected a POSIX extended regular expression: %s", why);
		return;
	}
	arena_defer(l->arena, phone_free, &p->regex);
}

/* Reads an amount >= 0, which is at the address as text, with the currency's
 * digits. */
static void
load_amount(const struct market_loader *l, const struct market *m,
    const char *const *text, int64_t *out)
{
	if (!money_parse(*text, m->currency.digits, out) || *out < 0)
		ini_error_at(l->errors, text,
		    "expected an amount >= 0 with at most %u digits after "
		    "the point", m->currency.digits);
}

/* Returns the text in lower case, or NULL. */
static const char *
fold_city(const struct market_loader *l, const char *text)
{
	char	folded[MARKET_FOLD_MAX];

	if (!str_fold(text, folded, sizeof(folded)))
		return NULL;
	return arena_strdup(l->arena, folded);
}

/* Fills the zone's list of folded names. Returns false after an error. */
static bool
load_folded(const struct market_loader *l, struct market_zone *z)
{
	size_t	n = 0;

	while (z->cities[n] != NULL)
		n++;
	z->folded = arena_array(l->arena, n + 2, sizeof(*z->folded));
	z->folded[0] = fold_city(l, z->name);
	for (size_t i = 0; i < n; i++)
		z->folded[i + 1] = fold_city(l, z->cities[i]);
	for (size_t i = 0; i <= n; i++)
		if (z->folded[i] == NULL) {
			ini_error_at(l->errors, &z->cities,
			    "expected names of less than %d bytes",
			    MARKET_FOLD_MAX);
			z->folded[0] = NULL;
			return false;
		}
	return true;
}

/* Looks for a name that an earlier zone has too. A zone may have its own
 * name among its cities. */
static void
check_cities(const struct market_loader *l, const struct market *m,
    const struct market_zone *z)
{
	const struct market_zone	*before;
	const char			**a, **b;

	for (before = m->zones; before < z; before++)
		for (a = z->folded; *a != NULL; a++)
			for (b = before->folded; *b != NULL; b++)
				if (strcmp(*a, *b) == 0)
					ini_error_at(l->errors, &z->cities,
					    "\"%s\" is in the zone \"%s\" too",
					    a == z->folded ? z->name :
					    z->cities[a - z->folded - 1],
					    before->name);
}

/* Fills the zones from what was read of them, and finds the default one. */
static void
load_zones(const struct market_loader *l, struct market *m)
{
	struct market_zone	*z;

	for (z = m->zones; z < m->zones + m->zone_count; z++) {
		load_amount(l, m, &z->cost_text, &z->cost);
		z->free_from = -1;
		if (*z->free_from_text != '\0')
			load_amount(l, m, &z->free_from_text, &z->free_from);
		if (load_folded(l, z))
			check_cities(l, m, z);
		if (z->is_default && m->default_zone != NULL)
			ini_error_at(l->errors, &z->is_default,
			    "\"%s\" is the default zone already",
			    m->default_zone->name);
		else if (z->is_default)
			m->default_zone = z;
	}
	if (m->default_zone == NULL)
		ini_error(l->errors, m->file, 0,
		    "[zone]: expected one with default = yes");
}

/* Adds a name for a method. Returns NULL or what was expected. */
static const char *
payment_add(struct market *m, const char *name, const char *method)
{
	size_t	n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (n == 0 || n > 32 || name[n] != '\0')
		return "names of 1 to 32 small letters, digits and '_'";
	if (pricing_payment(m, name) != NULL)
		return "every name only once";
	if (m->payment_count == MARKET_PAYMENT_MAX)
		return "at most 32 names";
	m->payments[m->payment_count].name = name;
	m->payments[m->payment_count++].method = method;
	return NULL;
}
_Static_assert(MARKET_PAYMENT_MAX == 32, "a text above names the limit");

/* Adds the alias of "alias:method". Returns NULL or what was expected. */
static const char *
payment_alias(const struct market_loader *l, struct market *m, const char *text)
{
	const char	*colon = strchr(text, ':'), *method;

	if (colon == NULL)
		return "alias:method";
	method = pricing_payment(m, colon + 1);
	if (method == NULL)
		return "one of the methods after the ':'";
	return payment_add(m, arena_strndup(l->arena, text,
	    (size_t)(colon - text)), method);
}

/* Makes the payments of the two lists. */
static void
load_payments(const struct market_loader *l, struct market *m)
{
	const char	*expected;

	if (m->methods[0] == NULL)
		ini_error_at(l->errors, &m->methods,
		    "expected at least one");
	for (const char **p = m->methods; *p != NULL; p++)
		if ((expected = payment_add(m, *p, *p)) != NULL)
			ini_error_at(l->errors, &m->methods,
			    "expected %s, not \"%s\"", expected, *p);
	for (const char **p = m->aliases; *p != NULL; p++)
		if ((expected = payment_alias(l, m, *p)) != NULL)
			ini_error_at(l->errors, &m->aliases,
			    "expected %s, not \"%s\"", expected, *p);
}

/* The arena's clean-up of a password. */
static void
password_free(void *arg)
{
	secret_free(arg);
}

bool
market_same_host(const struct market_database *a, const struct market_host *x,
    const struct market_database *b, const struct market_host *y)
{
	if (!str_equal_nocase(x->name, y->name))
		return false;
	if (str_equal_nocase(x->name, "localhost"))
		return strcmp(a->socket, b->socket) == 0;
	return x->port == y->port;
}

/* Reads "name", "name:port" or "[address]:port" into a host; an address with
 * several colons and no brackets is one without a port. Returns false when
 * it is none of these. */
static bool
host_read(const char *text, unsigned port, struct market_host *host,
    struct arena *arena)
{
	const char *colon = strrchr(text, ':'), *end = colon;
	int64_t number = port;

	if (*text == '[') {
		end = strchr(text++, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon == NULL || strchr(text, ':') != colon) {
		colon = NULL;
		end = text + strlen(text);
	}
	if (colon != NULL && (!str_to_int64(colon + 1, &number) || number < 1
	    || number > UINT16_MAX))
		return false;
	host->port = (unsigned)number;
	host->name = arena_strndup(arena, text, (size_t)(end - text));
	return *host->name != '\0';
}

/* Reads the hosts, each of which must be there once. */
static void
load_hosts(const struct market_loader *l, struct market *m)
{
	struct market_database *db = &m->database;
	struct market_host *host;
	size_t i;

	for (i = 0; db->host_list[i] != NULL; i++) {
		if (i == MARKET_HOST_MAX) {
			ini_error_at(l->errors, &db->host_list,
			    "expected at most %d hosts", MARKET_HOST_MAX);
			return;
		}
		host = &db->hosts[db->host_count++];
		if (!host_read(db->host_list[i], db->port, host, l->arena)) {
			ini_error_at(l->errors, &db->host_list, "\"%s\": "
			    "expected a host, or HOST:PORT", db->host_list[i]);
			return;
		}
		while (host-- > db->hosts)
			if (market_same_host(db, host, db,
			    &db->hosts[db->host_count - 1]))
				ini_error_at(l->errors, &db->host_list,
				    "has %s twice", db->host_list[i]);
	}
	if (db->host_count == 0)
		ini_error_at(l->errors, &db->host_list, "expected a host");
}

/* Reads the password, if there is a file of one. */
static void
load_password(const struct market_loader *l, struct market *m)
{
	struct market_database	*db = &m->database;
	char			 buf[PATH_MAX];
	const char		*path, *wrong;

	if (*db->password_file == '\0' || l->without_secrets)
		return;
	path = secret_path(db->password_file, l->conf_dir, buf, sizeof(buf));
	if (path == NULL) {
		ini_error_at(l->errors, &db->password_file,
		    "expected a shorter file name");
		return;
	}
	wrong = secret_read(path, &db->password);
	if (wrong == NULL) {
		arena_defer(l->arena, password_free, &db->password);
		secret_chomp(&db->password);
		if (db->password.len == 0)
			wrong = "is empty";
		else if (memchr(db->password.bytes, 0, db->password.len))
			wrong = "has a NUL byte in it";
	}
	if (wrong != NULL)
		ini_error_at(l->errors, &db->password_file, "%s %s", path,
		    wrong);
}

bool
market_read_password(const char *conf_dir, struct market *m,
    struct arena *arena, struct ini_errors *errors)
{
	const struct market_loader	 l = { conf_dir, false, arena, errors };
	size_t				 before = errors->count;

	if (m->database.password.bytes == NULL)
		load_password(&l, m);
	return errors->count == before;
}

bool
market_file_read(const struct market_loader *l, struct market *m)
{
	size_t	before = l->errors->count;

	if (!ini_read(m->file, market_sections, m, l->arena, l->errors))
		return false;
	load_phone(l, m);
	load_zones(l, m);
	load_payments(l, m);
	load_hosts(l, m);
	load_password(l, m);
	return l->errors->count == before;
}

void
market_print(const struct market *m, struct buf *out)
{
	ini_print(market_sections, m, out);
}

void
market_file_list(struct buf *out)
{
	ini_list_options("market", market_sections, out);
}
