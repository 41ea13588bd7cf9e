/*
 * test_phone.c: phone numbers and their markets. The markets are made here,
 * without files: only their phone rules matter.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "market/market.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct market markets[] = {
	{ .name = "do", .phone = { .prefix = "+1809",
	    .pattern = "^\\+1809[0-9]{7}$", .format = "+1809 XXX XXXX" } },
	{ .name = "kg", .phone = { .prefix = "+996",
	    .pattern = "^\\+996[0-9]{9}$", .format = "+996 XXX XXX XXX" } },
	{ .name = "us", .phone = { .prefix = "+1",
	    .pattern = "^\\+1[0-9]{10}$", .format = "+1 (XXX) XXX-XXXX" } },
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
		{ "+1234567890123456789", "+1234567890123456789" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char	out[PHONE_MAX + 1];

		cr_expect(phone_normalise(cases[i].text, out), "%s",
		    cases[i].text);
		cr_expect_str_eq(out, cases[i].number);
	}
}

Test(phone, what_is_no_number_is_refused)
{
	static const char *const cases[] = {
		"", "+", "  ", "()", "++1", "1+2", "+1a", "+1.5", "+1\t2",
		"+1\n", "+12345678901234567890", "12345678901234567890",
		"\xd9\xa1\xd9\xa2", "+1\xc2\xa0" "2",
		"99999999999999999999999999999999999999999999999999999999",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char	out[PHONE_MAX + 1];

		cr_expect_not(phone_normalise(cases[i], out), "%s", cases[i]);
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
		{ 0, "+18095551234", "+1809 555 1234" },
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
