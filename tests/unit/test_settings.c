/*
 * test_settings.c: ordermux.conf, its keys and its markets together.
 */
#include "scratch.h"

#include "auth/token.h"
#include "base/buf.h"
#include "base/log.h"
#include "config/settings.h"
#include "market/market.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEY "0123456789abcdef0123456789abcdef"	/* 32 bytes */

static const char	market[] =
    "[market]\ncountry = X\nlanguage = xx\ntime_zone = UTC\n"
    "[currency]\ncode = XXX\nsymbol = x\n"
    "[phone]\nprefix = +9\npattern = ^\\+9[0-9]+$\nformat = +9 XXX\n"
    "[tax]\nrate = 0%\nincluded = no\n"
    "[zone all]\ndefault = yes\ncost = 0\n"
    "[payment]\nmethods = card\n"
    "[database]\nname = x\nuser = x\npassword_file = xx.password\n"
    "[sms]\ncommand = /bin/true\n";

static struct scratch	scratch;

static void
init(void)
{
	scratch_init(&scratch);
	scratch_mkdir(&scratch, "markets.d");
	scratch_write(&scratch, "markets.d/xx.conf", market);
	scratch_write(&scratch, "xx.password", "tiger\n");
	scratch_mkdir(&scratch, "texts");
	scratch_write(&scratch, "texts/login_code.xx.txt",
	    "{code} {minutes}\n");
	scratch_write(&scratch, "jwt.key", KEY);
}

static void
fini(void)
{
	scratch_free(&scratch);
}

static struct settings *
load(const char *text)
{
	return settings_load(scratch_write(&scratch, "o.conf", text), false,
	    scratch.arena, &scratch.errors);
}

Test(settings, the_shipped_file_loads_and_shows_the_defaults, .init = init,
    .fini = fini)
{
	struct settings	*shipped, *least;
	struct buf	 a, b;

	shipped = settings_load(TOP_SRCDIR "/etc/ordermux.conf", true,
	    scratch.arena, &scratch.errors);
	scratch_expect_none(&scratch, "etc/ordermux.conf");
	cr_assert_not_null(shipped);
	cr_expect_str_eq(shipped->markets->default_market->name, "kg");
	cr_expect_eq(shipped->key_count, 1);
	cr_expect_null(shipped->keys[0].secret.bytes);
	least = settings_load(scratch_write(&scratch, "o.conf",
	    "[markets]\ndefault = kg\ndirectory = " TOP_SRCDIR
	    "/etc/markets.d\n[texts]\ndirectory = " TOP_SRCDIR
	    "/etc/texts\n"), true, scratch.arena, &scratch.errors);
	scratch_expect_none(&scratch, "least");
	least->path = shipped->path;
	buf_init(&a, scratch.arena, 16);
	settings_print(shipped, &a);
	buf_init(&b, scratch.arena, 16);
	settings_print(least, &b);
	cr_expect_str_eq(buf_text(&a), buf_text(&b));
}

Test(settings, the_least_that_a_file_needs_is_the_default_market, .init = init,
    .fini = fini)
{
	struct settings	*c;

	c = load("[markets]\ndefault = xx\n");
	scratch_expect_none(&scratch, "least");
	cr_expect_str_eq(c->dir, scratch.dir);
	cr_expect_str_eq(c->listen, "/run/ordermux/fcgi.sock");
	cr_expect_eq(c->workers, 0);
	cr_expect_eq(c->log_level, LOG_LEVEL_INFO);
	cr_expect_eq(c->stop_timeout, 30000);
	cr_expect_eq(c->body_limit, 65536);
	cr_expect_eq(c->request_deadline, 8000);
	cr_expect_null(c->cors_origins[0]);
	cr_expect_eq(c->key_count, 1);
	cr_expect_str_eq(c->keys[0].kid, "main");
	cr_expect_eq(c->keys[0].secret.len, 32);
	cr_expect_eq(c->token_lifetime, 1800000);
	cr_expect_eq(c->token_leeway, 0);
	cr_expect_not(c->market_claim_required);
	cr_expect_eq(c->connect_timeout, 2000);
	cr_expect_eq(c->query_timeout, 5000);
	cr_expect_eq(c->duplicate_window, 10000);
	cr_expect_eq(c->orders_per_hour, 60);
	cr_expect_eq(c->markets->count, 1);
}

Test(settings, every_value_of_the_file_is_taken, .init = init, .fini = fini)
{
	struct settings	*c;

	scratch_write(&scratch, "new.key", KEY "\n");
	c = load("[daemon]\nlisten = /tmp/s\nworkers = 3\n"
	    "log_level = Debug\nstop_timeout = 5\n"
	    "[http]\nbody_limit = 1M\nrequest_deadline = 2500ms\n"
	    "cors_origins = https://shop.example, http://localhost:3000,"
	    "http://[::1]:80\n"
	    "[token]\nkeys = n.2-_:new.key, main:jwt.key\nlifetime = 1h\n"
	    "leeway = 10s\n"
	    "[markets]\ndirectory = markets.d\ndefault = xx\n"
	    "claim_required = yes\n"
	    "[database]\nconnect_timeout = 1s\nquery_timeout = 2s\n"
	    "[orders]\nduplicate_window = 0\nper_hour = 7\n");
	scratch_expect_none(&scratch, "all");
	cr_expect_str_eq(c->listen, "/tmp/s");
	cr_expect_eq(c->workers, 3);
	cr_expect_eq(c->log_level, LOG_LEVEL_DEBUG);
	cr_expect_eq(c->stop_timeout, 5000);
	cr_expect_eq(c->body_limit, 1048576);
	cr_expect_eq(c->request_deadline, 2500);
	cr_expect_str_eq(c->cors_origins[2], "http://[::1]:80");
	cr_expect_eq(c->key_count, 2);
	cr_expect_str_eq(c->keys[0].kid, "n.2-_");
	cr_expect_eq(c->keys[0].secret.len, 33, "a newline is of the key");
	cr_expect_eq(c->token_lifetime, 3600000);
	cr_expect(c->market_claim_required);
	cr_expect_eq(c->duplicate_window, 0);
	cr_expect_eq(c->orders_per_hour, 7);
}

Test(settings, every_bad_value_is_named, .init = init, .fini = fini)
{
#define MARKETS	 "[markets]\ndefault = xx\n"
#define DAEMON	 MARKETS "[daemon]\n"
#define HTTP	 MARKETS "[http]\n"
#define TOKEN	 MARKETS "[token]\n"
#define DATABASE MARKETS "[database]\n"
#define LEVELS	 "expected error, warning, notice, info or debug"
#define ORIGINS	 "o.conf:4: [http] cors_origins: expected a list of " \
    "scheme://host[:port] in lower case with no path, or *"
#define KID	 "o.conf:4: [token] keys: expected a kid of 1 to 64 " \
    "letters, digits, '.', '_' and '-', in part 1 of the list"
	static const struct {
		const char	*text;
		const char	*error;
	} cases[] = {
		{ "", "o.conf: [markets] default: is missing, expected a "
		    "text that is not empty" },
		{ "[markets]\ndefault = fr\n", "markets.d: there is no "
		    "fr.conf, but [markets] default = fr" },
		{ DAEMON "listen = fcgi.sock", "o.conf:4: [daemon] listen: "
		    "expected a path that begins with '/'" },
		{ DAEMON "workers = 0", "o.conf:4: [daemon] workers: "
		    "expected auto or a number from 1 to 256" },
		{ DAEMON "workers = 257", "o.conf:4: [daemon] workers: "
		    "expected auto or a number from 1 to 256" },
		{ DAEMON "log_level = loud", "o.conf:4: [daemon] log_level: "
		    LEVELS },
		{ DAEMON "log_level = 7", "o.conf:4: [daemon] log_level: "
		    LEVELS },
		{ DAEMON "stop_timeout = 0", "o.conf:4: [daemon] "
		    "stop_timeout: expected a time from 1s to 10m" },
		{ DAEMON "stop_timeout = 11m", "o.conf:4: [daemon] "
		    "stop_timeout: expected a time from 1s to 10m" },
		{ HTTP "body_limit = 1023", "o.conf:4: [http] body_limit: "
		    "expected a size from 1k to 16M" },
		{ HTTP "body_limit = 17M", "o.conf:4: [http] body_limit: "
		    "expected a size from 1k to 16M" },
		{ HTTP "request_deadline = 0", "o.conf:4: [http] "
		    "request_deadline: expected a time from 1s to 5m" },
		{ HTTP "cors_origins = shop.example", ORIGINS },
		{ HTTP "cors_origins = https://shop.example/", ORIGINS },
		{ HTTP "cors_origins = https://Shop.example", ORIGINS },
		{ HTTP "cors_origins = https://", ORIGINS },
		{ HTTP "cors_origins = ://shop.example", ORIGINS },
		{ HTTP "cors_origins = https://shop.example:0", ORIGINS },
		{ HTTP "cors_origins = https://shop.example:65536", ORIGINS },
		{ HTTP "cors_origins = https://shop.example:", ORIGINS },
		{ HTTP "cors_origins = https://shop.example:-1", ORIGINS },
		{ HTTP "cors_origins = https://a@b", ORIGINS },
		{ HTTP "cors_origins = https://*.example", ORIGINS },
		{ HTTP "cors_origins = http://[::1", ORIGINS },
		{ HTTP "cors_origins = null", ORIGINS },
		{ HTTP "cors_origins = https://a b", ORIGINS },
		{ TOKEN "keys =", "o.conf:4: [token] keys: expected at least "
		    "one kid:file" },
		{ TOKEN "keys = jwt.key", "o.conf:4: [token] keys: expected "
		    "kid:file, in part 1 of the list" },
		{ TOKEN "keys = a:jwt.key, b:", "o.conf:4: [token] keys: "
		    "expected kid:file, in part 2 of the list" },
		{ TOKEN "keys = :jwt.key", KID },
		{ TOKEN "keys = a b:jwt.key", KID },
		{ TOKEN "keys = \"a\":jwt.key", KID },
		{ TOKEN "keys = a:jwt.key, a:jwt.key", "o.conf:4: [token] "
		    "keys: expected every kid only once, in part 2 of the "
		    "list" },
		{ TOKEN "keys = 1:jwt.key, 2:jwt.key, 3:jwt.key, 4:jwt.key, "
		    "5:jwt.key, 6:jwt.key, 7:jwt.key, 8:jwt.key, 9:jwt.key",
		    "o.conf:4: [token] keys: expected at most 8 keys" },
		{ TOKEN "lifetime = 0", "o.conf:4: [token] lifetime: "
		    "expected a time from 1s to 31d" },
		{ TOKEN "leeway = 301s", "o.conf:4: [token] leeway: expected "
		    "a time from 0s to 5m" },
		{ DATABASE "connect_timeout = 999ms", "o.conf:4: [database] "
		    "connect_timeout: expected a time from 1s to 1m" },
		{ DATABASE "query_timeout = 0", "o.conf:4: [database] "
		    "query_timeout: expected a time from 1s to 5m" },
		{ DATABASE "query_timeout = 8s", "o.conf:4: [database] "
		    "query_timeout: expected less than [http] "
		    "request_deadline" },
		{ DAEMON "stop_timeout = 7999ms", "o.conf:4: [daemon] "
		    "stop_timeout: expected at least [http] "
		    "request_deadline" },
		{ HTTP "request_deadline = 31s", "o.conf: [daemon] "
		    "stop_timeout: expected at least [http] "
		    "request_deadline" },
		{ MARKETS "[orders]\nduplicate_window = 2d", "o.conf:4: "
		    "[orders] duplicate_window: expected a time from 0s to 1d" },
		{ MARKETS "[orders]\nper_hour = 10001", "o.conf:4: [orders] "
		    "per_hour: expected a number from 0 to 10000" },
		{ MARKETS "claim_required = perhaps", "o.conf:3: [markets] "
		    "claim_required: expected yes or no" },
		{ MARKETS "directory = none", "none: cannot read: No such "
		    "file or directory" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		scratch_again(&scratch);
		cr_expect_null(load(cases[i].text), "%s", cases[i].text);
		scratch_expect(&scratch, cases[i].text, cases[i].error);
	}
}

Test(settings, a_bound_is_allowed_and_nothing_beyond_it, .init = init,
    .fini = fini)
{
	static const struct {
		const char	*section;
		const char	*name;
		const char	*min;
		const char	*max;
		const char	*below;		/* NULL: min is 0 */
		const char	*above;
		const char	*expected;
	} cases[] = {
		{ "daemon", "workers", "1", "256", "0", "257",
		    "auto or a number from 1 to 256" },
		{ "daemon", "stop_timeout", "1s", "10m", "999ms", "600001ms",
		    "a time from 1s to 10m" },
		{ "http", "body_limit", "1k", "16M", "1023", "16777217",
		    "a size from 1k to 16M" },
		{ "http", "request_deadline", "1s", "5m", "999ms", "300001ms",
		    "a time from 1s to 5m" },
		{ "token", "lifetime", "1s", "31d", "999ms", "2678400001ms",
		    "a time from 1s to 31d" },
		{ "token", "leeway", "0s", "5m", NULL, "300001ms",
		    "a time from 0s to 5m" },
		{ "database", "connect_timeout", "1s", "1m", "999ms",
		    "60001ms", "a time from 1s to 1m" },
		{ "database", "query_timeout", "1s", "5m", "999ms",
		    "300001ms", "a time from 1s to 5m" },
		{ "database", "crowd_after", "0s", "1m", NULL, "60001ms",
		    "a time from 0s to 1m" },
		{ "orders", "duplicate_window", "0s", "1d", NULL,
		    "86400001ms", "a time from 0s to 1d" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const	values[] = { cases[i].min,
		    cases[i].max, cases[i].above, cases[i].below };

		for (size_t j = 0; j < COUNT(values); j++) {
			char	*text, *error;

			if (values[j] == NULL)
				continue;
			scratch_again(&scratch);
			text = arena_printf(scratch.arena,
			    MARKETS "[%s]\n%s = %s\n", cases[i].section,
			    cases[i].name, values[j]);
			error = arena_printf(scratch.arena, "o.conf:4: [%s] "
			    "%s: expected %s", cases[i].section,
			    cases[i].name, cases[i].expected);
			load(text);
			if (j >= 2)
				scratch_expect(&scratch, text, error);
			else if (scratch.errors.count > 0)
				/* Only that two times are in no order. */
				cr_expect_not_null(strstr(
				    scratch.errors.text[0],
				    "[http] request_deadline"), "%s", text);
		}
	}
}

Test(settings, a_time_out_of_bounds_is_not_compared_with_another,
    .init = init, .fini = fini)
{
	cr_expect_null(load(HTTP "request_deadline = 1m\n"
	    "[daemon]\nstop_timeout = 11m\n"));
	scratch_expect(&scratch, "one error", "o.conf:6: [daemon] "
	    "stop_timeout: expected a time from 1s to 10m");
}

Test(settings, a_stop_lasts_as_long_as_a_request_may, .init = init,
    .fini = fini)
{
	cr_expect_not_null(load(DAEMON "stop_timeout = 8s\n"));
	scratch_expect_none(&scratch, "the same");
}

Test(settings, the_keys_are_handed_on_in_their_order, .init = init,
    .fini = fini)
{
	struct token_key	 keys[SETTINGS_KEY_MAX];
	struct settings		*c;

	scratch_write(&scratch, "new.key", KEY "+");
	c = load(TOKEN "keys = new:new.key, main:jwt.key\n");
	scratch_expect_none(&scratch, "two keys");
	cr_assert_eq(settings_token_keys(c, keys), 2);
	cr_expect_str_eq(keys[0].kid, "new");
	cr_expect_eq(keys[0].len, 33);
	cr_expect_eq(memcmp(keys[0].bytes, KEY "+", 33), 0);
	cr_expect_str_eq(keys[1].kid, "main");
	cr_expect_eq(keys[1].len, 32);
}

Test(settings, a_key_must_be_there_and_long_enough, .init = init, .fini = fini)
{
#define MAKE	"openssl rand -hex 32 | tr -d '\\n' >"
	static const struct {
		size_t		 len;
		const char	*wrong;		/* ends with '>': the path */
	} cases[] = {
		{ 0, "is empty" },
		{ 1, "has 1 bytes, expected at least 32: " MAKE },
		{ 31, "has 31 bytes, expected at least 32: " MAKE },
		{ 32, NULL },
		{ 4096, NULL },
		{ 4097, "is longer than 4096 bytes" },
	};
	static char	bytes[4097];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < COUNT(cases); i++) {
		scratch_again(&scratch);
		scratch_write_bytes(&scratch, "jwt.key", bytes, cases[i].len);
		load(MARKETS);
		if (cases[i].wrong == NULL)
			scratch_expect_none(&scratch, "key");
		else
			scratch_expect(&scratch, "key",
			    arena_printf(scratch.arena, "o.conf: [token] "
			    "keys: key \"main\": %s/jwt.key %s%s", scratch.dir,
			    cases[i].wrong, strchr(cases[i].wrong, '>') ?
			    arena_printf(scratch.arena, "%s/jwt.key",
			    scratch.dir) : ""));
	}
}

Test(settings, a_key_that_can_be_guessed_is_refused, .init = init,
    .fini = fini)
{
	char	bytes[64];

	for (size_t n = 1; n <= 8; n++) {
		scratch_again(&scratch);
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(i % n);
		scratch_write_bytes(&scratch, "jwt.key", bytes, sizeof(bytes));
		load(MARKETS);
		if (n == 8)
			scratch_expect_none(&scratch, "8 bytes");
		else
			scratch_expect(&scratch, "key", arena_printf(
			    scratch.arena, "o.conf: [token] keys: key "
			    "\"main\": %s/jwt.key can be guessed, expected at "
			    "least 8 different bytes: " MAKE "%s/jwt.key",
			    scratch.dir, scratch.dir));
	}
#undef MAKE
}

/* The one warning there must be has this text in it; or none if NULL. */
static void
expect_warning(const char *text)
{
	const struct ini_notes	*w = &scratch.errors.warnings;

	for (size_t i = 0; i < w->count; i++)
		cr_log_info("\"%s\"", w->text[i]);
	cr_assert_eq(w->count, text != NULL ? 1 : 0, "%s", text);
	if (text != NULL)
		cr_assert_not_null(strstr(w->text[0], text), "%s, not %s",
		    w->text[0], text);
}

/* Loads the least configuration. */
static void
load_again(bool strict)
{
	scratch_again(&scratch);
	scratch.errors.strict = strict;
	load(MARKETS);
}

Test(settings, white_space_at_the_ends_of_a_secret_is_told, .init = init,
    .fini = fini)
{
	static const struct {
		const char	*file, *text, *warning;
	} cases[] = {
		{ "jwt.key", KEY, NULL },
		{ "jwt.key", KEY "\n", "ends with a newline, which is part" },
		{ "jwt.key", KEY "\r\n", "ends with a newline, which is part" },
		{ "jwt.key", KEY " ", "ends with white space, which is part" },
		{ "jwt.key", KEY "\t", "ends with white space, which is part" },
		{ "jwt.key", " " KEY, "begins with white space, which is" },
		{ "jwt.key", "\xef\xbb\xbf" KEY, "begins with a byte order" },
		{ "jwt.key", "\xc3\xa4" KEY " ", "ends with white space" },
		/* Random bytes. */
		{ "jwt.key", "\x80" KEY " ", NULL },
		{ "jwt.key", "\x01" KEY "\n", NULL },
		{ "jwt.key", " " KEY "\x7f", NULL },
		{ "jwt.key", "\xef\xbb\xbf" KEY "\x1f", NULL },
		{ "xx.password", "tiger", NULL },
		{ "xx.password", "tiger\n", NULL },
		{ "xx.password", "tiger\n\n", "ends with a newline, which is" },
		{ "xx.password", "tiger \n", "ends with white space, which" },
	};
	const mode_t	before = umask(077);

	scratch_write(&scratch, "jwt.key", KEY);
	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_assert_eq(chmod(scratch_write(&scratch, "jwt.key", KEY),
		    0600), 0);
		cr_assert_eq(chmod(scratch_write(&scratch, "xx.password",
		    "tiger"), 0600), 0);
		scratch_write(&scratch, cases[i].file, cases[i].text);
		load_again(true);
		scratch_expect_none(&scratch, cases[i].text);
		expect_warning(cases[i].warning);
	}
	umask(before);
}

Test(settings, a_secret_of_everybody_is_told_with_the_cure, .init = init,
    .fini = fini)
{
	static const struct {
		mode_t		 file, directory;
		const char	*flaw, *warning;
	} cases[] = {
		{ 0600, 0700, NULL, NULL },
		{ 0640, 0755, NULL, NULL },
		{ 0660, 0775, NULL, NULL },
		{ 0644, 0755, NULL, "can be read by everybody: chmod 0640" },
		{ 0604, 0755, NULL, "can be read by everybody: chmod 0640" },
		{ 0666, 0755, "can be changed by everybody: make a new", NULL },
		{ 0602, 0755, "can be changed by everybody: make a new", NULL },
		{ 0640, 0777, "can be replaced by everybody: chmod o-w", NULL },
		{ 0640, 01777, "can be replaced by everybody: chmod o-w",
		    NULL },
	};
	char	secret[300], other[300];

	snprintf(other, sizeof(other), "%s/xx.password", scratch.dir);
	scratch_mkdir(&scratch, "keys");
	snprintf(secret, sizeof(secret), "%s", scratch_write(&scratch,
	    "keys/jwt.key", KEY));
	cr_assert_eq(chmod(other, 0600), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*conf = MARKETS "[token]\nkeys = "
		    "main:keys/jwt.key\n";

		cr_assert_eq(chmod(secret, cases[i].file), 0);
		cr_assert_eq(chmod(arena_printf(scratch.arena, "%s/keys",
		    scratch.dir), cases[i].directory), 0);
		/* A start says it, and goes on. */
		scratch_again(&scratch);
		cr_assert_not_null(load(conf));
		expect_warning(cases[i].flaw != NULL ? cases[i].flaw :
		    cases[i].warning);
		scratch_again(&scratch);
		scratch.errors.strict = true;
		load(conf);
		expect_warning(cases[i].warning);
		cr_assert_eq(scratch.errors.count, cases[i].flaw ? 1 : 0);
		if (cases[i].flaw != NULL)
			cr_expect_not_null(strstr(scratch.errors.text[0],
			    cases[i].flaw), "%s", scratch.errors.text[0]);
	}
	cr_assert_eq(chmod(arena_printf(scratch.arena, "%s/keys",
	    scratch.dir), 0700), 0);
}

Test(settings, a_key_of_nul_bytes_is_not_cut, .init = init, .fini = fini)
{
	static const char	zeros[40] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct settings		*c;

	scratch_write_bytes(&scratch, "jwt.key", zeros, sizeof(zeros));
	c = load(MARKETS);
	scratch_expect_none(&scratch, "zeros");
	cr_expect_eq(c->keys[0].secret.len, 40);
}

Test(settings, no_secret_is_read_without_secrets, .init = init, .fini = fini)
{
	struct settings	*c;

	cr_assert_eq(unlink(scratch.path), 0);	/* jwt.key */
	c = settings_load(scratch_write(&scratch, "o.conf", MARKETS), true,
	    scratch.arena, &scratch.errors);
	scratch_expect_none(&scratch, "without");
	cr_expect_eq(c->key_count, 1);
	cr_expect_null(c->keys[0].secret.bytes);
	cr_expect_null(c->markets->markets[0].database.password.bytes);
}

Test(settings, the_errors_of_all_files_come_at_once, .init = init, .fini = fini)
{
	scratch_write(&scratch, "markets.d/xx.conf",
	    scratch_replace(&scratch, market, "0%", "x"));
	scratch_write(&scratch, "jwt.key", "short");
	cr_expect_null(load("[daemon]\nworkers = x\n" MARKETS
	    "[database]\nquery_timeout = 0\n"));
	cr_expect_eq(scratch.errors.count, 4);
}

Test(settings, every_language_of_a_market_needs_its_texts, .init = init,
    .fini = fini)
{
	scratch_write(&scratch, "markets.d/xx.conf",
	    scratch_replace(&scratch, market, "= xx", "= yy"));
	cr_expect_null(load(MARKETS));
	scratch_expect(&scratch, "yy", "texts/login_code.yy.txt: cannot read: "
	    "No such file or directory (a market has language = yy)");
	scratch_again(&scratch);
	scratch_mkdir(&scratch, "other");
	scratch_write(&scratch, "other/login_code.yy.txt", "{code}");
	cr_expect_not_null(load(MARKETS "[texts]\ndirectory = other\n"));
	scratch_expect_none(&scratch, "another directory");
}

Test(settings, a_relative_path_is_made_absolute, .init = init, .fini = fini)
{
	struct settings	*c;
	char		 cwd[256];

	scratch_write(&scratch, "o.conf", MARKETS);
	cr_assert_eq(chdir(scratch.dir), 0);
	cr_assert_not_null(getcwd(cwd, sizeof(cwd)));
	c = settings_load("o.conf", false, scratch.arena, &scratch.errors);
	scratch_expect_none(&scratch, "relative");
	cr_expect_str_eq(c->dir, cwd);
	cr_expect_eq(*c->path, '/');
	cr_expect_eq(*c->markets_dir, '/');
	cr_expect_eq(chdir("/"), 0);
}

Test(settings, what_is_printed_can_be_read_again_and_holds_no_secret,
    .init = init, .fini = fini)
{
	struct settings	*c;
	struct buf	 out;
	char		*first;

	c = load(MARKETS "[http]\ncors_origins = *\n[daemon]\nworkers = 4\n");
	scratch_expect_none(&scratch, "first");
	buf_init(&out, scratch.arena, 16);
	settings_print(c, &out);
	first = strdup(buf_text(&out));
	cr_expect_null(strstr(first, KEY));
	cr_expect_null(strstr(first, "tiger"));
	cr_expect_not_null(strstr(first, "workers = 4\n"));
	cr_expect_not_null(strstr(first, "/markets.d/xx.conf\n"));
	/* The first part is ordermux.conf, the rest is the market's. */
	*strstr(first, "\n# ") = '\0';
	scratch_again(&scratch);
	c = load(first);
	scratch_expect_none(&scratch, "again");
	buf_init(&out, scratch.arena, 16);
	settings_print(c, &out);
	cr_expect_eq(strncmp(buf_text(&out), first, strlen(first)), 0);
	free(first);
}
