/*
 * config.c: the options of ordermux.conf, the checks that one option alone
 * cannot make, the token keys, and the markets. Called at start and at reload
 * by ordermuxd and by ordermuxctl. Changes nothing outside of its arena.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/token.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "config/ini.h"
#include "config/market_dir.h"
#include "config/market_file.h"
#include "config/secret_file.h"
#include "config/settings.h"
#include "config/settings_type.h"
#include "config/texts.h"
#include "market/market.h"

#define SETTINGS_KID_MAX	 64
#define SETTINGS_KEY_BYTES 32	/* RFC 7518, 3.2: at least the hash's size */
#define SETTINGS_KEY_VARIETY 8	/* different bytes; hex digits have 16 */
#define SETTINGS_LISTEN_MAX 108	/* with the NUL; sun_path, see unix(7) */

/* How to make a key; for the path of its file. */
#define KEY_CURE "openssl rand -hex 32 | tr -d '\\n' >%s"

_Static_assert(SETTINGS_KEY_MAX <= TOKEN_KEYS_MAX, "keys");

/* ---- the options ---- */

#define OPTION(name, type, def, field) \
	INI_OPTION(struct settings, field, name, type, def)
#define NUMBER(name, type, def, field, min, max) \
	INI_NUMBER(struct settings, field, name, type, def, min, max)

/* What nginx/ordermux-location.conf and systemd/ordermux.service.in have. */
#define SHIPPED_STOP	(35 * SECOND)
#define SHIPPED_READ	(10 * SECOND)
#define SHIPPED_BODY	(128 * 1024)

/* In ms. */
#define SECOND	UINT64_C(1000)
#define MINUTE	(60 * SECOND)
#define DAY	(1440 * MINUTE)

static const struct ini_option daemon_options[] = {
	OPTION("listen", settings_type_path, "/run/ordermux/fcgi.sock", listen),
	OPTION("workers", settings_type_workers, "auto", workers),
	OPTION("log_level", settings_type_level, "info", log_level),
	NUMBER("stop_timeout", ini_seconds, "30s", stop_timeout, SECOND,
	    10 * MINUTE),
	{ .name = NULL }
};

static const struct ini_option http_options[] = {
	NUMBER("body_limit", ini_size, "64k", body_limit, 1024, 16 << 20),
	NUMBER("request_deadline", ini_seconds, "8s", request_deadline,
	    SECOND, 5 * MINUTE),
	OPTION("cors_origins", settings_type_origins, "", cors_origins),
	OPTION("cors_headers", settings_type_headers, "baggage, sentry-trace, "
	    "traceparent, x-requested-with", cors_headers),
	{ .name = NULL }
};

static const struct ini_option token_options[] = {
	OPTION("keys", ini_list, "main:jwt.key", key_list),
	NUMBER("lifetime", ini_seconds, "30m", token_lifetime, SECOND,
	    31 * DAY),
	NUMBER("leeway", ini_seconds, "0s", token_leeway, 0, 5 * MINUTE),
	OPTION("audience", ini_list, "", token_audience),
	{ .name = NULL }
};

static const struct ini_option markets_options[] = {
	OPTION("directory", ini_string, "markets.d", markets_dir),
	INI_MUST(struct settings, default_market, "default", ini_string),
	OPTION("claim_required", ini_bool, "no", market_claim_required),
	{ .name = NULL }
};

/* A timeout under a second would be 0 to the client library: none at all. */
static const struct ini_option database_options[] = {
	NUMBER("connect_timeout", ini_seconds, "2s", connect_timeout, SECOND,
	    MINUTE),
	NUMBER("query_timeout", ini_seconds, "5s", query_timeout, SECOND,
	    5 * MINUTE),
	NUMBER("crowd_after", ini_seconds, "250ms", crowd_after, 0, MINUTE),
	{ .name = NULL }
};

static const struct ini_option orders_options[] = {
	NUMBER("duplicate_window", ini_seconds, "10s", duplicate_window, 0,
	    DAY),
	NUMBER("per_hour", ini_uint, "60", orders_per_hour, 0, 10000),
	{ .name = NULL }
};

static const struct ini_option texts_options[] = {
	OPTION("directory", ini_string, "texts", texts_dir),
	{ .name = NULL }
};

static const struct ini_section sections[] = {
	{ .name = "daemon", .options = daemon_options },
	{ .name = "http", .options = http_options },
	{ .name = "token", .options = token_options },
	{ .name = "markets", .options = markets_options },
	{ .name = "database", .options = database_options },
	{ .name = "orders", .options = orders_options },
	{ .name = "texts", .options = texts_options },
	{ .name = NULL }
};

/* ---- checks ---- */

/* Whether there is an error of this option, so that its default stands in its
 * place, which is not to be compared with anything. */
static bool
is_wrong(const struct ini_errors *errors, const char *option)
{
	for (size_t i = 0; i < errors->count; i++)
		if (strstr(errors->text[i], option) != NULL)
			return true;
	return false;
}

/* Says in the list which values do not fit together, or no socket. */
static void
check_order(const struct settings *c, struct ini_errors *errors)
{
	if (strlen(c->listen) >= SETTINGS_LISTEN_MAX)
		ini_error_at(errors, &c->listen, "expected a path of less "
		    "than %d bytes", SETTINGS_LISTEN_MAX);
	if (is_wrong(errors, "[http] request_deadline:"))
		return;
	if (c->query_timeout >= c->request_deadline &&
	    !is_wrong(errors, "[database] query_timeout:"))
		ini_error_at(errors, &c->query_timeout, "expected less than "
		    "[http] request_deadline");
	/* Else a stop would kill a worker in a request that is in time. */
	if (c->stop_timeout < c->request_deadline &&
	    !is_wrong(errors, "[daemon] stop_timeout:"))
		ini_error_at(errors, &c->stop_timeout, "expected at least "
		    "[http] request_deadline");
}

/* Warns of values that the shipped files of nginx and systemd do not bear. If
 * you have changed those, too, all is well. */
static void
check_shipped(const struct settings *c, struct ini_errors *errors)
{
	if (c->stop_timeout >= SHIPPED_STOP)
		ini_warning_at(errors, &c->stop_timeout, "expected less than "
		    "TimeoutStopSec of ordermux.service, which is 35s as "
		    "shipped: systemd would kill what is still running");
	if (c->request_deadline >= SHIPPED_READ)
		ini_warning_at(errors, &c->request_deadline, "expected less "
		    "than fastcgi_read_timeout of ordermux-location.conf, "
		    "which is 10s as shipped: nginx would answer 504 before "
		    "the service does");
	if (c->body_limit > SHIPPED_BODY)
		ini_warning_at(errors, &c->body_limit, "expected at most "
		    "client_max_body_size of ordermux-location.conf, which is "
		    "128k as shipped: nginx rejects larger bodies");
}

/* Returns whether the text is a key's name: it goes into token headers. */
static bool
kid_valid(const char *kid)
{
	size_t	n = strspn(kid, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= SETTINGS_KID_MAX && kid[n] == '\0';
}

/* How many different bytes a key has. */
static unsigned
count_different(const struct secret *s)
{
	bool		 seen[UCHAR_MAX + 1] = { false };
	unsigned	 n = 0;

	for (size_t i = 0; i < s->len; i++) {
		n += !seen[s->bytes[i]];
		seen[s->bytes[i]] = true;
	}
	return n;
}

/* Reads the key's file. Says in the list what is wrong with it. */
static void
key_read(struct settings *c, struct settings_key *key, struct arena *arena,
    struct ini_errors *errors)
{
	struct secret		*s = &key->secret;
	struct secret_file	 file = { .errors = errors,
	    .field = &c->key_list, .name = key->file, .conf_dir = c->dir,
	    .what = arena_printf(arena, "key \"%s\": ", key->kid) };

	if (!secret_file_read(&file, s, arena) || s->bytes == NULL)
		return;
	if (s->len < SETTINGS_KEY_BYTES)
		ini_error_at(errors, &c->key_list, "%s%s has %zu bytes, "
		    "expected at least %d: " KEY_CURE, file.what, file.path,
		    s->len, SETTINGS_KEY_BYTES, file.path);
	else if (count_different(s) < SETTINGS_KEY_VARIETY)
		ini_error_at(errors, &c->key_list, "%s%s can be guessed, "
		    "expected at least %d different bytes: " KEY_CURE,
		    file.what, file.path, SETTINGS_KEY_VARIETY, file.path);
	secret_file_check_ends(&file, s);
}

/* Splits "kid:file" into the key. Returns NULL or what was expected. */
static const char *
key_split(const struct settings *c, const char *text, struct settings_key *key,
    struct arena *arena)
{
	const char	*colon = strchr(text, ':');

	if (colon == NULL || colon[1] == '\0')
		return "kid:file";
	key->kid = arena_strndup(arena, text, (size_t)(colon - text));
	key->file = colon + 1;
	if (!kid_valid(key->kid))
		return "a kid of 1 to 64 letters, digits, '.', '_' and '-'";
	for (const struct settings_key *k = c->keys; k < key; k++)
		if (strcmp(k->kid, key->kid) == 0)
			return "every kid only once";
	return NULL;
}

/* Makes keys of the list of them. Says in the error list what is wrong, but
 * never repeats the text: it may be a key in the wrong place. */
static void
load_keys(struct settings *c, bool without_secrets, struct arena *arena,
    struct ini_errors *errors)
{
	const char	*expected;

	if (c->key_list[0] == NULL)
		ini_error_at(errors, &c->key_list,
		    "expected at least one kid:file");
	for (size_t i = 0; c->key_list[i] != NULL; i++) {
		if (i == SETTINGS_KEY_MAX) {
			ini_error_at(errors, &c->key_list,
			    "expected at most %d keys", SETTINGS_KEY_MAX);
			return;
		}
		expected = key_split(c, c->key_list[i], &c->keys[i], arena);
		if (expected != NULL) {
			ini_error_at(errors, &c->key_list,
			    "expected %s, in part %zu of the list", expected,
			    i + 1);
			return;
		}
		c->key_count = i + 1;
		if (!without_secrets)
			key_read(c, &c->keys[i], arena, errors);
	}
}

/* Fills path, absolute so that a reload finds it from any directory, and
 * dir. Returns false after an error. */
static bool
set_path(struct settings *c, const char *path, struct arena *arena,
    struct ini_errors *errors)
{
	char		 cwd[PATH_MAX];
	const char	*slash;

	if (*path == '/')
		c->path = arena_strdup(arena, path);
	else if (getcwd(cwd, sizeof(cwd)) != NULL)
		c->path = arena_printf(arena, "%s/%s", cwd, path);
	else {
		ini_error(errors, path, 0, "no current directory: %s",
		    strerror(errno));
		return false;
	}
	slash = strrchr(c->path, '/');
	c->dir = slash == c->path ? "/" :
	    arena_strndup(arena, c->path, (size_t)(slash - c->path));
	return true;
}

/* The path of a directory: a relative one starts at the configuration's. */
static const char *
settings_path(const struct settings *c, const char *path, struct arena *arena)
{
	return *path == '/' ? path :
	    arena_printf(arena, "%s/%s", c->dir, path);
}

/* Reads the markets and their texts. Returns false if the service cannot do
 * without what is wrong. */
static bool
load_all_markets(struct settings *c, bool without_secrets, struct arena *arena,
    struct ini_errors *errors)
{
	struct market_registry	*r;
	struct market		*m;

	r = c->markets = market_load(c->markets_dir, c->default_market, c->dir,
	    without_secrets, arena, errors);
	if (r == NULL)
		return false;
	c->texts = texts_load(c->texts_dir, r, arena, errors);
	for (m = r->markets; m < r->markets + r->count; m++)
		for (size_t i = 0; !m->shut && m->languages[i] != NULL; i++)
			m->shut = !texts_complete(c->texts, m->languages[i]);
	return r->default_market != NULL && !r->default_market->shut;
}

struct settings *
settings_load(const char *path, bool without_secrets, struct arena *arena,
    struct ini_errors *errors)
{
	struct settings	*c = arena_alloc(arena, sizeof(*c));
	size_t		 before = errors->count;
	bool		 good;

	if (!set_path(c, path, arena, errors))
		return NULL;
	/* What could not be read has its default from here on, so that the
	 * checks below find the other errors too. */
	(void)ini_read(c->path, sections, c, arena, errors);
	check_order(c, errors);
	check_shipped(c, errors);
	load_keys(c, without_secrets, arena, errors);
	c->markets_dir = settings_path(c, c->markets_dir, arena);
	c->texts_dir = settings_path(c, c->texts_dir, arena);
	good = errors->count == before;
	return load_all_markets(c, without_secrets, arena, errors) && good ?
	    c : NULL;
}

bool
settings_read_signing_key(struct settings *c, struct arena *arena,
    struct ini_errors *errors)
{
	size_t	 before = errors->count;

	key_read(c, &c->keys[0], arena, errors);
	return errors->count == before;
}

size_t
settings_token_keys(const struct settings *c, struct token_key *keys)
{
	for (size_t i = 0; i < c->key_count; i++)
		keys[i] = (struct token_key){ .kid = c->keys[i].kid,
		    .bytes = c->keys[i].secret.bytes,
		    .len = c->keys[i].secret.len };
	return c->key_count;
}

unsigned
settings_silence(const struct settings *c)
{
	/* The library rounds up to whole seconds; the rest is for the loop. */
	return c->connect_timeout + c->query_timeout + 4000;
}

void
settings_print(const struct settings *c, struct buf *out)
{
	const struct market	*m;

	buf_printf(out, "# %s\n", c->path);
	ini_print(sections, c, out);
	for (size_t i = 0; i < c->markets->count; i++) {
		m = &c->markets->markets[i];
		buf_printf(out, "\n# %s\n", m->file);
		market_print(m, out);
	}
	texts_print(c->texts, out);
}

void
settings_list(struct buf *out)
{
	ini_list_options("ordermux.conf", sections, out);
}
