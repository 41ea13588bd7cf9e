/*
 * market_file.c: reads one market's file, and makes the checks that one option
 * alone cannot make (see market_file.h).
 */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/money.h"
#include "base/str.h"
#include "base/text.h"
#include "config/market_file.h"
#include "config/market_options.h"
#include "config/secret_file.h"
#include "market/market.h"

#define MARKET_FORMAT_MAX 64	/* of a phone format, see phone_display() */

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

/* Whether all prefixes begin with the first n bytes of the example. */
static bool
prefixes_begin_with(const struct market_phone *p, size_t n)
{
	for (const char **prefix = p->prefixes; *prefix != NULL; prefix++)
		if (strncmp(*prefix, p->example, n) != 0)
			return false;
	return true;
}

/* Checks the format, makes the example of it. */
static void
load_format(const struct market_loader *l, struct market_phone *p)
{
	size_t	 fixed, n;

	p->example = phone_example(p->format, l->arena);
	fixed = strcspn(p->example, "X");
	n = strspn(p->example + fixed, "X");
	if (*p->example != '+' || n == 0 || p->example[fixed + n] != '\0' ||
	    !prefixes_begin_with(p, fixed) ||
	    strlen(p->format) >= MARKET_FORMAT_MAX)
		ini_error_at(l->errors, &p->format, "expected the prefix, "
		    "then an X for every further digit, in less than %d bytes",
		    MARKET_FORMAT_MAX);
}

/* Checks the number of prefixes, and that each is there once. */
static void
load_prefixes(const struct market_loader *l, struct market_phone *p)
{
	size_t	 n = 0;

	for (; p->prefixes[n] != NULL; n++)
		for (size_t i = 0; i < n; i++)
			if (strcmp(p->prefixes[i], p->prefixes[n]) == 0)
				ini_error_at(l->errors, &p->prefixes,
				    "has %s twice", p->prefixes[n]);
	if (n > MARKET_PREFIX_MAX)
		ini_error_at(l->errors, &p->prefixes, "expected at most %d "
		    "prefixes, there are %zu", MARKET_PREFIX_MAX, n);
}

/* Compiles the pattern. */
static void
load_pattern(const struct market_loader *l, struct market_phone *p)
{
	char	 why[128];
	int	 rc;

	rc = regcomp(&p->regex, p->pattern, REG_EXTENDED | REG_NOSUB);
	if (rc != 0) {
		regerror(rc, &p->regex, why, sizeof(why));
		ini_error_at(l->errors, &p->pattern,
		    "expected a POSIX extended regular expression: %s", why);
		return;
	}
	p->compiled = true;
	arena_defer(l->arena, phone_free, &p->regex);
}

/* Makes one list of the languages, the default first, each once. "wrong": the
 * file has an error. */
static void
load_languages(const struct market_loader *l, struct market *m, bool wrong)
{
	const char	**list, **p;
	size_t		  n = 0, count = 0;

	while (m->languages[n] != NULL)
		n++;
	if (m->language == NULL && n == 0) {
		if (wrong && (ini_is_set(l->errors, &m->language) ||
		    ini_is_set(l->errors, &m->languages)))
			return;		/* what is wrong with it was said */
		ini_error_at(l->errors, &m->language, "is missing, expected a "
		    "language tag, such as en or pt-BR");
		return;
	}
	if (m->language == NULL)
		m->language = m->languages[0];
	list = arena_array(l->arena, n + 2, sizeof(*list));
	list[count++] = m->language;
	for (p = m->languages; *p != NULL; p++) {
		n = 0;
		while (n < count && !str_equal_nocase(list[n], *p))
			n++;
		if (n == count)
			list[count++] = *p;
	}
	m->languages = list;
}

/* Reads an amount >= 0, which is at the address as text (NULL if it is
 * missing), with the currency's digits. */
static void
load_amount(const struct market_loader *l, const struct market *m,
    const char *const *text, int64_t *out)
{
	if (*text == NULL)
		return;
	if (!money_parse(*text, m->currency.digits, out) || *out < 0)
		ini_error_at(l->errors, text,
		    "expected an amount >= 0 with at most %u digits after "
		    "the point", m->currency.digits);
}

/* Returns the list folded, after its first name if there is one, and ended by
 * NULL; or NULL, after an error about the field, which is the list. */
static const char **
fold_list(const struct market_loader *l, const char *first,
    const char ***field)
{
	const char	**names = *field, **folded, *name;
	char		  text[MARKET_FOLD_MAX];
	size_t		  n = 0, to = 0;

	while (names[n] != NULL)
		n++;
	folded = arena_array(l->arena, n + 2, sizeof(*folded));
	for (size_t i = 0; i <= n; i++) {
		if ((name = i == 0 ? first : names[i - 1]) == NULL)
			continue;
		if (!text_fold(name, strlen(name), text, sizeof(text)) ||
		    *text == '\0') {
			ini_error_at(l->errors, field, "expected names with a "
			    "letter or digit, of less than %d bytes",
			    MARKET_FOLD_MAX);
			return NULL;
		}
		folded[to++] = arena_strdup(l->arena, text);
	}
	return folded;
}

/* Fills the zone's lists of folded names. Returns false after an error. */
static bool
load_folded(const struct market_loader *l, struct market_zone *z)
{
	z->folded = fold_list(l, z->name, &z->cities);
	z->folded_states = fold_list(l, NULL, &z->states);
	z->folded_postcodes = fold_list(l, NULL, &z->postcodes);
	return z->folded != NULL && z->folded_states != NULL &&
	    z->folded_postcodes != NULL;
}

/* Looks for names that another zone has too: of lists that were folded from
 * the field (skip: and from a name before it). */
static void
check_names(const struct market_loader *l, const struct market_zone *z,
    const char ***field, const char **folded, size_t skip,
    const struct market_zone *other, const char **theirs)
{
	for (const char **a = folded; *a != NULL; a++)
		for (const char **b = theirs; *b != NULL; b++)
			if (strcmp(*a, *b) == 0)
				ini_error_at(l->errors, field,
				    "\"%s\" is in the zone \"%s\" too",
				    (size_t)(a - folded) < skip ? z->name :
				    (*field)[(size_t)(a - folded) - skip],
				    other->name);
}

/* Looks for a name that an earlier zone has too. A zone may have its own name
 * among its cities and states. */
static void
check_zone(const struct market_loader *l, const struct market *m,
    struct market_zone *z)
{
	const struct market_zone	*o;
	const char			*name[2] = { NULL, NULL };

	for (o = m->zones; o < z; o++) {
		if (o->folded == NULL || o->folded_states == NULL ||
		    o->folded_postcodes == NULL)
			continue;
		name[0] = o->folded[0];
		check_names(l, z, &z->cities, z->folded, 1, o, o->folded);
		check_names(l, z, &z->states, z->folded_states, 0, o,
		    o->folded_states);
		check_names(l, z, &z->states, z->folded_states, 0, o, name);
		check_names(l, z, &z->postcodes, z->folded_postcodes, 0, o,
		    o->folded_postcodes);
		name[0] = z->folded[0];
		check_names(l, z, &z->cities, name, 1, o, o->folded_states);
	}
}

/* Notes the zone as the market's only one of a kind. */
static void
note_zone(const struct market_loader *l, const struct market_zone *z,
    const bool *field, const char *kind, const struct market_zone **only)
{
	if (*field && *only != NULL)
		ini_error_at(l->errors, field, "\"%s\" is the %s already",
		    (*only)->name, kind);
	else if (*field)
		*only = z;
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
			check_zone(l, m, z);
		note_zone(l, z, &z->is_default, "default zone",
		    &m->default_zone);
		note_zone(l, z, &z->when_unsure, "zone when_unsure",
		    &m->unsure_zone);
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
	struct secret		*s = &db->password;
	struct secret_file	 file = { .errors = l->errors,
	    .field = &db->password_file, .what = "",
	    .name = db->password_file, .conf_dir = l->conf_dir };

	if (*db->password_file == '\0' || l->without_secrets ||
	    !secret_file_read(&file, s, l->arena) || s->bytes == NULL)
		return;
	secret_chomp(s);
	if (s->len == 0)
		ini_error_at(l->errors, file.field, "%s is empty", file.path);
	else if (memchr(s->bytes, 0, s->len) != NULL)
		ini_error_at(l->errors, file.field, "%s has a NUL byte in it",
		    file.path);
	secret_file_check_ends(&file, s);
}

/* Looks at the authority's file, which the client library reads later. */
static void
check_tls_ca(const struct market_loader *l, const struct market *m)
{
	const char *const	*path = &m->database.tls_ca;

	if (**path != '\0' && !l->without_secrets &&
	    faccessat(AT_FDCWD, *path, R_OK, AT_EACCESS) == -1)
		ini_flaw_at(l->errors, path, "%s cannot be read: %s", *path,
		    strerror(errno));
}

/* Warns if no message can be delivered: nobody could log in. The program may be
 * written later, so it is no error. */
static void
check_command(const struct market_loader *l, const struct market *m)
{
	const char	*command = m->sms.command;
	char		*path = arena_strndup(l->arena, command,
	    strcspn(command, " \t"));
	struct stat	 st;

	if (*command == '\0')
		ini_warning_at(l->errors, &m->sms.command, "is empty: no SMS "
		    "is sent, and nobody can log in");
	else if (stat(path, &st) == -1)
		ini_warning_at(l->errors, &m->sms.command, "%s: %s: no SMS "
		    "is sent, and nobody can log in", path, strerror(errno));
	else if (!S_ISREG(st.st_mode) ||
	    faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == -1)
		ini_warning_at(l->errors, &m->sms.command, "%s is no program "
		    "the service can run: expected a file of mode 0755", path);
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
	bool	read;

	/* What could not be read is not there, or has its default: what is
	 * there is checked, so that the other errors are found too. */
	read = ini_read(m->file, market_sections, m, l->arena, l->errors);
	if (m->languages != NULL)
		load_languages(l, m, !read);
	if (m->phone.prefixes != NULL)
		load_prefixes(l, &m->phone);
	if (m->phone.prefixes != NULL && m->phone.format != NULL)
		load_format(l, &m->phone);
	if (m->phone.pattern != NULL)
		load_pattern(l, &m->phone);
	if (m->zone_count > 0 || l->errors->count == before)
		load_zones(l, m);
	if (m->methods != NULL)
		load_payments(l, m);
	if (m->database.host_list != NULL)
		load_hosts(l, m);
	if (m->database.password_file != NULL)
		load_password(l, m);
	if (m->database.tls_ca != NULL)
		check_tls_ca(l, m);
	if (m->sms.command != NULL)
		check_command(l, m);
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
