/*
 * test_market_file.c: market files, good and bad; dates. Here and in the other
 * tests markets may be named; a third one comes from a file.
 */
#include "scratch.h"

#include <time.h>

#include "base/buf.h"
#include "config/market_dir.h"
#include "config/market_file.h"
#include "market/market.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A good file with everything in it, to be spoiled line by line. */
static const char	good[] =
    "[market]\ncountry = Kazakhstan\nlanguage = kk\n"
    "time_zone = Asia/Almaty\n"
    "[currency]\ncode = KZT\nsymbol = ₸\ndigits = 2\n"
    "[phone]\nprefix = +77\npattern = ^\\+77[0-9]{9}$\n"
    "format = +77 XX XXX XX XX\n"
    "[tax]\nrate = 12.125%\nincluded = yes\n"
    "[zone Қазақстан]\ndefault = yes\ncities = Алматы, Астана\n"
    "cost = 1500\nfree_from = 20000.50\n"
    "[zone Шымкент]\ncost = 0.99\n"
    "[payment]\nmethods = card, kaspi\naliases = gold:kaspi\n"
    "[database]\nhost = db.example\nport = 3307\nname = shop_kz\n"
    "user = kz\npassword_file = kz.password\n"
    "[sms]\ncommand = /bin/true\n";

static struct scratch	scratch;

static void
init(void)
{
	scratch_init(&scratch);
	scratch_mkdir(&scratch, "markets.d");
	scratch_write(&scratch, "kz.password", "tiger\n");
}

static void
fini(void)
{
	scratch_free(&scratch);
}

static struct market_registry *
load(const char *default_name, bool without_secrets)
{
	char			 dir[300];
	struct market_registry	*r;

	snprintf(dir, sizeof(dir), "%s/markets.d", scratch.dir);
	r = market_load(dir, default_name, scratch.dir, without_secrets,
	    scratch.arena, &scratch.errors);
	return scratch.errors.count == 0 && r->default_market != NULL ? r :
	    NULL;
}

Test(market_file, the_shipped_markets_load_and_are_what_they_were, .init = init,
    .fini = fini)
{
	struct market_registry	*r;
	const struct market	*kg, *us;

	r = market_load(TOP_SRCDIR "/etc/markets.d", "kg", TOP_SRCDIR "/etc",
	    true, scratch.arena, &scratch.errors);
	scratch_expect_none(&scratch, "etc/markets.d");
	cr_assert_eq(r->count, 2);
	kg = market_find(r, "kg");
	us = market_find(r, "us");
	cr_expect_eq(r->default_market, kg);
	cr_expect(kg->index == 0 && us->index == 1);
	cr_expect_str_eq(kg->currency.symbol, "сом");
	cr_expect_eq(kg->tax.rate, 120000);
	cr_expect(kg->tax.included && !us->tax.included);
	cr_expect_str_eq(kg->phone.example, "+996XXXXXXXXX");
	cr_expect_str_eq(us->phone.example, "+1XXXXXXXXXX");
	cr_expect_eq(kg->default_zone->free_from, 500000);
	cr_expect_eq(us->zone_count, 4);
	cr_expect_str_eq(us->default_zone->name, "Continental US");
	cr_expect_eq(us->default_zone->cost, 999);
	cr_expect_eq(us->zones[1].free_from, -1);
	cr_expect_eq(kg->payment_count, 4);
	cr_expect_str_eq(kg->database.name, "ordermux_kg");
	cr_expect_eq(kg->database.host_count, 1);
	cr_expect_str_eq(kg->database.hosts[0].name, "localhost");
	cr_expect_str_eq(kg->database.socket, "");
	cr_expect_null(market_find(r, "KG"));
	cr_expect_null(market_find(r, ""));
	cr_expect_null(market_find(r, "fr"));
}

Test(market_file, a_third_market_is_one_more_file, .init = init, .fini = fini)
{
	struct market_registry	*r;
	const struct market	*kz;

	scratch_write(&scratch, "markets.d/kz.conf", good);
	scratch_write(&scratch, "markets.d/.kz.conf", "junk");
	scratch_write(&scratch, "markets.d/kz.conf~", "junk");
	scratch_write(&scratch, "markets.d/README", "junk");
	r = load("kz", false);
	scratch_expect_none(&scratch, "kz");
	cr_assert_eq(r->count, 1);
	kz = r->default_market;
	cr_expect_str_eq(kz->name, "kz");
	cr_expect_eq(kz->tax.rate, 121250);
	cr_expect_eq(kz->default_zone->cost, 150000);
	cr_expect_eq(kz->default_zone->free_from, 2000050);
	cr_expect_str_eq(pricing_zone(kz, &(struct place){ .city =
	    "ШЫМКЕНТ" })->name, "Шымкент");
	cr_expect_str_eq(pricing_zone(kz, &(struct place){ .city =
	    "алматы" })->name, "Қазақстан");
	cr_expect_str_eq(pricing_payment(kz, "Gold"), "kaspi");
	cr_expect(phone_valid(kz, "+77012345678"));
	cr_expect_eq(kz->database.password.len, 5);
	cr_expect_str_eq((const char *)kz->database.password.bytes, "tiger");
}

Test(market_file, every_bad_line_is_named, .init = init, .fini = fini)
{
	static const struct {
		const char	*old;
		const char	*new;
		const char	*error;		/* behind "kz.conf" */
	} cases[] = {
		{ "country = Kazakhstan", "", ": [market] country: is "
		    "missing, expected a text that is not empty" },
		{ "kk", "Kazakh", ":3: [market] language: expected a "
		    "language tag, such as en or pt-BR" },
		{ "language = kk", "", ": [market] language: is missing, "
		    "expected a language tag, such as en or pt-BR" },
		{ "language = kk", "languages = kk, Kazakh", ":3: [market] "
		    "languages: expected a list of language tags, such as "
		    "ru, ky" },
		{ "Asia/Almaty", "Asia/Atlantis", ":4: [market] time_zone: "
		    "expected a time zone of the tz database, such as "
		    "Europe/Paris" },
		{ "Asia/Almaty", "../zoneinfo/UTC", ":4: [market] time_zone: "
		    "expected a time zone of the tz database, such as "
		    "Europe/Paris" },
		{ "Asia/Almaty", "Asia", ":4: [market] time_zone: "
		    "expected a time zone of the tz database, such as "
		    "Europe/Paris" },
		{ "KZT", "kzt", ":6: [currency] code: expected a code of "
		    "three capital letters (ISO 4217)" },
		{ "digits = 2", "digits = 5", ":8: [currency] digits: "
		    "expected a number from 0 to 4" },
		{ "+77\n", "77\n", ":10: [phone] prefix: expected '+' and 1 "
		    "to 7 digits" },
		{ "^\\+77[0-9]{9}$", "^\\+77([0-9]{9}$", ":11: [phone] "
		    "pattern: expected a POSIX extended regular expression: "
		    "Unmatched ( or \\(" },
		{ "+77\n", "+77, +7x\n", ":10: [phone] prefix: expected '+' "
		    "and 1 to 7 digits" },
		{ "+77\n", "+77\ninternational = 00, +\n", ":11: [phone] "
		    "international: expected a list of 1 to 5 digits each, "
		    "such as 00, 011" },
		{ "+77\n", "+77, +996\n", ":12: [phone] "
		    "format: expected the prefix, then an X for every "
		    "further digit, in less than 64 bytes" },
		{ "+77 XX XXX XX XX", "+1 XX XXX XX XX", ":12: [phone] "
		    "format: expected the prefix, then an X for every "
		    "further digit, in less than 64 bytes" },
		{ "+77 XX XXX XX XX", "+77", ":12: [phone] "
		    "format: expected the prefix, then an X for every "
		    "further digit, in less than 64 bytes" },
		{ "+77 XX XXX XX XX", "X", ":12: [phone] "
		    "format: expected the prefix, then an X for every "
		    "further digit, in less than 64 bytes" },
		{ "+77 XX XXX XX XX", "+77 XX 0XX", ":12: [phone] "
		    "format: expected the prefix, then an X for every "
		    "further digit, in less than 64 bytes" },
		{ "12.125%", "12.125", ":14: [tax] rate: expected 0% to 100% "
		    "with at most 4 digits after the point" },
		{ "12.125%", "100.0001%", ":14: [tax] rate: expected 0% to "
		    "100% with at most 4 digits after the point" },
		{ "12.125%", "1.00001%", ":14: [tax] rate: expected 0% to "
		    "100% with at most 4 digits after the point" },
		{ "12.125%", "-1%", ":14: [tax] rate: expected 0% to 100% "
		    "with at most 4 digits after the point" },
		{ "included = yes", "", ": [tax] included: is missing, "
		    "expected yes or no" },
		{ "default = yes", "", ": [zone]: expected one with default "
		    "= yes" },
		{ "[zone Шымкент]", "[zone Шымкент]\ndefault = yes",
		    ":22: [zone Шымкент] default: \"Қазақстан\" is the "
		    "default zone already" },
		{ "[zone Шымкент]", "[zone Шымкент]\ncities = АСТАНА",
		    ":22: [zone Шымкент] cities: \"АСТАНА\" is in the zone "
		    "\"Қазақстан\" too" },
		{ "[zone Шымкент]", "[zone Шымкент]\ncities = А-с-тана.",
		    ":22: [zone Шымкент] cities: \"А-с-тана.\" is in the "
		    "zone \"Қазақстан\" too" },
		{ "[zone Шымкент]", "[zone Шымкент]\ncities = -",
		    ":22: [zone Шымкент] cities: expected names with a letter "
		    "or digit, of less than 512 bytes" },
		{ "[zone Шымкент]", "postcodes = 01, 02\n[zone Шымкент]\n"
		    "postcodes = 0 1", ":23: [zone Шымкент] postcodes: "
		    "\"0 1\" is in the zone \"Қазақстан\" too" },
		{ "[zone Шымкент]", "states = AL\n[zone Шымкент]\n"
		    "states = al", ":23: [zone Шымкент] states: "
		    "\"al\" is in the zone \"Қазақстан\" too" },
		{ "[zone Шымкент]", "when_unsure = yes\n[zone Шымкент]\n"
		    "when_unsure = yes", ":23: [zone Шымкент] when_unsure: "
		    "\"Қазақстан\" is the zone when_unsure already" },
		{ "[zone Шымкент]", "[zone АЛМАТЫ]", ": [zone АЛМАТЫ] "
		    "cities: \"АЛМАТЫ\" is in the zone \"Қазақстан\" too" },
		{ "cost = 1500", "cost = 1500.001", ":19: [zone Қазақстан] "
		    "cost: expected an amount >= 0 with at most 2 digits "
		    "after the point" },
		{ "cost = 1500", "cost = -1", ":19: [zone Қазақстан] "
		    "cost: expected an amount >= 0 with at most 2 digits "
		    "after the point" },
		{ "cost = 1500", "", ": [zone Қазақстан] cost: is missing, "
		    "expected a text that is not empty" },
		{ "20000.50", "99999999999999999999", ":20: [zone Қазақстан] "
		    "free_from: expected an amount >= 0 with at most 2 "
		    "digits after the point" },
		{ "card, kaspi\naliases = gold:kaspi", "",
		    ":24: [payment] methods: expected at "
		    "least one" },
		{ "card, kaspi", "Card, kaspi", ":24: [payment] methods: "
		    "expected names of 1 to 32 small letters, digits and "
		    "'_', not \"Card\"" },
		{ "card, kaspi", "kaspi, kaspi", ":24: [payment] methods: "
		    "expected every name only once, not \"kaspi\"" },
		{ "gold:kaspi", "gold", ":25: [payment] aliases: expected "
		    "alias:method, not \"gold\"" },
		{ "gold:kaspi", "gold:cash", ":25: [payment] aliases: "
		    "expected one of the methods after the ':', not "
		    "\"gold:cash\"" },
		{ "gold:kaspi", "card:kaspi", ":25: [payment] aliases: "
		    "expected every name only once, not \"card:kaspi\"" },
		{ "gold:kaspi", ":kaspi", ":25: [payment] aliases: expected "
		    "names of 1 to 32 small letters, digits and '_', not "
		    "\":kaspi\"" },
		{ "[tax]", "[login]\ncode_lifetime = 0s\n[tax]", ":14: "
		    "[login] code_lifetime: expected a time from 1m to 1d" },
		{ "[tax]", "[login]\ncode_lifetime = 59999ms\n[tax]", ":14: "
		    "[login] code_lifetime: expected a time from 1m to 1d" },
		{ "[tax]", "[login]\ncode_lifetime = 25h\n[tax]", ":14: "
		    "[login] code_lifetime: expected a time from 1m to 1d" },
		{ "[tax]", "[login]\nper_day = 0\n[tax]", ":14: [login] "
		    "per_day: expected a number from 1 to 1000000000" },
		{ "[tax]", "[sms]\ntimeout = 999ms\n[tax]", ":14: [sms] "
		    "timeout: expected a time from 1s to 5m" },
		{ "[tax]", "[sms]\ntimeout = 1d\n[tax]", ":14: [sms] "
		    "timeout: expected a time from 1s to 5m" },
		{ "3307", "0", ":28: [database] port: expected a number from "
		    "1 to 65535" },
		{ "3307", "65536", ":28: [database] port: expected a number "
		    "from 1 to 65535" },
		{ "port = 3307", "socket = run/db.sock", ":28: [database] "
		    "socket: expected a path that begins with '/', or "
		    "nothing" },
		{ "name = shop_kz", "", ": [database] name: is missing, "
		    "expected a text that is not empty" },
		{ "[payment]", "[payments]", ":23: [payments]: unknown "
		    "section" },
	};
	char	*expected;

	for (size_t i = 0; i < COUNT(cases); i++) {

		scratch_again(&scratch);
		scratch_write(&scratch, "markets.d/kz.conf",
		    scratch_replace(&scratch, good, cases[i].old,
		    cases[i].new));
		cr_expect_null(load("kz", false));
		expected = arena_printf(scratch.arena, "markets.d/kz.conf%s",
		    cases[i].error);
		/* A renamed section's options are missing, too. */
		if (strcmp(cases[i].old, "[payment]") == 0)
			scratch.errors.count = 1;
		scratch_expect(&scratch, cases[i].new, expected);
	}
}

Test(market_file, a_bound_is_allowed_and_nothing_beyond_it, .init = init,
    .fini = fini)
{
	static const struct {
		const char	*section;
		const char	*name;
		const char	*min;
		const char	*max;
		const char	*below;
		const char	*above;
		const char	*expected;
	} cases[] = {
		{ "currency", "digits", "0", "4", "-1", "5",
		    "a number from 0 to 4" },
		{ "login", "code_lifetime", "1m", "1d", "59999ms",
		    "86400001ms", "a time from 1m to 1d" },
		{ "login", "per_phone", "1", "1000000000", "0", "1000000001",
		    "a number from 1 to 1000000000" },
		{ "login", "per_address", "1", "1000000000", "0",
		    "1000000001", "a number from 1 to 1000000000" },
		{ "login", "per_day", "1", "1000000000", "0", "1000000001",
		    "a number from 1 to 1000000000" },
		{ "sms", "timeout", "1s", "5m", "999ms", "300001ms",
		    "a time from 1s to 5m" },
		{ "database", "port", "1", "65535", "0", "65536",
		    "a number from 1 to 65535" },
	};
	/* A market in which an amount fits any currency. */
	char	*plain = scratch_replace(&scratch, good, "digits = 2\n", "");

	plain = scratch_replace(&scratch, plain, "20000.50", "20000");
	plain = scratch_replace(&scratch, plain, "0.99", "1");
	plain = strdup(scratch_replace(&scratch, plain, "port = 3307\n", ""));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const	values[] = { cases[i].min,
		    cases[i].max, cases[i].below, cases[i].above };

		for (size_t j = 0; j < COUNT(values); j++) {
			char	*line;

			scratch_again(&scratch);
			/* Line 1 and 2, whatever section comes next. */
			line = arena_printf(scratch.arena, "[%s]\n%s = %s\n",
			    cases[i].section, cases[i].name, values[j]);
			scratch_write(&scratch, "markets.d/kz.conf",
			    arena_printf(scratch.arena, "%s%s", line, plain));
			load("kz", true);
			if (j < 2)
				scratch_expect_none(&scratch, line);
			else
				scratch_expect(&scratch, line, arena_printf(
				    scratch.arena, "markets.d/kz.conf:2: "
				    "[%s] %s: expected %s", cases[i].section,
				    cases[i].name, cases[i].expected));
		}
	}
	free(plain);
}

Test(market_file, every_password_must_be_there, .init = init, .fini = fini)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		const char	*wrong;
	} cases[] = {
		{ "", 0, "is empty" },
		{ "\n", 1, "is empty" },
		{ "a\0b", 3, "has a NUL byte in it" },
	};
	char	*expected;

	scratch_write(&scratch, "markets.d/kz.conf", good);
	for (size_t i = 0; i < COUNT(cases); i++) {
		scratch_again(&scratch);
		scratch_write_bytes(&scratch, "kz.password", cases[i].bytes,
		    cases[i].len);
		cr_expect_null(load("kz", false));
		expected = arena_printf(scratch.arena, "markets.d/kz.conf:31: "
		    "[database] password_file: %s/kz.password %s",
		    scratch.dir, cases[i].wrong);
		scratch_expect(&scratch, cases[i].wrong, expected);
	}
	scratch_again(&scratch);
	cr_assert_eq(unlink(scratch.path), 0);
	cr_expect_null(load("kz", false));
	expected = arena_printf(scratch.arena, "markets.d/kz.conf:31: "
	    "[database] password_file: %s/kz.password cannot open: No such "
	    "file or directory", scratch.dir);
	scratch_expect(&scratch, "no file", expected);
	scratch_again(&scratch);
	cr_expect_not_null(load("kz", true));
	scratch_expect_none(&scratch, "without secrets");
}

Test(market_file, a_password_may_be_a_credential, .init = init, .fini = fini)
{
	struct market_registry	*r;
	char			 dir[300];

	scratch_mkdir(&scratch, "credentials");
	scratch_write(&scratch, "credentials/kz.password", "lion\r\n");
	scratch_write(&scratch, "markets.d/kz.conf", good);
	snprintf(dir, sizeof(dir), "%s/credentials", scratch.dir);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	r = load("kz", false);
	scratch_expect_none(&scratch, "credentials");
	cr_expect_str_eq((const char *)r->markets[0].database.password.bytes,
	    "lion");
}

Test(market_file, two_markets_share_neither_prefix_nor_database, .init = init,
    .fini = fini)
{
	static const char	a[] = "markets.d/aa.conf";
	char			*text, *expected;

	scratch_write(&scratch, "markets.d/kz.conf", good);
	text = scratch_replace(&scratch, good, "shop_kz", "shop_aa");
	scratch_write(&scratch, a, text);
	cr_expect_null(load("kz", true));
	expected = arena_printf(scratch.arena, "markets.d/kz.conf:10: [phone] "
	    "prefix: is the prefix of %s/%s too (+77)", scratch.dir, a);
	scratch_expect(&scratch, "prefix", expected);

	scratch_again(&scratch);
	text = scratch_replace(&scratch, good, "= +77\n", "= +7\n");
	text = scratch_replace(&scratch, text, "= +77 XX", "= +7 XXX");
	scratch_write(&scratch, a, text);
	cr_expect_null(load("kz", true));
	expected = arena_printf(scratch.arena, "markets.d/kz.conf:29: "
	    "[database] name: is the database of %s/%s too", scratch.dir, a);
	scratch_expect(&scratch, "database", expected);

	text = scratch_replace(&scratch, text, "3307", "3308");
	scratch_write(&scratch, a, text);
	scratch_again(&scratch);
	cr_expect_not_null(load("kz", true));
	scratch_expect_none(&scratch, "another port");
	/* +7 is a prefix of +77: the longest wins, which is worth a word. */
	cr_assert_eq(scratch.errors.warnings.count, 1);
	cr_expect_not_null(strstr(scratch.errors.warnings.text[0], "kz.conf:10: "
	    "[phone] prefix: +77 and +7 of "), "%s",
	    scratch.errors.warnings.text[0]);
	cr_expect_not_null(strstr(scratch.errors.warnings.text[0], "numbers "
	    "with +77 are of kz"), "%s", scratch.errors.warnings.text[0]);
}

Test(market_file, a_market_may_have_64_prefixes_each_once, .init = init,
    .fini = fini)
{
	struct market_registry	*r;
	char			 list[1024] = "", text[2048];
	size_t			 n = 0;

	for (int i = 0; i < 65; i++) {
		if (i == 64) {
			snprintf(text, sizeof(text), "prefix = %s", list);
			scratch_write(&scratch, "markets.d/kz.conf",
			    scratch_replace(&scratch, good, "prefix = +77",
			    text));
			r = load("kz", true);
			scratch_expect_none(&scratch, "64 prefixes");
			cr_expect_str_eq(phone_market(r, "+77631")->name,
			    "kz");
		}
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s+77%02d",
		    i > 0 ? ", " : "", i);
	}
	scratch_again(&scratch);
	snprintf(text, sizeof(text), "prefix = %s", list);
	scratch_write(&scratch, "markets.d/kz.conf", scratch_replace(&scratch,
	    good, "prefix = +77", text));
	cr_expect_null(load("kz", true));
	scratch_expect(&scratch, "65 prefixes", "markets.d/kz.conf:10: "
	    "[phone] prefix: expected at most 64 prefixes, there are 65");
	scratch_again(&scratch);
	scratch_write(&scratch, "markets.d/kz.conf", scratch_replace(&scratch,
	    good, "prefix = +77", "prefix = +77, +770, +77"));
	cr_expect_null(load("kz", true));
	scratch_expect(&scratch, "twice", "markets.d/kz.conf:10: "
	    "[phone] prefix: has +77 twice");
}

Test(market_file, the_first_of_the_languages_is_the_default, .init = init,
    .fini = fini)
{
	static const struct {
		const char	*lines;
		const char	*languages[3];
	} cases[] = {
		{ "language = kk", { "kk" } },
		{ "languages = kk, ru", { "kk", "ru" } },
		{ "language = ru\nlanguages = kk, ru", { "ru", "kk" } },
		{ "language = ru\nlanguages = kk", { "ru", "kk" } },
		{ "languages = ru, ru, kk", { "ru", "kk" } },
	};
	struct market_registry	*r;
	const struct market	*m;

	for (size_t i = 0; i < COUNT(cases); i++) {
		scratch_again(&scratch);
		scratch_write(&scratch, "markets.d/kz.conf", scratch_replace(
		    &scratch, good, "language = kk", cases[i].lines));
		r = load("kz", true);
		scratch_expect_none(&scratch, cases[i].lines);
		m = r->default_market;
		cr_expect_str_eq(m->language, cases[i].languages[0]);
		for (size_t k = 0; k < 3; k++) {
			if (cases[i].languages[k] == NULL) {
				cr_expect_null(m->languages[k]);
				break;
			}
			cr_expect_str_eq(m->languages[k],
			    cases[i].languages[k]);
		}
	}
}

Test(market_file, a_local_database_is_known_by_its_socket, .init = init,
    .fini = fini)
{
	static const struct {
		const char	*kz;
		const char	*aa;
		bool		 same;
	} cases[] = {
		{ "host = localhost\nport = 1", "port = 2", true },
		{ "socket = /a", "socket = /a", true },
		{ "socket = /a", "socket = /b", false },
		{ "host = LOCALHOST", "", true },
		{ "host = h\nsocket = /a", "host = H\nsocket = /b", true },
		{ "host = h", "host = i", false },
		{ "host = h, i:3307", "host = j, i\nport = 3307", true },
		{ "host = h, i:3307", "host = j, i", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char	*kz, *aa;

		scratch_again(&scratch);
		kz = scratch_replace(&scratch, good,
		    "host = db.example\nport = 3307", cases[i].kz);
		aa = scratch_replace(&scratch, good,
		    "host = db.example\nport = 3307", cases[i].aa);
		aa = scratch_replace(&scratch, aa, "= +77\n", "= +7\n");
		aa = scratch_replace(&scratch, aa, "= +77 XX", "= +7 XXX");
		scratch_write(&scratch, "markets.d/kz.conf", kz);
		scratch_write(&scratch, "markets.d/aa.conf", aa);
		load("kz", true);
		cr_expect_eq(scratch.errors.count, cases[i].same ? 1 : 0,
		    "case %zu", i);
	}
}

Test(market_file, a_database_may_have_several_hosts, .init = init, .fini = fini)
{
	static const struct market_host expected[] = {
		{ "db1", 3307 }, { "db2", 3308 }, { "10.0.0.3", 3309 },
		{ "::1", 3307 }, { "::1", 3310 }
	};
	struct market_registry	*r;
	const struct market	*kz;

	scratch_write(&scratch, "markets.d/kz.conf", scratch_replace(&scratch,
	    good, "host = db.example",
	    "host = db1, db2:3308, 10.0.0.3:3309, ::1, [::1]:3310"));
	r = load("kz", true);
	scratch_expect_none(&scratch, "hosts");
	kz = r->default_market;
	cr_assert_eq(kz->database.host_count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		cr_expect_str_eq(kz->database.hosts[i].name,
		    expected[i].name);
		cr_expect_eq(kz->database.hosts[i].port, expected[i].port);
	}
}

Test(market_file, a_host_that_is_none_is_refused, .init = init, .fini = fini)
{
	static const char *const wrong[] = { "h:0", "h:65536", "h:x", ":3306",
		"[::1", "[::1]3306", "[]:1", "h, H", "h:3307, h", "" };

	for (size_t i = 0; i < COUNT(wrong); i++) {
		scratch_again(&scratch);
		scratch_write(&scratch, "markets.d/kz.conf", scratch_replace(
		    &scratch, good, "host = db.example", arena_printf(
		    scratch.arena, "host = %s", wrong[i])));
		cr_expect_null(load("kz", true), "%s", wrong[i]);
		cr_expect_eq(scratch.errors.count, 1, "%s", wrong[i]);
	}
}

Test(market_file, names_come_from_files_and_are_sorted, .init = init,
    .fini = fini)
{
	static const struct {
		const char	*file;
		const char	*prefix;
	} files[] = {
		{ "b", "+2" }, { "a-b", "+3" }, { "a", "+4" }, { "z9_", "+5" }
	};
	static const char *const sorted[] = { "a", "a-b", "b", "z9_" };
	struct market_registry	*r;
	char			 name[64], *text;

	for (size_t i = 0; i < COUNT(files); i++) {
		text = scratch_replace(&scratch, good, "= +77 XX",
		    arena_printf(scratch.arena, "= %s XX", files[i].prefix));
		text = scratch_replace(&scratch, text, "= +77\n",
		    arena_printf(scratch.arena, "= %s\n", files[i].prefix));
		text = scratch_replace(&scratch, text, "shop_kz",
		    files[i].file);
		snprintf(name, sizeof(name), "markets.d/%s.conf",
		    files[i].file);
		scratch_write(&scratch, name, text);
	}
	r = load("b", true);
	scratch_expect_none(&scratch, "four files");
	for (size_t i = 0; i < COUNT(sorted); i++) {
		cr_expect_str_eq(r->markets[i].name, sorted[i]);
		cr_expect_eq(r->markets[i].index, i);
	}
	cr_expect_str_eq(phone_market(r, "+31")->name, "a-b");
}

Test(market_file, a_bad_set_of_files_is_refused, .init = init, .fini = fini)
{
	static const char *const bad_names[] = {
		"KZ", "9kz", "k.z", "_kz", "abcdefghijklmnopq", "k z", "кз"
	};
	char	name[64], *expected;

	cr_expect_null(load("kz", true));
	scratch_expect(&scratch, "empty", "markets.d: expected 1 to 64 files "
	    "*.conf, there are 0");
	for (size_t i = 0; i < COUNT(bad_names); i++) {
		scratch_again(&scratch);
		snprintf(name, sizeof(name), "markets.d/%s.conf",
		    bad_names[i]);
		scratch_write(&scratch, name, good);
		cr_expect_null(load(NULL, true));
		expected = arena_printf(scratch.arena, "%s: expected a "
		    "market's name of 1 to 16 of a-z, 0-9, '_' and '-', with "
		    "a letter first", name);
		scratch_expect(&scratch, name, expected);
		cr_assert_eq(unlink(scratch.path), 0);
	}
	scratch_again(&scratch);
	scratch_write(&scratch, "markets.d/kz.conf", good);
	cr_expect_null(load("fr", true));
	scratch_expect(&scratch, "default", "markets.d: there is no fr.conf, "
	    "but [markets] default = fr");
	scratch_again(&scratch);
	cr_expect_null(market_load(scratch_write(&scratch, "file", ""), "kz",
	    scratch.dir, true, scratch.arena, &scratch.errors));
	scratch_expect(&scratch, "no directory", "file: cannot read: Not a "
	    "directory");
}

Test(market_file, the_errors_of_all_files_come_at_once, .init = init,
    .fini = fini)
{
	scratch_write(&scratch, "markets.d/aa.conf",
	    scratch_replace(&scratch, good, "KZT", "x"));
	scratch_write(&scratch, "markets.d/bb.conf",
	    scratch_replace(&scratch, good, "12.125%", "x"));
	scratch_write(&scratch, "markets.d/kz.conf", good);
	cr_expect_null(load("fr", false));
	cr_expect_eq(scratch.errors.count, 3);
}

Test(market_file, a_market_is_printed_as_a_file_that_loads, .init = init,
    .fini = fini)
{
	struct market_registry	*r;
	struct buf		 out;
	char			*first;

	scratch_write(&scratch, "markets.d/kz.conf", good);
	r = load("kz", false);
	scratch_expect_none(&scratch, "kz");
	buf_init(&out, scratch.arena, 16);
	market_print(r->default_market, &out);
	first = strdup(buf_text(&out));
	cr_expect_not_null(strstr(first, "rate = 12.125%\n"));
	cr_expect_not_null(strstr(first, "\n[zone Шымкент]\n"));
	cr_expect_null(strstr(first, "tiger"));
	scratch_again(&scratch);
	scratch_write(&scratch, "markets.d/kz.conf", first);
	r = load("kz", false);
	scratch_expect_none(&scratch, "printed");
	buf_init(&out, scratch.arena, 16);
	market_print(r->default_market, &out);
	cr_expect_str_eq(buf_text(&out), first);
	free(first);
}

Test(market_file, the_date_is_the_markets_own)
{
	static const struct {
		const char	*zone;
		time_t		 now;
		const char	*date;
	} cases[] = {
		/* 2025-11-02T00:00:00Z and around it */
		{ "Asia/Bishkek", 1762041600, "20251102" },
		{ "America/New_York", 1762041600, "20251101" },
		{ "America/New_York", 1762055999, "20251101" },
		{ "America/New_York", 1762056000, "20251102" },
		{ "Asia/Bishkek", 1762019999, "20251101" },
		{ "Asia/Bishkek", 1762020000, "20251102" },
		/* offsets of 45 and 30 minutes, each at its midnight */
		{ "Asia/Kathmandu", 1762020899, "20251101" },
		{ "Asia/Kathmandu", 1762020900, "20251102" },
		{ "Asia/Kolkata", 1762021799, "20251101" },
		{ "Asia/Kolkata", 1762021800, "20251102" },
		{ "UTC", 951782400, "20000229" },
		/* after 2038 */
		{ "UTC", 4102444799, "20991231" },
	};

	setenv("TZ", "Pacific/Auckland", 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		/* One index for all: what it last was must not matter. */
		struct market	m = { .index = 5,
		    .time_zone = cases[i].zone };
		char		out[9];

		market_local_date(&m, cases[i].now, out);
		cr_expect_str_eq(out, cases[i].date, "%s %lld: %s",
		    cases[i].zone, (long long)cases[i].now, out);
	}
	cr_expect_str_eq(getenv("TZ"), "Pacific/Auckland");
}

Test(market_file, the_date_agrees_with_every_quarter_of_an_hour)
{
	struct market	m = { .index = 0, .time_zone = "America/New_York" };
	time_t		start = 1762041600 - 86400;
	char		out[9], before[9] = "20251030";
	int		changes = 0;

	unsetenv("TZ");
	for (time_t now = start; now < start + 3 * 86400; now += 60) {
		market_local_date(&m, now, out);
		changes += strcmp(out, before) != 0;
		memcpy(before, out, sizeof(out));
	}
	cr_expect_eq(changes, 4);	/* to the 31st, 1st, 2nd and 3rd */
	cr_expect_null(getenv("TZ"));
}
