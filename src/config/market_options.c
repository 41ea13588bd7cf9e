/*
 * market_options.c: the options of a market's file (see market_options.h).
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/money.h"
#include "config/market_options.h"
#include "market/market.h"

#define MARKET_ZONEINFO	 "/usr/share/zoneinfo"
#define MARKET_TZ_MAX	 64	/* bytes of a time zone's name, with the NUL */

static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

/* ---- types of our own ---- */

/* NAME_read() and NAME_print() are the two functions of a struct ini_type,
 * where it is said what they do and return. */

static void
market_text_print(const void *field, struct buf *out)
{
	ini_text.print(field, out);
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

/* Reads a list whose parts all begin with these bytes, and then have 1 to max
 * digits and nothing else. */
static bool
digits_list_read(const char *text, const char *begin, size_t max, void *field,
    struct arena *arena)
{
	const char	**list;
	size_t		  skip = strlen(begin), n;

	if (!ini_list.read(text, &list, arena))
		return false;
	for (const char **p = list; *p != NULL; p++) {
		n = strlen(*p);
		if (strncmp(*p, begin, skip) != 0 || n <= skip ||
		    n - skip > max || strspn(*p + skip, digits) != n - skip)
			return false;
	}
	*(const char ***)field = list;
	return true;
}

static bool
prefixes_read(const char *text, void *field, struct arena *arena)
{
	return *text != '\0' && digits_list_read(text, "+", 7, field, arena);
}

static bool
international_read(const char *text, void *field, struct arena *arena)
{
	return digits_list_read(text, "", 5, field, arena);
}

static bool
languages_read(const char *text, void *field, struct arena *arena)
{
	const char	**list, *one;

	if (!ini_list.read(text, &list, arena))
		return false;
	for (const char **p = list; *p != NULL; p++)
		if (!language_read(*p, &one, arena))
			return false;
	*(const char ***)field = list;
	return true;
}

static void
market_list_print(const void *field, struct buf *out)
{
	ini_list.print(field, out);
}

static bool
optional_path_read(const char *text, void *field, struct arena *arena)
{
	return (*text == '/' || *text == '\0') &&
	    ini_text.read(text, field, arena);
}

/* Reads "8.875%" as millionths: with four digits after the point, the
 * number is the rate. */
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

/* Returns whether the system has the time zone. The name alone must not lead
 * out of its directory. */
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
	.expects = "a code of three capital letters (ISO 4217)",
	.read = code_read, .print = market_text_print };
static const struct ini_type type_language = {
	.expects = "a language tag, such as en or pt-BR",
	.read = language_read, .print = market_text_print };
static const struct ini_type type_languages = {
	.expects = "a list of language tags, such as ru, ky",
	.read = languages_read, .print = market_list_print };
static const struct ini_type type_prefixes = {
	.expects = "'+' and 1 to 7 digits",
	.read = prefixes_read, .print = market_list_print };
static const struct ini_type type_international = {
	.expects = "a list of 1 to 5 digits each, such as 00, 011",
	.read = international_read, .print = market_list_print };
static const struct ini_type type_path = {
	.expects = "a path that begins with '/', or nothing",
	.read = optional_path_read, .print = market_text_print };
static const struct ini_type type_percent = {
	.expects = "0% to 100% with at most 4 digits after the point",
	.read = percent_read, .print = percent_print };
static const struct ini_type type_timezone = {
	.expects = "a time zone of the tz database, such as Europe/Paris",
	.read = timezone_read, .print = market_text_print };

/* ---- the options ---- */

#define OPTION(name, type, def, field) \
	INI_OPTION(struct market, field, name, type, def)
#define MUST(name, type, field) INI_MUST(struct market, field, name, type)
#define NUMBER(name, type, def, field, min, max) \
	INI_NUMBER(struct market, field, name, type, def, min, max)
#define ZONE(name, type, def, field) \
	INI_OPTION(struct market_zone, field, name, type, def)

#define COUNT_MAX 1000000000
/* In ms. */
#define SECOND	UINT64_C(1000)
#define MINUTE	(60 * SECOND)
#define DAY	(1440 * MINUTE)

static const struct ini_option market_options[] = {
	MUST("country", ini_string, country),
	/* One of the two must be set. */
	OPTION("language", type_language, NULL, language),
	OPTION("languages", type_languages, "", languages),
	MUST("time_zone", type_timezone, time_zone),
	{ .name = NULL }
};

static const struct ini_option currency_options[] = {
	MUST("code", type_code, currency.code),
	MUST("symbol", ini_string, currency.symbol),
	NUMBER("digits", ini_uint, "2", currency.digits, 0, MONEY_DIGITS_MAX),
	{ .name = NULL }
};

static const struct ini_option phone_options[] = {
	MUST("prefix", type_prefixes, phone.prefixes),
	OPTION("international", type_international, "", phone.international),
	MUST("pattern", ini_string, phone.pattern),
	MUST("format", ini_string, phone.format),
	{ .name = NULL }
};

static const struct ini_option tax_options[] = {
	MUST("rate", type_percent, tax.rate),
	MUST("included", ini_bool, tax.included),
	OPTION("shipping", ini_bool, "no", tax.shipping),
	{ .name = NULL }
};

static const struct ini_option zone_options[] = {
	ZONE("default", ini_bool, "no", is_default),
	ZONE("when_unsure", ini_bool, "no", when_unsure),
	ZONE("cities", ini_list, "", cities),
	ZONE("states", ini_list, "", states),
	ZONE("postcodes", ini_list, "", postcodes),
	INI_MUST(struct market_zone, cost_text, "cost", ini_string),
	ZONE("free_from", ini_text, "", free_from_text),
	{ .name = NULL }
};

static const struct ini_option payment_options[] = {
	MUST("methods", ini_list, methods),
	OPTION("aliases", ini_list, "", aliases),
	{ .name = NULL }
};

/* The messages say for how many minutes a code is good: one at least. */
static const struct ini_option login_options[] = {
	NUMBER("code_lifetime", ini_seconds, "10m", login.code_lifetime,
	    MINUTE, DAY),
	NUMBER("per_phone", ini_uint, "3", login.per_phone, 1, COUNT_MAX),
	NUMBER("per_address", ini_uint, "30", login.per_address, 1,
	    COUNT_MAX),
	NUMBER("per_day", ini_uint, "5000", login.per_day, 1, COUNT_MAX),
	{ .name = NULL }
};

/* No program is started in less than a second, and a message must not be
 * claimed for ever. */
static const struct ini_option sms_options[] = {
	OPTION("command", type_path, "", sms.command),
	NUMBER("timeout", ini_seconds, "10s", sms.timeout, SECOND,
	    5 * MINUTE),
	{ .name = NULL }
};

static const struct ini_option database_options[] = {
	OPTION("host", ini_list, "localhost", database.host_list),
	NUMBER("port", ini_uint, "3306", database.port, 1, UINT16_MAX),
	OPTION("socket", type_path, "", database.socket),
	MUST("name", ini_string, database.name),
	MUST("user", ini_string, database.user),
	OPTION("password_file", ini_text, "", database.password_file),
	OPTION("tls_ca", type_path, "", database.tls_ca),
	{ .name = NULL }
};

/* Returns the zone with the label, a new one if there is none; NULL when the
 * market is full. */
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

/* Returns the i-th zone and its label, or NULL behind the last. */
static const void *
zone_nth(const void *target, size_t i, const char **label)
{
	const struct market	*m = target;

	if (i >= m->zone_count)
		return NULL;
	*label = m->zones[i].name;
	return &m->zones[i];
}

const struct ini_section market_sections[] = {
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
