/*
 * test_ini.c: the reader of configuration files, with a table of its own.
 */
#include "scratch.h"

#include <limits.h>
#include <stdint.h>

#include "base/buf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ZONES 3

struct zone {
	const char	*name;
	unsigned	 cost;
};

struct sample {
	const char	 *title;
	const char	 *note;
	bool		  on;
	unsigned	  number;
	size_t		  size;
	unsigned	  time;
	const char	**list;
	unsigned	  few;
	size_t		  room;
	unsigned	  wait;
	const char	 *password;
	struct zone	  zones[ZONES];
	size_t		  zone_count;
};

static const struct ini_option main_options[] = {
	INI_MUST(struct sample, title, "title", ini_string),
	INI_OPTION(struct sample, note, "note", ini_text, ""),
	INI_OPTION(struct sample, on, "on", ini_bool, "yes"),
	INI_OPTION(struct sample, number, "number", ini_uint, "7"),
	INI_OPTION(struct sample, size, "size", ini_size, "64k"),
	INI_OPTION(struct sample, time, "time", ini_seconds, "1500ms"),
	INI_OPTION(struct sample, list, "list", ini_list, "a, b"),
	INI_NUMBER(struct sample, few, "few", ini_uint, "3", 2, 9),
	INI_NUMBER(struct sample, room, "room", ini_size, "2k", 1024, 65536),
	INI_NUMBER(struct sample, wait, "wait", ini_seconds, "0s", 0, 90000),
	{ .name = NULL }
};

static const struct ini_option other_options[] = {
	INI_OPTION(struct sample, password, "password", ini_string, NULL),
	INI_OPTION(struct sample, note, "title", ini_string, NULL),
	{ .name = NULL }
};

static const struct ini_option zone_options[] = {
	INI_MUST(struct zone, cost, "cost", ini_uint),
	{ .name = NULL }
};

static void *
zone_instance(void *target, const char *label, struct arena *arena)
{
	struct sample	*s = target;
	size_t		 i;

	for (i = 0; i < s->zone_count; i++)
		if (strcmp(s->zones[i].name, label) == 0)
			return &s->zones[i];
	if (i == ZONES)
		return NULL;
	s->zones[s->zone_count++].name = arena_strdup(arena, label);
	return &s->zones[i];
}

static const void *
zone_nth(const void *target, size_t i, const char **label)
{
	const struct sample	*s = target;

	if (i >= s->zone_count)
		return NULL;
	*label = s->zones[i].name;
	return &s->zones[i];
}

static const struct ini_section sections[] = {
	{ .name = "main", .options = main_options },
	{ .name = "other", .options = other_options },
	{ .name = "zone", .options = zone_options,
	    .instance = zone_instance, .nth = zone_nth },
	{ .name = NULL }
};

static struct scratch	scratch;

static void
init(void)
{
	scratch_init(&scratch);
}

static void
fini(void)
{
	scratch_free(&scratch);
}

/*
 * Reads the text as the file "c.conf".
 */
static bool
read_text(const char *text, struct sample *s)
{
	scratch_again(&scratch);
	memset(s, 0, sizeof(*s));
	return ini_read(scratch_write(&scratch, "c.conf", text), sections, s,
	    scratch.arena, &scratch.errors);
}

Test(ini, what_the_file_does_not_set_has_its_default, .init = init,
    .fini = fini)
{
	struct sample	s;

	cr_assert(read_text("[main]\ntitle = x\n", &s));
	cr_expect_str_eq(s.title, "x");
	cr_expect_str_eq(s.note, "");
	cr_expect(s.on);
	cr_expect_eq(s.number, 7);
	cr_expect_eq(s.size, 65536);
	cr_expect_eq(s.time, 1500);
	cr_expect_str_eq(s.list[0], "a");
	cr_expect_str_eq(s.list[1], "b");
	cr_expect_null(s.list[2]);
	cr_expect_null(s.password);
	cr_expect_eq(s.zone_count, 0);
}

Test(ini, a_value_is_all_that_follows_the_equals_sign, .init = init,
    .fini = fini)
{
	static const struct {
		const char	*text;
		const char	*title;
	} cases[] = {
		{ "[main]\ntitle = a ; b # c", "a ; b # c" },
		{ "[main]\ntitle=a=b", "a=b" },
		{ "[main]\ntitle = a:b\n", "a:b" },
		{ "[main]\r\n  title \t= x y \t\r\n", "x y" },
		{ "\xef\xbb\xbf[main]\ntitle = сом\n", "сом" },
		{ "# c\n; c = d\n\n[ main ]\ntitle = [x]\n", "[x]" },
		{ "[main]\n[other]\n[main]\ntitle = \"x\"", "\"x\"" },
		{ "[main]\ntitle = ^\\+1[0-9]{10}$", "^\\+1[0-9]{10}$" },
	};
	struct sample	s;

	for (size_t i = 0; i < COUNT(cases); i++) {
		read_text(cases[i].text, &s);
		scratch_expect_none(&scratch, cases[i].text);
		cr_expect_str_eq(s.title, cases[i].title);
	}
}

Test(ini, the_types_read_what_they_say, .init = init, .fini = fini)
{
	static const struct {
		const char	*value;
		bool		 on;
	} bools[] = {
		{ "yes", true }, { "On", true }, { "TRUE", true },
		{ "1", true }, { "no", false }, { "off", false },
		{ "False", false }, { "0", false },
	};
	static const struct {
		const char	*value;
		unsigned	 ms;
	} times[] = {
		{ "10s", 10000 }, { "10", 10000 }, { "500ms", 500 },
		{ "2m", 120000 }, { "1h", 3600000 }, { "2d", 172800000 },
		{ "0", 0 }, { "4294967295ms", UINT_MAX },
	};
	static const struct {
		const char	*value;
		size_t		 bytes;
	} sizes[] = {
		{ "4096", 4096 }, { "64k", 65536 }, { "64K", 65536 },
		{ "1M", 1048576 }, { "1m", 1048576 }, { "2G", 2147483648 },
		{ "0", 0 },
	};
	struct sample	s;

	for (size_t i = 0; i < COUNT(bools); i++) {
		cr_expect(ini_bool.read(bools[i].value, &s.on, NULL));
		cr_expect_eq(s.on, bools[i].on, "%s", bools[i].value);
	}
	for (size_t i = 0; i < COUNT(times); i++) {
		cr_expect(ini_seconds.read(times[i].value, &s.time, NULL));
		cr_expect_eq(s.time, times[i].ms, "%s", times[i].value);
	}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		cr_expect(ini_size.read(sizes[i].value, &s.size, NULL));
		cr_expect_eq(s.size, sizes[i].bytes, "%s", sizes[i].value);
	}
	cr_expect(ini_uint.read("4294967295", &s.number, NULL));
	cr_expect_eq(s.number, UINT_MAX);
	cr_expect(ini_list.read("", &s.list, scratch.arena));
	cr_expect_null(s.list[0]);
	cr_expect(ini_list.read("one,  two three ,4", &s.list,
	    scratch.arena));
	cr_expect_str_eq(s.list[1], "two three");
	cr_expect_null(s.list[3]);
}

Test(ini, a_bad_value_is_refused_and_leaves_the_field, .init = init,
    .fini = fini)
{
	static const struct {
		const struct ini_type	*type;
		const char		*value;
	} cases[] = {
		{ &ini_bool, "" }, { &ini_bool, "y" }, { &ini_bool, "2" },
		{ &ini_uint, "" }, { &ini_uint, "-1" },
		{ &ini_uint, "+1" }, { &ini_uint, "1.5" },
		{ &ini_uint, "0x10" }, { &ini_uint, "4294967296" },
		{ &ini_uint, "1k" }, { &ini_uint, "12 " },
		{ &ini_uint, "18446744073709551617" },
		{ &ini_uint, "00000000000000000000000000000001" },
		{ &ini_size, "" }, { &ini_size, "k" },
		{ &ini_size, "1kb" }, { &ini_size, "1 k" },
		{ &ini_size, "-1k" }, { &ini_size, "9223372036854775807G" },
		{ &ini_seconds, "" }, { &ini_seconds, "s" },
		{ &ini_seconds, "1.5s" }, { &ini_seconds, "1 s" },
		{ &ini_seconds, "-1s" }, { &ini_seconds, "10w" },
		{ &ini_seconds, "4294968s" },
		{ &ini_string, "" },
		{ &ini_list, "," }, { &ini_list, "a,,b" },
		{ &ini_list, "a," }, { &ini_list, ",a" },
		{ &ini_list, "a, ,b" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t	field = 42;

		cr_expect_not(cases[i].type->read(cases[i].value, &field,
		    scratch.arena), "\"%s\"", cases[i].value);
		cr_expect_eq(field, 42, "\"%s\"", cases[i].value);
	}
}

Test(ini, a_warning_is_no_error_and_a_flaw_is_one_for_a_strict_reader,
    .init = init, .fini = fini)
{
	struct ini_errors	*e = &scratch.errors;
	struct sample		 s;

	cr_assert(read_text("[main]\ntitle = x\n", &s));
	ini_warning(e, "f.conf", 3, "is %d", 1);
	ini_warning_at(e, &s.title, "is short");
	ini_flaw_at(e, &s.number, "is not there");
	cr_assert_eq(e->count, 0);
	cr_assert_eq(e->warnings.count, 3);
	cr_expect_str_eq(e->warnings.text[0], "f.conf:3: is 1");
	cr_expect_str_eq(e->warnings.text[1], arena_printf(scratch.arena,
	    "%s/c.conf:2: [main] title: is short", scratch.dir));
	cr_expect_str_eq(e->warnings.text[2], arena_printf(scratch.arena,
	    "%s/c.conf: [main] number: is not there", scratch.dir));
	e->strict = true;
	ini_flaw_at(e, &s.title, "is a flaw");
	cr_expect_eq(e->warnings.count, 3);
	scratch_expect(&scratch, "flaw", "c.conf:2: [main] title: is a flaw");
}

Test(ini, every_error_says_file_line_name_and_what_was_expected,
    .init = init, .fini = fini)
{
	static const struct {
		const char	*text;
		const char	*error;
	} cases[] = {
		{ "", "c.conf: [main] title: is missing, expected a text "
		    "that is not empty" },
		{ "[main]\ntitle =\n", "c.conf:2: [main] title: expected a "
		    "text that is not empty" },
		{ "[main]\ntitle = x\nnumber = many\n", "c.conf:3: [main] "
		    "number: expected a number from 0 to 4294967295" },
		{ "[main]\ntitle = x\non = maybe\n", "c.conf:3: [main] on: "
		    "expected yes or no" },
		{ "[main]\ntitle = x\nsize = 1q", "c.conf:3: [main] size: "
		    "expected a size in bytes, such as 4096, 64k or 1M" },
		{ "[main]\ntitle = x\n\n# c\ntime = now\n", "c.conf:5: "
		    "[main] time: expected a time, such as 500ms, 10s, 2m or 1h" },
		{ "[main]\ntitle = x\nlist = a,,b\n", "c.conf:3: [main] "
		    "list: expected a list with commas between its parts" },
		{ "[main]\ntitle = x\ntitel = y\n", "c.conf:3: [main] "
		    "titel: unknown name" },
		{ "[main]\ntitle = x\nTitle = y\n", "c.conf:3: [main] "
		    "Title: unknown name" },
		{ "[main]\ntitle = x\npassword = y\n", "c.conf:3: [main] "
		    "password: unknown name" },
		{ "[main]\ntitle = x\n[mian]\na = b\nc = d\n", "c.conf:3: "
		    "[mian]: unknown section" },
		{ "[main]\ntitle = x\n[main two]\na = b\n", "c.conf:3: "
		    "[main two]: unknown section" },
		{ "[main]\ntitle = x\n[]\n", "c.conf:3: []: unknown "
		    "section" },
		{ "a = b\n[main]\ntitle = x\n", "c.conf:1: a: expected a "
		    "[section] before it" },
		{ "[main]\ntitle = x\n[other\npassword = y\n", "c.conf:3: "
		    "expected [section]" },
		{ "[main]\ntitle = x\n[other] # c\n", "c.conf:3: expected "
		    "[section]" },
		{ "[main]\ntitle = x\ntitle = x\n", "c.conf:3: [main] title: "
		    "is set in line 2 already" },
		{ "[main]\ntitle = x\n[other]\n[main]\ntitle = y\n",
		    "c.conf:5: [main] title: is set in line 2 already" },
		{ "[main]\ntitle = x\nnote\n", "c.conf:3: expected "
		    "name = value" },
		{ "[main]\ntitle = x\nnote: y\n", "c.conf:3: expected "
		    "name = value" },
		{ "[main]\ntitle = x\n= y\n", "c.conf:3: expected "
		    "name = value" },
		{ "[main]\ntitle = x\nlist = a,\n", "c.conf:3: [main] list: "
		    "expected a list with commas between its parts" },
		{ "[main]\ntitle = x\nlist = a\n   b\n", "c.conf:4: expected "
		    "name = value" },
		{ "[main]\ntitle = x\nnote = \xff\n", "c.conf:3: expected "
		    "UTF-8 text without control characters" },
		{ "[main]\ntitle = x\nnote = a\x1b[0m\n", "c.conf:3: "
		    "expected UTF-8 text without control characters" },
		{ "[main]\ntitle = x\n[zone]\ncost = 1\n", "c.conf:3: [zone]: "
		    "expected a name after it, such as [zone NAME]" },
		{ "[main]\ntitle = x\n[zone A]\n", "c.conf: [zone A] cost: "
		    "is missing, expected a number from 0 to 4294967295" },
		{ "[main]\ntitle = x\n[zone A]\ncost = -\n", "c.conf:4: "
		    "[zone A] cost: expected a number from 0 to 4294967295" },
		{ "[main]\ntitle = x\n[zone A]\ncost = 1\n[zone B]\n"
		    "cost = 1\n[zone  A ]\ncost = 2\n", "c.conf:8: [zone A] "
		    "cost: is set in line 4 already" },
		{ "[main]\ntitle = x\n[zone A]\ncost = 1\n[zone B]\ncost = 1\n"
		    "[zone C]\ncost = 1\n[zone D]\ncost = 1\n", "c.conf:9: "
		    "[zone D]: expected fewer sections of this kind" },
	};
	struct sample	s;

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_not(read_text(cases[i].text, &s), "%s",
		    cases[i].text);
		scratch_expect(&scratch, cases[i].text, cases[i].error);
	}
}

Test(ini, all_errors_are_found_in_one_reading, .init = init, .fini = fini)
{
	static const char *const errors[] = {
		"c.conf:2: [main] number: expected a number from 0 to "
		    "4294967295",
		"c.conf:3: expected name = value",
		"c.conf:4: [nowhere]: unknown section",
		"c.conf:7: [zone A] price: unknown name",
		"c.conf: [zone A] cost: is missing, expected a number from 0 "
		    "to 4294967295",
		"c.conf: [main] title: is missing, expected a text that is "
		    "not empty",
	};
	struct sample	s;

	cr_expect_not(read_text("[main]\nnumber = x\nwhat\n[nowhere]\na = b\n"
	    "[zone A]\nprice = 1\n", &s));
	cr_assert_eq(scratch.errors.count, COUNT(errors));
	for (size_t i = 0; i < COUNT(errors); i++)
		cr_expect_str_eq(scratch.errors.text[i] + strlen(scratch.dir)
		    + 1, errors[i]);
}

Test(ini, a_nul_byte_is_an_error, .init = init, .fini = fini)
{
	static const char	text[] = "[main]\ntitle = x\nnote = a\0b\n";
	struct sample		s = { .title = NULL };

	scratch_write_bytes(&scratch, "c.conf", text, sizeof(text) - 1);
	cr_expect_not(ini_read(scratch.path, sections, &s, scratch.arena,
	    &scratch.errors));
	scratch_expect(&scratch, "NUL", "c.conf:3: expected UTF-8 text "
	    "without control characters");
	cr_expect_str_eq(s.note, "");
}

Test(ini, a_line_may_have_the_limit_and_no_byte_more, .init = init,
    .fini = fini)
{
	static const char	head[] = "[main]\ntitle = ";
	char			text[2 * INI_LINE_MAX];
	size_t			n = sizeof(head) - 1 + INI_LINE_MAX - 8;
	struct sample		s;

	memcpy(text, head, sizeof(head) - 1);
	memset(text + sizeof(head) - 1, 'x', sizeof(text) - sizeof(head));
	memcpy(text + n, "\nnumber = 9\n", 13);
	cr_expect(read_text(text, &s));
	cr_expect_eq(strlen(s.title), INI_LINE_MAX - 8);
	cr_expect_eq(s.number, 9);
	memcpy(text + n, "x\nnumber = 9\n", 14);
	cr_expect_not(read_text(text, &s));
	cr_expect_eq(s.number, 9);
	cr_assert_eq(scratch.errors.count, 2);
	cr_expect_str_eq(scratch.errors.text[0] + strlen(scratch.dir) + 1,
	    "c.conf:2: expected a shorter line");
}

Test(ini, a_long_label_is_kept_whole, .init = init, .fini = fini)
{
	static const char	label[] = "Кызыл-Кия и Баткенская область, "
	    "Сулюкта, Кадамжай, Лейлек";
	struct sample		s;
	char			text[512];

	snprintf(text, sizeof(text), "[main]\ntitle = x\n[zone %s]\n"
	    "cost = 5\n[zone %sx]\ncost = 6\n", label, label);
	cr_assert(read_text(text, &s));
	cr_expect_eq(s.zone_count, 2);
	cr_expect_str_eq(s.zones[0].name, label);
	cr_expect_eq(s.zones[0].cost, 5);
	cr_expect_eq(s.zones[1].cost, 6);
}

Test(ini, a_file_that_cannot_be_read_is_an_error, .init = init, .fini = fini)
{
	struct sample	s = { .title = NULL };
	char		path[300];

	snprintf(path, sizeof(path), "%s/none.conf", scratch.dir);
	cr_expect_not(ini_read(path, sections, &s, scratch.arena,
	    &scratch.errors));
	scratch_expect(&scratch, "none.conf", "none.conf: cannot open: No "
	    "such file or directory");
	cr_expect_eq(s.number, 7);
	scratch_again(&scratch);
	scratch_mkdir(&scratch, "d.conf");
	cr_expect_not(ini_read(scratch.path, sections, &s, scratch.arena,
	    &scratch.errors));
	cr_assert_eq(scratch.errors.count, 2);	/* and the missing title */
	cr_expect_str_eq(scratch.errors.text[0] + strlen(scratch.dir) + 1,
	    "d.conf: cannot read: Is a directory");
}

Test(ini, a_later_check_finds_the_place_of_a_field, .init = init,
    .fini = fini)
{
	struct sample	s;

	cr_assert(read_text("[main]\ntitle = x\n[zone A]\n\ncost = 5\n", &s));
	ini_error_at(&scratch.errors, &s.zones[0].cost, "expected %d", 6);
	scratch_expect(&scratch, "set", "c.conf:5: [zone A] cost: expected "
	    "6");
	scratch.errors.count = 0;
	ini_error_at(&scratch.errors, &s.number, "expected 8");
	scratch_expect(&scratch, "default", "c.conf: [main] number: expected "
	    "8");
}

Test(ini, what_is_printed_can_be_read_again, .init = init, .fini = fini)
{
	static const char	expected[] =
	    "\n[main]\ntitle = x # y\nnote =\non = no\nnumber = 0\n"
	    "size = 1M\ntime = 2m\nlist = a, b c\n"
	    "few = 9\nroom = 2k\nwait = 0s\n"
	    "\n[other]\npassword = tiger\n"
	    "\n[zone Ош]\ncost = 5\n\n[zone B]\ncost = 6\n";
	struct sample		s;
	struct buf		out;
	char			*first;

	cr_assert(read_text("[main]\ntitle = x # y\non = off\nnumber = 0\n"
	    "size = 1024k\ntime = 120\nlist = a , b c\nfew = 9\n[other]\n"
	    "password = tiger\n[zone Ош]\ncost = 5\n[zone B]\ncost = 6\n",
	    &s));
	buf_init(&out, scratch.arena, 16);
	ini_print(sections, &s, &out);
	cr_expect_str_eq(buf_text(&out), expected);
	first = strdup(buf_text(&out));
	cr_assert(read_text(first, &s));
	buf_init(&out, scratch.arena, 16);
	ini_print(sections, &s, &out);
	cr_expect_str_eq(buf_text(&out), first);
	free(first);
}

Test(ini, a_number_keeps_to_the_bounds_of_its_option, .init = init,
    .fini = fini)
{
#define FEW	"c.conf:3: [main] few: expected a number from 2 to 9"
#define ROOM	"c.conf:3: [main] room: expected a size from 1k to 64k"
#define WAIT	"c.conf:3: [main] wait: expected a time from 0s to 90s"
	static const struct {
		const char	*line;
		const char	*error;		/* NULL: taken */
	} cases[] = {
		{ "few = 2", NULL }, { "few = 9", NULL },
		{ "few = 1", FEW }, { "few = 10", FEW }, { "few = 0", FEW },
		{ "few = -2", FEW }, { "few = many", FEW }, { "few =", FEW },
		{ "few = 4294967299", FEW },
		{ "room = 1k", NULL }, { "room = 64k", NULL },
		{ "room = 1023", ROOM }, { "room = 65537", ROOM },
		{ "room = 18446744073709551615", ROOM },
		{ "wait = 0", NULL }, { "wait = 90s", NULL },
		{ "wait = 90001ms", WAIT }, { "wait = 2m", WAIT },
	};
	struct sample	s;
	char		text[64];

	for (size_t i = 0; i < COUNT(cases); i++) {
		scratch_again(&scratch);
		snprintf(text, sizeof(text), "[main]\ntitle = x\n%s\n",
		    cases[i].line);
		cr_expect_eq(read_text(text, &s), cases[i].error == NULL,
		    "%s", cases[i].line);
		if (cases[i].error == NULL)
			continue;
		scratch_expect(&scratch, cases[i].line, cases[i].error);
		/* The default is in force, for the checks that follow. */
		cr_expect_eq(s.few, 3);
		cr_expect_eq(s.room, 2048);
		cr_expect_eq(s.wait, 0);
	}
}

Test(ini, a_secret_is_never_repeated, .init = init, .fini = fini)
{
	struct sample	s;

	read_text("[main]\ntitle = x\nnumber = tiger\n[other]\n"
	    "password = tiger\npassword = tiger\nlist = tiger\ntiger\n", &s);
	cr_expect_eq(scratch.errors.count, 4);
	for (size_t i = 0; i < scratch.errors.count; i++)
		cr_expect_null(strstr(scratch.errors.text[i], "tiger"), "%s",
		    scratch.errors.text[i]);
}

Test(ini, times_and_sizes_are_printed_as_short_as_they_can_be, .init = init,
    .fini = fini)
{
	static const struct {
		const struct ini_type	*type;
		uint64_t		 value;
		const char		*text;
	} cases[] = {
		{ &ini_seconds, 0, "0s" },
		{ &ini_seconds, 500, "500ms" },
		{ &ini_seconds, 1500, "1500ms" },
		{ &ini_seconds, 8000, "8s" },
		{ &ini_seconds, 60000, "1m" },
		{ &ini_seconds, 86400000, "1d" },
		{ &ini_size, 0, "0" },
		{ &ini_size, 1023, "1023" },
		{ &ini_size, 1024, "1k" },
		{ &ini_size, 3 << 20, "3M" },
	};
	struct buf	out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned	ms = (unsigned)cases[i].value;
		size_t		bytes = (size_t)cases[i].value;

		buf_init(&out, scratch.arena, 16);
		cases[i].type->print(cases[i].type == &ini_seconds ?
		    (const void *)&ms : (const void *)&bytes, &out);
		cr_expect_str_eq(buf_text(&out), cases[i].text);
	}
}
