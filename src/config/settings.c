/*
 * config.c: the options of ordermux.conf, the checks that one option alone
 * cannot make, the token keys, and the markets. Called at start and at reload
 * by ordermuxd and by ordermuxctl. Changes nothing outside of its arena.
 */
#include <ctype.h>
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
#include "config/settings.h"
#include "config/texts.h"
#include "market/market.h"

#define SETTINGS_KID_MAX	 64
#define SETTINGS_KEY_BYTES 32	/* RFC 7518, 3.2: at least the hash's size */
#define SETTINGS_WORKERS_MAX 256

_Static_assert(SETTINGS_KEY_MAX <= TOKEN_KEYS_MAX, "keys");

/* ---- types of our own ---- */

/* NAME_read() and NAME_print() are the two functions of a struct ini_type,
 * where it is said what they do and return. */

static bool
workers_read(const char *text, void *field, struct arena *arena)
{
	int64_t	n;

	(void)arena;
	if (strcmp(text, "auto") == 0)
		n = 0;
	else if (!str_to_int64(text, &n) || n < 1 || n > SETTINGS_WORKERS_MAX)
		return false;
	*(unsigned *)field = (unsigned)n;
	return true;
}

static void
workers_print(const void *field, struct buf *out)
{
	unsigned	n = *(const unsigned *)field;

	if (n == 0)
		buf_puts(out, "auto");
	else
		buf_put_uint(out, n);
}

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR]	= "error",
	[LOG_LEVEL_WARNING]	= "warning",
	[LOG_LEVEL_NOTICE]	= "notice",
	[LOG_LEVEL_INFO]	= "info",
	[LOG_LEVEL_DEBUG]	= "debug"
};

static bool
level_read(const char *text, void *field, struct arena *arena)
{
	(void)arena;
	for (unsigned i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		if (str_equal_nocase(text, level_names[i])) {
			*(unsigned *)field = i;
			return true;
		}
	return false;
}

static void
level_print(const void *field, struct buf *out)
{
	buf_puts(out, level_names[*(const unsigned *)field]);
}

static bool
absolute_path_read(const char *text, void *field, struct arena *arena)
{
	return *text == '/' && ini_string.read(text, field, arena);
}

static void
absolute_path_print(const void *field, struct buf *out)
{
	ini_string.print(field, out);
}

/* Returns whether the text is ":PORT" or nothing. */
static bool
origin_port(const char *text)
{
	int64_t	port;

	return *text == '\0' || (*text == ':' &&
	    isdigit((unsigned char)text[1]) &&
	    str_to_int64(text + 1, &port) && port >= 1 && port <= 65535);
}

/* Returns whether the text is an origin as browsers send it (RFC 6454, 6.2):
 * scheme://host[:port] in lower case, nothing behind; or "*". */
static bool
origin_valid(const char *text)
{
	static const char	lower[] = "abcdefghijklmnopqrstuvwxyz";
	static const char	scheme[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789+-.";
	size_t			n = strspn(text, scheme);

	if (strcmp(text, "*") == 0)
		return true;
	if (strchr(lower, *text) == NULL || n == 0 ||
	    strncmp(text + n, "://", 3) != 0)
		return false;
	text += n + 3;
	if (*text == '[') {
		n = 1 + strspn(text + 1, "0123456789abcdef:.");
		if (n == 1 || text[n] != ']')
			return false;
		return origin_port(text + n + 1);
	}
	n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");
	return n > 0 && *text != '.' && *text != '-' && origin_port(text + n);
}

static bool
origins_read(const char *text, void *field, struct arena *arena)
{
	const char	**list;

	if (!ini_list.read(text, &list, arena))
		return false;
	for (size_t i = 0; list[i] != NULL; i++)
		if (!origin_valid(list[i]))
			return false;
	*(const char ***)field = list;
	return true;
}

static void
origins_print(const void *field, struct buf *out)
{
	ini_list.print(field, out);
}

static const struct ini_type type_workers = {
	.expects = "auto or a number from 1 to 256",
	.read = workers_read, .print = workers_print };
static const struct ini_type type_level = {
	.expects = "error, warning, notice, info or debug",
	.read = level_read, .print = level_print };
static const struct ini_type type_path = {
	.expects = "a path that begins with '/'",
	.read = absolute_path_read, .print = absolute_path_print };
static const struct ini_type type_origins = {
	.expects = "a list of scheme://host[:port] in lower case with no path, "
	    "or *",
	.read = origins_read, .print = origins_print };

/* ---- the options ---- */

#define OPTION(name, type, def, field) \
	INI_OPTION(struct settings, field, name, type, def)
#define NUMBER(name, type, def, field, min, max) \
	INI_NUMBER(struct settings, field, name, type, def, min, max)

/* In ms. */
#define SECOND	UINT64_C(1000)
#define MINUTE	(60 * SECOND)
#define DAY	(1440 * MINUTE)

static const struct ini_option daemon_options[] = {
	OPTION("listen", type_path, "/run/ordermux/fcgi.sock", listen),
	OPTION("workers", type_workers, "auto", workers),
	OPTION("log_level", type_level, "info", log_level),
	NUMBER("stop_timeout", ini_seconds, "30s", stop_timeout, SECOND,
	    10 * MINUTE),
	{ .name = NULL }
};

static const struct ini_option http_options[] = {
	NUMBER("body_limit", ini_size, "64k", body_limit, 1024, 16 << 20),
	NUMBER("request_deadline", ini_seconds, "8s", request_deadline,
	    SECOND, 5 * MINUTE),
	OPTION("cors_origins", type_origins, "", cors_origins),
	{ .name = NULL }
};

static const struct ini_option token_options[] = {
	OPTION("keys", ini_list, "main:jwt.key", key_list),
	NUMBER("lifetime", ini_seconds, "30m", token_lifetime, SECOND,
	    31 * DAY),
	NUMBER("leeway", ini_seconds, "0s", token_leeway, 0, 5 * MINUTE),
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

/* Says in the list which times do not fit together. */
static void
check_order(const struct settings *c, struct ini_errors *errors)
{
	if (c->query_timeout >= c->request_deadline)
		ini_error_at(errors, &c->query_timeout, "expected less than "
		    "[http] request_deadline");
	/* Else a stop would kill a worker in a request that is in time. */
	if (c->stop_timeout < c->request_deadline)
		ini_error_at(errors, &c->stop_timeout, "expected at least "
		    "[http] request_deadline");
}

/* Returns whether the text is a key's name: it goes into token headers. */
static bool
kid_valid(const char *kid)
{
	size_t	n = strspn(kid, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= SETTINGS_KID_MAX && kid[n] == '\0';
}

/* The arena's clean-up of a key. */
static void
key_free(void *arg)
{
	secret_free(arg);
}

/* Reads the key's file. Says in the list what is wrong with it. */
static void
key_read(struct settings *c, struct settings_key *key, struct arena *arena,
    struct ini_errors *errors)
{
	char		 buf[PATH_MAX];
	const char	*path, *wrong;

	path = secret_path(key->file, c->dir, buf, sizeof(buf));
	if (path == NULL) {
		ini_error_at(errors, &c->key_list,
		    "expected shorter file names");
		return;
	}
	wrong = secret_read(path, &key->secret);
	if (wrong != NULL) {
		ini_error_at(errors, &c->key_list, "key \"%s\": %s %s",
		    key->kid, path, wrong);
		return;
	}
	arena_defer(arena, key_free, &key->secret);
	if (key->secret.len < SETTINGS_KEY_BYTES)
		ini_error_at(errors, &c->key_list,
		    "key \"%s\": %s has %zu bytes, expected at least %d",
		    key->kid, path, key->secret.len, SETTINGS_KEY_BYTES);
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

struct settings *
settings_load(const char *path, bool without_secrets, struct arena *arena,
    struct ini_errors *errors)
{
	struct settings	*c = arena_alloc(arena, sizeof(*c));
	size_t		 before = errors->count;

	if (!set_path(c, path, arena, errors))
		return NULL;
	/* What could not be read has its default from here on, so that the
	 * checks below find the other errors too. */
	if (ini_read(c->path, sections, c, arena, errors))
		check_order(c, errors);
	load_keys(c, without_secrets, arena, errors);
	c->markets_dir = settings_path(c, c->markets_dir, arena);
	c->texts_dir = settings_path(c, c->texts_dir, arena);
	c->markets = market_load(c->markets_dir, c->default_market, c->dir,
	    without_secrets, arena, errors);
	if (c->markets != NULL)
		c->texts = texts_load(c->texts_dir, c->markets, arena, errors);
	return errors->count == before ? c : NULL;
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
