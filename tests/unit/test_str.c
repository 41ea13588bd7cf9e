/*
 * test_str.c: text at its edges: UTF-8, numbers, addresses.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) literal, sizeof(literal) - 1

struct text {
	const char	*bytes;
	size_t		 len;
};

Test(str, what_rfc_3629_allows_is_valid_and_counted)
{
	static const struct {
		struct text	text;
		size_t		count;
	} cases[] = {
		{ { BYTES("") }, 0 },
		{ { BYTES("a\x7f") }, 2 },
		{ { BYTES("\0") }, 1 },
		{ { BYTES("\xc2\x80") }, 1 },			/* U+0080 */
		{ { BYTES("\xdf\xbf") }, 1 },			/* U+07FF */
		{ { BYTES("\xe0\xa0\x80") }, 1 },		/* U+0800 */
		{ { BYTES("\xed\x9f\xbf") }, 1 },		/* U+D7FF */
		{ { BYTES("\xee\x80\x80") }, 1 },		/* U+E000 */
		{ { BYTES("\xef\xbf\xbf") }, 1 },		/* U+FFFF */
		{ { BYTES("\xf0\x90\x80\x80") }, 1 },		/* U+10000 */
		{ { BYTES("\xf4\x8f\xbf\xbf") }, 1 },		/* U+10FFFF */
		{ { BYTES("Бишкек") }, 6 },
		{ { BYTES("aé€😀") }, 4 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text	t = cases[i].text;

		cr_expect(str_utf8_valid(t.bytes, t.len), "%zu", i);
		cr_expect_eq(str_utf8_count(t.bytes, t.len), cases[i].count,
		    "%zu", i);
	}
}

Test(str, all_other_bytes_are_not_utf8)
{
	static const struct text	cases[] = {
		{ BYTES("\x80") },
		{ BYTES("\xbf") },	/* begin in the middle */
		{ BYTES("\xc0\x80") }, { BYTES("\xc0\xaf") },	/* overlong */
		{ BYTES("\xc1\xbf") },
		{ BYTES("\xe0\x80\x80") }, { BYTES("\xe0\x9f\xbf") },
		{ BYTES("\xf0\x80\x80\x80") }, { BYTES("\xf0\x8f\xbf\xbf") },
		{ BYTES("\xed\xa0\x80") }, { BYTES("\xed\xbf\xbf") },
		{ BYTES("\xed\xa0\xbd\xed\xb8\x80") },	/* surrogates */
		{ BYTES("\xf4\x90\x80\x80") }, { BYTES("\xf5\x80\x80\x80") },
		{ BYTES("\xf8\x88\x80\x80\x80") }, { BYTES("\xfe") },
		{ BYTES("\xff") },
		{ BYTES("\xc2") }, { BYTES("\xe2\x82") },	/* cut short */
		{ BYTES("\xf0\x9f\x98") }, { BYTES("ab\xd0") },
		{ BYTES("\xc2" "a") }, { BYTES("\xe2\x82" "a") },
		{ BYTES("\xf0\x9f\x98" "a") }, { BYTES("\xc2\xc2\x80") },
		{ BYTES("a\x80z") },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_not(str_utf8_valid(cases[i].bytes, cases[i].len),
		    "%zu", i);
	/* The rest of a character behind the end is not looked at. */
	cr_expect_not(str_utf8_valid("\xe2\x82\xac", 2));
}

Test(str, integers_are_read_to_their_ends)
{
	static const struct {
		const char	*text;
		int64_t		 n;
	} cases[] = {
		{ "0", 0 }, { "-0", 0 }, { "7", 7 }, { "-7", -7 },
		{ "007", 7 }, { "00000000000000000000000000000001", 1 },
		{ "9223372036854775806", INT64_MAX - 1 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775807", -INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t	n = 42;

		cr_expect(str_to_int64(cases[i].text, &n), "%s",
		    cases[i].text);
		cr_expect_eq(n, cases[i].n, "%s", cases[i].text);
	}
}

Test(str, what_is_no_integer_is_refused_and_changes_nothing)
{
	static const char *const	cases[] = {
		"", "-", "--1", "+1", " 1", "1 ", "1\n", "0x10", "1.0", "1e3",
		"1,000", "-1-", "a", "1a", "\x7f", "/", ":", "١",
		"9223372036854775808", "-9223372036854775809",
		"9223372036854775810", "18446744073709551616",
		"99999999999999999999999999999999",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t	n = 42;

		cr_expect_not(str_to_int64(cases[i], &n), "\"%s\"", cases[i]);
		cr_expect_eq(n, 42, "\"%s\"", cases[i]);
	}
}

Test(str, only_ascii_letters_are_compared_without_case)
{
	cr_expect(str_equal_nocase("CaRd_1", "cArD_1"));
	cr_expect(str_equal_nocase("", ""));
	cr_expect_not(str_equal_nocase("card", "cards"));
	cr_expect_not(str_equal_nocase("[", "{"));
	cr_expect_not(str_equal_nocase("@", "`"));
	cr_expect_not(str_equal_nocase("É", "é"));
}

Test(str, a_client_is_an_address_or_a_whole_64_of_ipv6)
{
	static const struct {
		const char	*address;
		const char	*client;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64" },
		{ "2001:db8:0:1::", "2001:db8:0:1::/64" },
		{ "2001:0DB8:0000:0001::9", "2001:db8:0:1::/64" },
		{ "2001:db8:0:2::1", "2001:db8:0:2::/64" },
		{ "fedc:ba98:7654:3210:fedc:ba98:7654:3210",
		    "fedc:ba98:7654:3210::/64" },
		{ "::1", "::/64" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::ffff:c000:201", "192.0.2.1" },
		/* What is no address is whoever it says. */
		{ "", "" }, { "unix:", "unix:" }, { "192.0.2", "192.0.2" },
		{ "2001:db8::1 ", "2001:db8::1 " }, { "[::1]", "[::1]" },
		{ "fe80::1%eth0", "fe80::1%eth0" },
		{ "2001:db8::1/64", "2001:db8::1/64" },
	};
	char	 buf[STR_CLIENT_MAX];

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(str_client(cases[i].address, buf),
		    cases[i].client, "%s", cases[i].address);
}
