/*
 * test_json.c: JSON in, as strict as RFC 8259, and JSON out, which must come
 * in again as it was.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_read.h"
#include "base/json_write.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) literal, sizeof(literal) - 1

struct text {
	const char	*bytes;
	size_t		 len;
};

static struct arena	*arena;

static void
setup(void)
{
	arena = arena_new(4096);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(json_read, .init = setup, .fini = teardown);
TestSuite(json_write, .init = setup, .fini = teardown);

/* The value of a text that must be good. */
static struct json_object *
read_good(const char *text, size_t len)
{
	struct json_object	*value = NULL;
	const char		*why = NULL;

	cr_assert(json_read(arena, text, len, &value, &why), "%s: %s", text,
	    why != NULL ? why : "no reason");
	return value;
}

/* Every one of the texts must be refused, with a reason. */
static void
expect_refused(const struct text *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object	*value = NULL;
		const char		*why = NULL;

		cr_expect_not(json_read(arena, cases[i].bytes, cases[i].len,
		    &value, &why), "%zu: %s", i, cases[i].bytes);
		cr_expect_not_null(why, "%zu: %s", i, cases[i].bytes);
	}
}

Test(json_read, good_texts_are_read_as_they_are)
{
	static const struct {
		const char	*text;
		const char	*plain;	/* as json-c prints it */
	} cases[] = {
		{ "{}", "{}" },
		{ "[]", "[]" },
		{ " \t\r\n[ 1 , 2 ]\n", "[1,2]" },
		{ "true", "true" }, { "false", "false" }, { "0", "0" },
		{ "\"\"", "\"\"" },
		{ "-0", "0" }, { "-1", "-1" }, { "10", "10" },
		{ "[1.5,1e5,-0.5,0.0,1E-2]", "[1.5,1e5,-0.5,0.0,1E-2]" },
		{ "{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}",
		    "{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}" },
		/* what only looks like a member, a comment or a quote */
		{ "{\"a:b\":\"c:d\"}", "{\"a:b\":\"c:d\"}" },
		{ "\"'// NaN, :\"", "\"'// NaN, :\"" },
		{ "\"\\\\u0000\"", "\"\\\\u0000\"" },
		{ "{\"\":1}", "{\"\":1}" },
		{ "\"\\u0061\\u00e9\\u0416\"", "\"aéЖ\"" },
		{ "\"\\ud83d\\ude00\"", "\"😀\"" },
		{ "\"Бишкек\"", "\"Бишкек\"" },
		{ "{\"a\":null,\"A\":null}", "{\"a\":null,\"A\":null}" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(json_object_to_json_string_ext(read_good(
		    cases[i].text, strlen(cases[i].text)),
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		    cases[i].plain, "%s", cases[i].text);
	cr_expect_null(read_good("null", 4));
}

Test(json_read, what_is_not_json_is_refused)
{
	static const struct text	cases[] = {
		{ BYTES("") }, { BYTES(" ") }, { BYTES("nul") },
		{ BYTES("truee") }, { BYTES("TRUE") }, { BYTES("True") },
		{ BYTES("NaN") }, { BYTES("nan") }, { BYTES("Infinity") },
		{ BYTES("-Infinity") }, { BYTES("undefined") },
		{ BYTES("'a'") }, { BYTES("{'a':1}") }, { BYTES("{a:1}") },
		{ BYTES("{1:2}") }, { BYTES("{\"a\"}") }, { BYTES("{\"a\":}") },
		{ BYTES("{\"a\"::1}") }, { BYTES("{\"a\":1 \"b\":2}") },
		{ BYTES("[1 2]") }, { BYTES("[,1]") }, { BYTES("{,}") },
		{ BYTES("[1,]") }, { BYTES("{\"a\":1,}") },
		{ BYTES("/* */1") }, { BYTES("1 // x") }, { BYTES("#1") },
		{ BYTES("[1") }, { BYTES("[}") }, { BYTES("{\"a\":[1}") },
		{ BYTES("]") }, { BYTES("[1]]") }, { BYTES("[1]x") },
		{ BYTES("{}{}") }, { BYTES("1 2") }, { BYTES("null null") },
		{ BYTES("[1]\0") }, { BYTES("[1]\0[2]") }, { BYTES("\0") },
		{ BYTES("[\v1]") }, { BYTES("[\f1]") }, { BYTES("[\u00a01]") },
		{ BYTES("\ufeff{}") },
	};

	expect_refused(cases, COUNT(cases));
}

Test(json_read, wrong_strings_are_refused)
{
	static const struct text	cases[] = {
		{ BYTES("\"a") }, { BYTES("\"") }, { BYTES("\"\\") },
		{ BYTES("\"\\\"") }, { BYTES("\"\\x41\"") },
		{ BYTES("\"\\'\"") }, { BYTES("\"\\a\"") },
		{ BYTES("\"\\u12\"") }, { BYTES("\"\\u12G4\"") },
		{ BYTES("\"\\U0041\"") },
		{ BYTES("\"a\nb\"") }, { BYTES("\"a\tb\"") },
		{ BYTES("\"\x01\"") }, { BYTES("\"\x1f\"") },
		{ BYTES("\"a\0b\"") }, { BYTES("{\"a\0\":1}") },
		{ BYTES("\"\\u0000\"") }, { BYTES("\"\\\\\\u0000\"") },
		{ BYTES("{\"a\\u0000b\":1}") },
		{ BYTES("\"\xff\"") }, { BYTES("\"\xc0\xaf\"") },
		{ BYTES("\"\xed\xa0\x80\"") },
		{ BYTES("\"\xf5\x80\x80\x80\"") },
		{ BYTES("\"\xd0\"") }, { BYTES("{\"\x80\":1}") },
		{ BYTES("\xff") },
	};

	expect_refused(cases, COUNT(cases));
}

Test(json_read, a_name_may_stand_once_in_an_object_however_it_is_spelled)
{
	static const struct text	cases[] = {
		{ BYTES("{\"a\":1,\"a\":1}") },
		{ BYTES("{\"a\":1,\"b\":2,\"a\":null}") },
		{ BYTES("{\"a\":1,\"\\u0061\":2}") },
		{ BYTES("{\"\\u0061\":1,\"\\u0061\":2}") },
		{ BYTES("{\"/\":1,\"\\/\":2}") },
		{ BYTES("{\"\":1,\"\":2}") },
		{ BYTES("[0,{\"x\":[{\"a\":1,\"a\":2}]}]") },
		{ BYTES("{\"a\":{\"a\":1},\"a\":{\"a\":1}}") },
		{ BYTES("{\"\\u00e9\":1,\"é\":2}") },
	};

	expect_refused(cases, COUNT(cases));
}

Test(json_read, wrong_numbers_are_refused)
{
	static const struct text	cases[] = {
		{ BYTES("1.") }, { BYTES("[1.]") }, { BYTES("1.e5") },
		{ BYTES("{\"a\":1.}") }, { BYTES(".5") }, { BYTES("+1") },
		{ BYTES("-") }, { BYTES("[-]") }, { BYTES("--1") },
		{ BYTES("- 1") }, { BYTES("1e") }, { BYTES("[1e+]") },
		{ BYTES("1e5.5") }, { BYTES("1.5.5") }, { BYTES("1-2") },
		{ BYTES("0x10") }, { BYTES("01") }, { BYTES("[007]") },
		{ BYTES("1 000") }, { BYTES("1,5") }, { BYTES("1f") },
	};

	expect_refused(cases, COUNT(cases));
}

Test(json_read, a_number_begins_with_one_digit_or_with_none_but_zero)
{
	static const struct text	cases[] = {
		{ BYTES("00") }, { BYTES("[00]") }, { BYTES("-00") },
		{ BYTES("-01") }, { BYTES("{\"a\":-007}") }, { BYTES("01.5") },
		{ BYTES("-01.5") }, { BYTES("00.5") }, { BYTES("01e1") },
		{ BYTES("-.5") }, { BYTES("[-.5]") },
	};

	expect_refused(cases, COUNT(cases));
}

Test(json_read, nine_levels_are_too_deep)
{
	static const struct text	cases[] = {
		{ BYTES("[[[[[[[[[]]]]]]]]]") },
		{ BYTES("[[[[[[[[{}]]]]]]]]") },
		{ BYTES("{\"a\":[{\"a\":[{\"a\":[{\"a\":[[1]]}]}]}]}") },
		{ BYTES("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[") },
	};

	read_good(BYTES("[[[[[[[[]]]]]]]]"));
	read_good(BYTES("[[],[],[],[],[],[],[],[],[],[]]"));
	read_good(BYTES("[\"[[[[[[[[[\"]"));
	expect_refused(cases, COUNT(cases));
}

Test(json_read, eight_levels_may_hold_something)
{
	read_good(BYTES("[[[[[[[[1]]]]]]]]"));
	read_good(BYTES("{\"a\":[{\"a\":[{\"a\":[{\"a\":[\"x\"]}]}]}]}"));
}

Test(json_read, half_a_surrogate_pair_is_refused)
{
	static const struct text	cases[] = {
		{ BYTES("\"\\ud800\"") }, { BYTES("\"\\uDFFF\"") },
		{ BYTES("\"\\ud800x\"") }, { BYTES("\"\\ud800\\u0041\"") },
		{ BYTES("\"\\ud800\\ud800\"") },
		{ BYTES("\"\\ude00\\ud83d\"") },
		{ BYTES("\"\\ud83d\\n\"") }, { BYTES("\"\\ud83d\\\\ude00\"") },
		{ BYTES("\"\\ud83d\\ude00\\ude00\"") },
		{ BYTES("\"\\ud83d \\ude00\"") }, { BYTES("{\"\\udbff\":1}") },
		{ BYTES("\"\\ud83d\\ude0\"") }, { BYTES("\"\\ud83d\\u") },
	};

	expect_refused(cases, COUNT(cases));
}

Test(json_read, only_an_integer_that_was_not_clamped_is_one)
{
	static const struct {
		const char	*text;
		bool		 ok;
		int64_t		 n;
	} cases[] = {
		{ "0", true, 0 }, { "-5", true, -5 },
		{ "2147483648", true, 2147483648 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775807", true, -INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "18446744073709551615", false, 0 },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999999999", false, 0 },
		{ "-99999999999999999999999999", false, 0 },
		{ "1.0", false, 0 }, { "1e2", false, 0 }, { "1e400", false, 0 },
		{ "\"1\"", false, 0 }, { "true", false, 0 },
		{ "null", false, 0 }, { "[]", false, 0 }, { "{}", false, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object	*value = read_good(cases[i].text,
		    strlen(cases[i].text));
		int64_t			 n = 0;

		cr_expect_eq(json_int64(value, &n), cases[i].ok, "%s",
		    cases[i].text);
		if (cases[i].ok)
			cr_expect_eq(n, cases[i].n, "%s", cases[i].text);
	}
}

/* ---- writing ---- */

Test(json_write, commas_stand_between_values_and_nowhere_else)
{
	struct buf	b;
	struct json_out	j = { .buf = &b };

	buf_init(&b, arena, 1);
	jw_begin(&j, '{');
	jw_put_text(&j, "text", "a");
	jw_put_text(&j, "none", NULL);
	jw_put_int(&j, "int", INT64_MIN);
	jw_put_uint(&j, "uint", UINT64_MAX);
	jw_put_bool(&j, "yes", true);
	jw_put_money(&j, "money", 2499, 2);
	jw_name(&j, "list");
	jw_begin(&j, '[');
	jw_begin(&j, '{');
	jw_end(&j, '}');
	jw_begin(&j, '[');
	jw_end(&j, ']');
	jw_bool(&j, false);
	jw_null(&j);
	jw_raw(&j, "{\"r\":1}", 7);
	jw_string(&j, "xyz", 2);
	jw_end(&j, ']');
	jw_put_int(&j, "last", 0);
	jw_end(&j, '}');
	cr_expect_str_eq(buf_text(&b), "{\"text\":\"a\",\"none\":null,"
	    "\"int\":-9223372036854775808,\"uint\":18446744073709551615,"
	    "\"yes\":true,\"money\":24.99,\"list\":[{},[],false,null,"
	    "{\"r\":1},\"xy\"],\"last\":0}");
	read_good(buf_text(&b), b.len);
}

Test(json_write, every_string_can_be_read_again)
{
	char		 all[256];
	struct buf	 b;
	struct json_out	 j = { .buf = &b };

	for (int c = 1; c < 128; c++)
		all[c - 1] = (char)c;
	strcpy(all + 127, "éЖ€😀\u2028");
	for (size_t from = 0; from <= 127; from++) {
		buf_init(&b, arena, 1);
		jw_text(&j, all + from);
		j.comma = false;
		cr_expect_str_eq(json_object_get_string(read_good(buf_text(&b),
		    b.len)), all + from, "%zu", from);
	}
	buf_init(&b, arena, 1);
	jw_text(&j, "\"\\/\b\f\n\r\t\x01\x1f\x7f");
	cr_expect_str_eq(buf_text(&b),
	    "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
}

Test(json_write, amounts_and_rates_are_exact)
{
	static const struct {
		int64_t		 units;
		unsigned	 digits;
		const char	*money;
		const char	*decimal;
	} cases[] = {
		{ 2499, 2, "24.99", "24.99" },
		{ 2400, 2, "24.00", "24" },
		{ 5, 2, "0.05", "0.05" },
		{ 0, 2, "0.00", "0" },
		{ 7000, 0, "7000", "7000" },
		{ 0, 0, "0", "0" },
		{ 10000, 4, "1.0000", "1" },
		{ 100, 1, "10.0", "10" },
		{ 1230, 3, "1.230", "1.23" },
		{ INT64_MAX, 2, "92233720368547758.07",
		    "92233720368547758.07" },
	};
	struct buf	b;
	struct json_out	j = { .buf = &b };

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_init(&b, arena, 1);
		j.comma = false;
		jw_money(&j, cases[i].units, cases[i].digits);
		cr_expect_str_eq(buf_text(&b), cases[i].money);
		buf_init(&b, arena, 1);
		j.comma = false;
		jw_decimal(&j, cases[i].units, cases[i].digits);
		cr_expect_str_eq(buf_text(&b), cases[i].decimal);
	}
	buf_init(&b, arena, 1);
	j.comma = false;
	jw_decimal(&j, 80000, 6);
	jw_decimal(&j, 1, 6);
	jw_decimal(&j, 1000000, 6);
	jw_money(&j, -2499, 2);
	cr_expect_str_eq(buf_text(&b), "0.08,0.000001,1,-24.99");
}

Test(json_write, a_negative_decimal_has_one_sign)
{
	struct buf	b;
	struct json_out	j = { .buf = &b };

	buf_init(&b, arena, 1);
	jw_decimal(&j, -80000, 6);
	jw_decimal(&j, -1500000, 6);
	cr_expect_str_eq(buf_text(&b), "-0.08,-1.5");
}
