/*
 * test_phone.c: phone numbers and their markets. The markets are made here,
 * without files: only their phone rules matter.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "market/market.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct market markets[] = {
	{ .name = "do", .phone = { .prefixes = (const char *[]){ "+1809", "+1829", NULL },
	    .example = "+1XXXXXXXXXX", .pattern = "^\\+18[02]9[0-9]{7}$",
	    .format = "+1 XXX XXX XXXX" } },
	{ .name = "kg", .phone = { .prefixes = (const char *[]){ "+996", NULL },
	    .international = (const char *[]){ "00", NULL },
	    .example = "+996XXXXXXXXX", .pattern = "^\\+996[0-9]{9}$",
	    .format = "+996 XXX XXX XXX" } },
	{ .name = "us", .phone = { .prefixes = (const char *[]){ "+1", NULL },
	    .international = (const char *[]){ "011", "0011", NULL },
	    .example = "+1XXXXXXXXXX", .pattern = "^\\+1[0-9]{10}$",
	    .format = "+1 (XXX) XXX-XXXX" } },
};

static const struct market_registry registry = {
	.markets = markets, .count = COUNT(markets),
	.default_market = &markets[1]
};

static void
compile_patterns(void)
{
	for (size_t i = 0; i < COUNT(markets); i++) {
		cr_assert_eq(regcomp(&markets[i].phone.regex,
		    markets[i].phone.pattern, REG_EXTENDED | REG_NOSUB), 0);
		markets[i].phone.compiled = true;
	}
}

static void
free_patterns(void)
{
	for (size_t i = 0; i < COUNT(markets); i++)
		regfree(&markets[i].phone.regex);
}

Test(phone, spaces_hyphens_and_parentheses_are_taken_away)
{
	static const struct {
		const char	*text;
		const char	*number;
	} cases[] = {
		{ "+13128059851", "+13128059851" },
		{ "13128059851", "+13128059851" },
		{ "+1 (312) 805-9851", "+13128059851" },
		{ "(312) 805-9851", "+3128059851" },
		{ "  +996 505 231 255  ", "+996505231255" },
		{ "(+996)505231255", "+996505231255" },
		{ "7", "+7" },
		{ "+1.312.805.9851", "+13128059851" },
		{ "\u202d+13128059851\u202c", "+13128059851" },
		{ "+1\u200e 312\ufe0d8059851\u200b", "+13128059851" },
		{ "+1\u2013312\u2212805\u00ad9851\u2011", "+13128059851" },
		{ "+1\u00a0312\u3000805\u20039851\r\n", "+13128059851" },
		/* what is dialled for the '+', the longest */
		{ "00996505231255", "+996505231255" },
		{ "00 (996) 505-231-255", "+996505231255" },
		{ "011 996 505 231 255", "+996505231255" },
		{ "0011996505231255", "+996505231255" },
		{ "+00996505231255", "+00996505231255" },
		{ "+1234567890123456789", "+1234567890123456789" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char	out[PHONE_MAX + 1];

		cr_expect(phone_normalise(&registry, cases[i].text, out), "%s",
		    cases[i].text);
		cr_expect_str_eq(out, cases[i].number);
	}
}

Test(phone, what_is_no_number_is_refused)
{
	static const char *const cases[] = {
		"", "+", "  ", "()", "++1", "1+2", "+1a", "+1/5", "+1\t2",
		"+1\n2", "+1\a", "00", "011", "+1\u0301", "1\u2028" "2", "1,2", "+12345678901234567890", "12345678901234567890",
		"\xd9\xa1\xd9\xa2", "\uff11\uff12", "+1\xff" "2",
		"99999999999999999999999999999999999999999999999999999999",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char	out[PHONE_MAX + 1];

		cr_expect_not(phone_normalise(&registry, cases[i], out), "%s", cases[i]);
		cr_expect_str_eq(out, "");
	}
}

Test(phone, the_longest_prefix_has_the_number)
{
	static const struct {
		const char	*number;
		const char	*market;
	} cases[] = {
		{ "+13128059851", "us" },
		{ "+18095551234", "do" },
		{ "+18295551234", "do" },
		{ "+1809", "do" },
		{ "+180", "us" },
		{ "+1", "us" },
		{ "+996505231255", "kg" },
		{ "+99", "kg" },		/* nobody's: the default */
		{ "+442071234567", "kg" },
		{ "+", "kg" },
		{ "", "kg" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(phone_market(&registry,
		    cases[i].number)->name, cases[i].market, "%s",
		    cases[i].number);
}

Test(phone, a_market_accepts_its_own_pattern_only, .init = compile_patterns,
    .fini = free_patterns)
{
	static const struct {
		size_t		 market;
		const char	*number;
		bool		 valid;
	} cases[] = {
		{ 2, "+13128059851", true },
		{ 2, "+1312805985", false },
		{ 2, "+131280598511", false },
		{ 2, "+996505231255", false },
		{ 2, "13128059851", false },
		{ 2, "+13128059851\n", false },
		{ 2, "", false },
		{ 1, "+996505231255", true },
		{ 1, "+13128059851", false },
		{ 0, "+18095551234", true },
		{ 0, "+13128059851", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(phone_valid(&markets[cases[i].market],
		    cases[i].number), cases[i].valid, "%s", cases[i].number);
}

Test(phone, a_number_fills_the_format_or_is_shown_as_it_is)
{
	static const struct {
		size_t		 market;
		const char	*number;
		const char	*text;
	} cases[] = {
		{ 2, "+13128059851", "+1 (312) 805-9851" },
		{ 1, "+996505231255", "+996 505 231 255" },
		{ 0, "+18095551234", "+1 809 555 1234" },
		{ 0, "+18295551234", "+1 829 555 1234" },
		{ 2, "+1312805985", "+1312805985" },
		{ 2, "+131280598511", "+131280598511" },
		{ 2, "+996505231255", "+996505231255" },
		{ 2, "+1", "+1" },
		{ 2, "", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char	out[64];

		phone_display(&markets[cases[i].market], cases[i].number, out);
		cr_expect_str_eq(out, cases[i].text);
	}
}
