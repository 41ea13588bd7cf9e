/*
 * market_file.c: the options of a market's file, and the checks that one
 * option alone cannot make (see market_file.h). A file with any error keeps
 * the whole set from being used; all errors are collected first.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/money.h"
#include "base/str.h"
#include "config/ini.h"
#include "config/market_file.h"
#include "market/market.h"

#define MARKET_SUFFIX	 ".conf"
#define MARKET_ZONEINFO	 "/usr/share/zoneinfo"
#define MARKET_TZ_MAX	 64	/* bytes of a time zone's name, with the NUL */
#define MARKET_FORMAT_MAX 64	/* of a phone format, see phone_display() */
#define MARKET_FOLD_MAX	 512	/* of a city's name in lower case */

static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

/* What the steps of loading share. */
struct load {
	const char		*conf_dir;
	bool			 without_secrets;
	struct arena		*arena;
	struct ini_errors	*errors;
};

/* ---- types of our own ---- */

/* NAME_read() and NAME_print() are the two functions of a struct ini_type,
 * where it is said what they do and return. */

static void
text_print(const void *field, struct buf *out)
{
	ini_text.print(field, out);
}

static void
uint_print(const void *field, struct buf *out)
{
	ini_uint.print(field, out);
}

static bool
code_read(const char *text, void *field, struct arena *arena)
{
	return strlen(text) == 3 && strspn(text, upper) == 3 &&
	    ini_string.read(text, field, arena);
}

static bool
language_read(const char *text, void *field, struct arena *arena)
{
	size_t	n = strspn(text, lower);

	if (n < 2 || n > 3 || strlen(text) > 35)	/* RFC 5646, 4.4.1 */
		return false;
	for (const char *p = text + n; *p != '\0'; p++)
		if (*p != '-' && !isalnum((unsigned char)*p))
			return false;
	return (text[n] == '\0' || text[n] == '-') &&
	    ini_string.read(text, field, arena);
}

static bool
prefix_read(const char *text, void *field, struct arena *arena)
{
	size_t	n = strlen(text);

	return n >= 2 && n <= 8 && *text == '+' &&
	    strspn(text + 1, digits) == n - 1 &&
	    ini_string.read(text, field, arena);
}

/*
 * Reads an unsigned number that must be between min and max.
 */
static bool
range_read(const char *text, int64_t min, int64_t max, unsigned *field)
{
	int64_t	n;

	if (!str_to_int64(text, &n) || n < min || n > max)
		return false;
	*field = (unsigned)n;
	return true;
}

static bool
digits_read(const char *text, void *field, struct arena *arena)
{
	(void)arena;
	return range_read(text, 0, MONEY_DIGITS_MAX, field);
}

static bool
port_read(const char *text, void *field, struct arena *arena)
{
	(void)arena;
	return range_read(text, 1, 65535, field);
}

static bool
count_read(const char *text, void *field, struct arena *arena)
{
	(void)arena;
	return range_read(text, 1, 1000000000, field);
}

static bool
path_read(const char *text, void *field, struct arena *arena)
{
	return (*text == '/' || *text == '\0') &&
	    ini_text.read(text, field, arena);
}

/*
 * Reads "8.875%" as millionths: with four digits behind the point, the number
 * is the rate.
 */
static bool
percent_read(const char *text, void *field, struct arena *arena)
{
	char	number[MONEY_TEXT_MAX];
	size_t	n = strspn(text, "0123456789.");
	int64_t	rate;

	(void)arena;
	if (n >= sizeof(number) || strcmp(text + n + strspn(text + n, " "),
	    "%") != 0)
		return false;
	memcpy(number, text, n);
	number[n] = '\0';
	if (!money_parse(number, 4, &rate) || rate > MONEY_RATE_ONE)
		return false;
	*(uint32_t *)field = (uint32_t)rate;
	return true;
}

static void
percent_print(const void *field, struct buf *out)
{
	char	number[MONEY_TEXT_MAX];
	size_t	n;

	n = money_format(*(const uint32_t *)field, 4, number);
	while (number[n - 1] == '0')
		n--;
	if (number[n - 1] == '.')
		n--;
	buf_add(out, number, n);
	buf_putc(out, '%');
}

/*
 * Returns whether the system has the time zone. The name alone must not lead
 * out of its directory.
 */
static bool
timezone_exists(const char *name)
{
	const char	*dir = getenv("TZDIR");
	char		 path[PATH_MAX], magic[4] = "";
	FILE		*f;
	size_t		 n;
	int		 len;

	len = snprintf(path, sizeof(path), "%s/%s",
	    dir != NULL && *dir != '\0' ? dir : MARKET_ZONEINFO, name);
	if (len < 0 || (size_t)len >= sizeof(path))
		return false;
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	n = fread(magic, 1, sizeof(magic), f);
	fclose(f);
	return n == sizeof(magic) && memcmp(magic, "TZif", n) == 0;
}

static bool
timezone_read(const char *text, void *field, struct arena *arena)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("_+-/", *p) == NULL)
			return false;
	return isalpha((unsigned char)*text) &&
	    strlen(text) < MARKET_TZ_MAX && timezone_exists(text) &&
	    ini_string.read(text, field, arena);
}

static const struct ini_type type_code = {
	"a code of three capital letters (ISO 4217)", code_read, text_print };
static const struct ini_type type_language = {
	"a language tag, as en or pt-BR", language_read, text_print };
static const struct ini_type type_prefix = {
	"'+' and 1 to 7 digits", prefix_read, text_print };
static const struct ini_type type_digits = {
	"a number from 0 to 4", digits_read, uint_print };
static const struct ini_type type_port = {
	"a number from 1 to 65535", port_read, uint_print };
static const struct ini_type type_count = {
	"a number from 1 to 1000000000", count_read, uint_print };
static const struct ini_type type_path = {
	"a path that begins with '/', or nothing", path_read, text_print };
static const struct ini_type type_percent = {
	"0% to 100% with at most 4 digits behind the point", percent_read,
	percent_print };
static const struct ini_type type_timezone = {
	"a time zone of the tz database, as Europe/Paris", timezone_read,
	text_print };

/* ---- the options ---- */

#define FIELD(name)	 offsetof(struct market, name)
#define ZONE_FIELD(name) offsetof(struct market_zone, name)

static const struct ini_option market_options[] = {
	{ "country", &ini_string, NULL, FIELD(country), INI_REQUIRED },
	{ "language", &type_language, NULL, FIELD(language), INI_REQUIRED },
	{ "time_zone", &type_timezone, NULL, FIELD(time_zone),
	    INI_REQUIRED },
	{ .name = NULL }
};

static const struct ini_option currency_options[] = {
	{ "code", &type_code, NULL, FIELD(currency.code), INI_REQUIRED },
	{ "symbol", &ini_string, NULL, FIELD(currency.symbol),
	    INI_REQUIRED },
	{ "digits", &type_digits, "2", FIELD(currency.digits), 0 },
	{ .name = NULL }
};

static const struct ini_option phone_options[] = {
	{ "prefix", &type_prefix, NULL, FIELD(phone.prefix), INI_REQUIRED },
	{ "pattern", &ini_string, NULL, FIELD(phone.pattern),
	    INI_REQUIRED },
	{ "format", &ini_string, NULL, FIELD(phone.format), INI_REQUIRED },
	{ .name = NULL }
};

static const struct ini_option tax_options[] = {
	{ "rate", &type_percent, NULL, FIELD(tax.rate), INI_REQUIRED },
	{ "included", &ini_bool, NULL, FIELD(tax.included), INI_REQUIRED },
	{ .name = NULL }
};

static const struct ini_option zone_options[] = {
	{ "default", &ini_bool, "no", ZONE_FIELD(is_default), 0 },
	{ "cities", &ini_list, "", ZONE_FIELD(cities), 0 },
	{ "cost", &ini_string, NULL, ZONE_FIELD(cost_text), INI_REQUIRED },
	{ "free_from", &ini_text, "", ZONE_FIELD(free_from_text), 0 },
	{ .name = NULL }
};

static const struct ini_option payment_options[] = {
	{ "methods", &ini_list, NULL, FIELD(methods), INI_REQUIRED },
	{ "aliases", &ini_list, "", FIELD(aliases), 0 },
	{ .name = NULL }
};

static const struct ini_option login_options[] = {
	{ "code_lifetime", &ini_seconds, "10m", FIELD(login.code_lifetime),
	    0 },
	{ "per_phone", &type_count, "3", FIELD(login.per_phone), 0 },
	{ "per_address", &type_count, "30", FIELD(login.per_address), 0 },
	{ "per_day", &type_count, "5000", FIELD(login.per_day), 0 },
	{ .name = NULL }
};

static const struct ini_option sms_options[] = {
	{ "command", &type_path, "", FIELD(sms.command), 0 },
	{ "timeout", &ini_seconds, "10s", FIELD(sms.timeout), 0 },
	{ .name = NULL }
};

static const struct ini_option database_options[] = {
	{ "host", &ini_list, "localhost", FIELD(database.host_list), 0 },
	{ "port", &type_port, "3306", FIELD(database.port), 0 },
	{ "socket", &type_path, "", FIELD(database.socket), 0 },
	{ "name", &ini_string, NULL, FIELD(database.name), INI_REQUIRED },
	{ "user", &ini_string, NULL, FIELD(database.user), INI_REQUIRED },
	{ "password_file", &ini_text, "", FIELD(database.password_file), 0 },
	{ "tls_ca", &type_path, "", FIELD(database.tls_ca), 0 },
	{ .name = NULL }
};

/*
 * Returns the zone with the label, a new one if there is none; NULL when the
 * market is full.
 */
static void *
zone_instance(void *target, const char *label, struct arena *arena)
{
	struct market		*m = target;
	struct market_zone	*z;

	for (z = m->zones; z < m->zones + m->zone_count; z++)
		if (strcmp(z->name, label) == 0)
			return z;
	if (m->zone_count == MARKET_ZONE_MAX)
		return NULL;
	m->zone_count++;
	z->name = arena_strdup(arena, label);
	return z;
}

/*
 * Returns the i-th zone and its label, or NULL behind the last.
 */
static const void *
zone_nth(const void *target, size_t i, const char **label)
{
	const struct market	*m = target;

	if (i >= m->zone_count)
		return NULL;
	*label = m->zones[i].name;
	return &m->zones[i];
}

static const struct ini_section sections[] = {
	{ .name = "market", .options = market_options },
	{ .name = "currency", .options = currency_options },
	{ .name = "phone", .options = phone_options },
	{ .name = "tax", .options = tax_options },
	{ .name = "zone", .options = zone_options,
	    .instance = zone_instance, .nth = zone_nth },
	{ .name = "payment", .options = payment_options },
	{ .name = "login", .options = login_options },
	{ .name = "sms", .options = sms_options },
	{ .name = "database", .options = database_options },
	{ .name = NULL }
};

/* ---- one market ---- */

/*
 * The arena's clean-up of a pattern.
 */
static void
phone_free(void *arg)
{
	regfree(arg);
}

/*
 * Derives the example from the format: '+', digits and X of it.
 */
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

/*
 * Checks the format, makes the example of it, compiles the pattern.
 */
static void
load_phone(struct load *l, struct market *m)
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

/*
 * Reads an amount >= 0, which is at the address as text, with the currency's
 * digits.
 */
static void
load_amount(struct load *l, const struct market *m, const char *const *text,
    int64_t *out)
{
	if (!money_parse(*text, m->currency.digits, out) || *out < 0)
		ini_error_at(l->errors, text,
		    "expected an amount >= 0 with at most %u digits behind "
		    "the point", m->currency.digits);
}

/*
 * Returns the text in lower case, or NULL.
 */
static const char *
fold(struct load *l, const char *text)
{
	char	folded[MARKET_FOLD_MAX];

	if (!str_fold(text, folded, sizeof(folded)))
		return NULL;
	return arena_strdup(l->arena, folded);
}

/*
 * Fills the zone's list of folded names. Returns false after an error.
 */
static bool
load_folded(struct load *l, struct market_zone *z)
{
	size_t	n = 0;

	while (z->cities[n] != NULL)
		n++;
	z->folded = arena_array(l->arena, n + 2, sizeof(*z->folded));
	z->folded[0] = fold(l, z->name);
	for (size_t i = 0; i < n; i++)
		z->folded[i + 1] = fold(l, z->cities[i]);
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

/*
 * Looks for a name that an earlier zone has too. A zone may have its own name
 * among its cities.
 */
static void
check_cities(struct load *l, const struct market *m,
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

/*
 * Fills the zones from what was read of them, and finds the default one.
 */
static void
load_zones(struct load *l, struct market *m)
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

/*
 * Adds a name for a method. Returns NULL or what was expected.
 */
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

/*
 * Adds the alias of "alias:method". Returns NULL or what was expected.
 */
static const char *
payment_alias(struct load *l, struct market *m, const char *text)
{
	const char	*colon = strchr(text, ':'), *method;

	if (colon == NULL)
		return "alias:method";
	method = pricing_payment(m, colon + 1);
	if (method == NULL)
		return "one of the methods behind the ':'";
	return payment_add(m, arena_strndup(l->arena, text,
	    (size_t)(colon - text)), method);
}

/*
 * Makes the payments of the two lists.
 */
static void
load_payments(struct load *l, struct market *m)
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

/*
 * The arena's clean-up of a password.
 */
static void
password_free(void *arg)
{
	secret_free(arg);
}

/*
 * Returns whether two hosts are the same server. "localhost" is the socket
 * and no port, anything else a port and no socket.
 */
static bool
same_host(const struct market_database *a, const struct market_host *x,
    const struct market_database *b, const struct market_host *y)
{
	if (!str_equal_nocase(x->name, y->name))
		return false;
	if (str_equal_nocase(x->name, "localhost"))
		return strcmp(a->socket, b->socket) == 0;
	return x->port == y->port;
}

/*
 * Reads "name", "name:port" or "[address]:port" into a host; an address with
 * several colons and no brackets is one without a port. Returns false when it
 * is none of these.
 */
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

/*
 * Reads the hosts, each of which must be there once.
 */
static void
load_hosts(struct load *l, struct market *m)
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
			if (same_host(db, host, db,
			    &db->hosts[db->host_count - 1]))
				ini_error_at(l->errors, &db->host_list,
				    "has %s twice", db->host_list[i]);
	}
	if (db->host_count == 0)
		ini_error_at(l->errors, &db->host_list, "expected a host");
}

/*
 * Reads the password, if there is a file of one.
 */
static void
load_password(struct load *l, struct market *m)
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

/*
 * Reads the file of one market. Returns whether there was no error.
 */
static bool
load_market(struct load *l, struct market *m)
{
	size_t	before = l->errors->count;

	if (!ini_read(m->file, sections, m, l->arena, l->errors))
		return false;
	load_phone(l, m);
	load_zones(l, m);
	load_payments(l, m);
	load_hosts(l, m);
	load_password(l, m);
	return l->errors->count == before;
}

/* ---- all of them ---- */

/*
 * Returns whether two connections can end in the same database.
 */
static bool
same_database(const struct market_database *a,
    const struct market_database *b)
{
	size_t i, j;

	if (strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->host_count; i++)
		for (j = 0; j < b->host_count; j++)
			if (same_host(a, &a->hosts[i], b, &b->hosts[j]))
				return true;
	return false;
}

/*
 * Looks for what the market shares with an earlier one and must not.
 */
static void
check_unique(struct load *l, const struct market *m, const struct market *b)
{
	if (strcmp(m->phone.prefix, b->phone.prefix) == 0)
		ini_error_at(l->errors, &m->phone.prefix,
		    "is the prefix of %s too", b->file);
	if (same_database(&m->database, &b->database))
		ini_error_at(l->errors, &m->database.name,
		    "is the database of %s too", b->file);
}

/*
 * Returns whether a file's name can be a market's.
 */
static bool
name_valid(const char *name)
{
	size_t	n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && n <= MARKET_NAME_MAX && name[n] == '\0' &&
	    strchr(lower, *name) != NULL;
}

/*
 * scandir(3)'s filter: visible files with the suffix.
 */
static int
is_market_file(const struct dirent *d)
{
	size_t	n = strlen(d->d_name), suffix = strlen(MARKET_SUFFIX);

	return *d->d_name != '.' && n > suffix &&
	    strcmp(d->d_name + n - suffix, MARKET_SUFFIX) == 0;
}

/*
 * qsort(3)'s order.
 */
static int
by_name(const void *a, const void *b)
{
	const struct market	*x = a, *y = b;

	return strcmp(x->name, y->name);
}

/*
 * Adds a market without content for each of the directory's entries. Returns
 * false after an error.
 */
static bool
add_markets(struct load *l, struct market_registry *r, const char *dir,
    struct dirent **entries, size_t n)
{
	struct market	*m;
	const char	*file;
	size_t		 before = l->errors->count, len;

	r->markets = arena_array(l->arena, n, sizeof(*r->markets));
	for (size_t i = 0; i < n; i++) {
		file = entries[i]->d_name;
		len = strlen(file) - strlen(MARKET_SUFFIX);
		m = &r->markets[r->count++];
		m->file = arena_printf(l->arena, "%s/%s", dir, file);
		m->name = arena_strndup(l->arena, file, len);
		if (!name_valid(m->name))
			ini_error(l->errors, m->file, 0, "expected a market's"
			    " name of 1 to %d of a-z, 0-9, '_' and '-', with a"
			    " letter first", MARKET_NAME_MAX);
	}
	qsort(r->markets, r->count, sizeof(*r->markets), by_name);
	return l->errors->count == before;
}

/*
 * Lists the directory into the registry. Returns false after an error.
 */
static bool
find_markets(struct load *l, struct market_registry *r, const char *dir)
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
	else
		ok = add_markets(l, r, dir, entries, (size_t)n);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return ok;
}

/*
 * Reads every market's file, and compares those without error.
 */
static void
load_markets(struct load *l, struct market_registry *r)
{
	bool	ok[MARKET_COUNT_MAX];

	for (size_t i = 0; i < r->count; i++) {
		r->markets[i].index = (unsigned)i;
		ok[i] = load_market(l, &r->markets[i]);
		for (size_t j = 0; ok[i] && j < i; j++)
			if (ok[j])
				check_unique(l, &r->markets[i],
				    &r->markets[j]);
	}
}

struct market_registry *
market_load(const char *dir, const char *default_name, const char *conf_dir,
    bool without_secrets, struct arena *arena, struct ini_errors *errors)
{
	struct market_registry	*r = arena_alloc(arena, sizeof(*r));
	struct load		 l = { conf_dir, without_secrets, arena,
	    errors };
	size_t			 before = errors->count;

	if (!find_markets(&l, r, dir))
		return NULL;
	load_markets(&l, r);
	if (default_name != NULL)
		r->default_market = market_find(r, default_name);
	if (default_name != NULL && r->default_market == NULL)
		ini_error(errors, dir, 0, "there is no %s%s, but [markets] "
		    "default = %s", default_name, MARKET_SUFFIX,
		    default_name);
	return errors->count == before && r->default_market != NULL ? r : NULL;
}

void
market_print(const struct market *m, struct buf *out)
{
	ini_print(sections, m, out);
}

void
market_file_list(struct buf *out)
{
	ini_list_options("market", sections, out);
}
