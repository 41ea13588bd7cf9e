/*
 * test_money.c: amounts at their edges.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/money.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(money, text_becomes_minor_units_exactly)
{
	static const struct {
		const char	*text;
		unsigned	 digits;
		int64_t		 amount;
	} cases[] = {
		{ "9.99", 2, 999 },
		{ "5000", 2, 500000 },
		{ "0", 2, 0 },
		{ "0.01", 2, 1 },
		{ "0.1", 2, 10 },
		{ "-0.01", 2, -1 },
		{ "-0", 2, 0 },
		{ "007.50", 2, 750 },
		{ "5", 0, 5 },
		{ "1.234", 3, 1234 },
		{ "1.2345", 4, 12345 },
		{ "92233720368547758.07", 2, INT64_MAX },
		{ "-92233720368547758.08", 2, INT64_MIN },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775808", 0, INT64_MIN },
		{ "922337203685477.5807", 4, INT64_MAX },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t	out = 42;

		cr_expect(money_parse(cases[i].text, cases[i].digits, &out),
		    "%s", cases[i].text);
		cr_expect_eq(out, cases[i].amount, "%s: %lld", cases[i].text,
		    (long long)out);
	}
}

Test(money, text_that_is_no_amount_is_refused_and_changes_nothing)
{
	static const struct {
		const char	*text;
		unsigned	 digits;
	} cases[] = {
		{ "", 2 }, { "-", 2 }, { ".", 2 }, { "1.", 2 }, { ".5", 2 },
		{ "-.5", 2 }, { "1.234", 2 }, { "1.0", 0 }, { "1.", 0 },
		{ "+1", 2 }, { " 1", 2 }, { "1 ", 2 }, { "1,5", 2 },
		{ "1e3", 2 }, { "0x10", 2 }, { "nan", 2 }, { "1.2.3", 4 },
		{ "--1", 2 }, { "1-", 2 }, { "1", 5 },
		{ "92233720368547758.08", 2 },
		{ "-92233720368547758.09", 2 },
		{ "92233720368547759", 2 },
		{ "9223372036854775808", 0 },
		{ "-9223372036854775809", 0 },
		{ "99999999999999999999999999", 2 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t	out = 42;

		cr_expect_not(money_parse(cases[i].text, cases[i].digits,
		    &out), "\"%s\"", cases[i].text);
		cr_expect_eq(out, 42, "\"%s\"", cases[i].text);
	}
}

Test(money, an_amount_is_printed_exactly_and_can_be_read_again)
{
	static const struct {
		int64_t		 amount;
		unsigned	 digits;
		const char	*text;
	} cases[] = {
		{ 999, 2, "9.99" },
		{ 100, 2, "1.00" },
		{ 5, 2, "0.05" },
		{ 50, 2, "0.50" },
		{ 0, 2, "0.00" },
		{ 0, 0, "0" },
		{ 5, 0, "5" },
		{ -5, 2, "-0.05" },
		{ -12345, 4, "-1.2345" },
		{ 1, 3, "0.001" },
		{ INT64_MAX, 2, "92233720368547758.07" },
		{ INT64_MIN, 2, "-92233720368547758.08" },
		{ INT64_MIN, 0, "-9223372036854775808" },
		{ INT64_MIN, 4, "-922337203685477.5808" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char	out[MONEY_TEXT_MAX];
		int64_t	again = 42;

		cr_expect_eq(money_format(cases[i].amount, cases[i].digits,
		    out), strlen(cases[i].text), "%s", cases[i].text);
		cr_expect_str_eq(out, cases[i].text);
		cr_expect(money_parse(out, cases[i].digits, &again));
		cr_expect_eq(again, cases[i].amount, "%s", out);
	}
}

Test(money, sums_and_products_refuse_overflow)
{
	int64_t	out = 42;

	cr_expect(money_add(INT64_MAX - 1, 1, &out) && out == INT64_MAX);
	cr_expect(money_add(INT64_MIN, INT64_MAX, &out) && out == -1);
	cr_expect_not(money_add(INT64_MAX, 1, &out));
	cr_expect_not(money_add(INT64_MIN, -1, &out));
	cr_expect_eq(out, -1);
	cr_expect(money_times(2499, 100, &out) && out == 249900);
	cr_expect(money_times(INT64_MIN, 1, &out) && out == INT64_MIN);
	cr_expect_not(money_times(INT64_MIN, -1, &out));
	cr_expect_not(money_times(INT64_MAX / 2 + 1, 2, &out));
	cr_expect_eq(out, INT64_MIN);
}

Test(money, added_tax_is_rounded_half_up_once)
{
	static const struct {
		int64_t		amount;
		uint32_t	rate;
		int64_t		tax;
	} cases[] = {
		{ 4998, 80000, 400 },		/* 399.84 */
		{ 0, 80000, 0 },
		{ 1, 80000, 0 },		/* 0.08 */
		{ 6, 80000, 0 },		/* 0.48 */
		{ 7, 80000, 1 },		/* 0.56 */
		{ 50, 10000, 1 },		/* 0.5 exactly: up */
		{ 49, 10000, 0 },		/* 0.49 */
		{ 150, 10000, 2 },		/* 1.5 exactly: up, not even */
		{ 250, 10000, 3 },		/* 2.5 exactly: up, not even */
		{ 10000, 88750, 888 },		/* 887.5 exactly */
		{ 9999, 88750, 887 },		/* 887.41 */
		{ 1, MONEY_RATE_ONE, 1 },
		{ 1, 500000, 1 },
		{ 1, 499999, 0 },
		{ 12345, 0, 0 },
		{ INT64_MAX, MONEY_RATE_ONE, INT64_MAX },
		{ INT64_MAX, 0, 0 },
		{ INT64_MAX, 1, 9223372036855 },
		{ INT64_MAX, 500000, 4611686018427387904 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t	tax = -1;

		cr_expect(money_tax_added(cases[i].amount, cases[i].rate,
		    &tax));
		cr_expect_eq(tax, cases[i].tax, "%lld at %u: %lld",
		    (long long)cases[i].amount, cases[i].rate,
		    (long long)tax);
	}
}

Test(money, included_tax_is_the_part_of_the_amount_that_is_tax)
{
	static const struct {
		int64_t		amount;
		uint32_t	rate;
		int64_t		tax;
	} cases[] = {
		{ 11200, 120000, 1200 },
		{ 10000, 120000, 1071 },	/* 1071.43 */
		{ 500000, 120000, 53571 },	/* 53571.43 */
		{ 0, 120000, 0 },
		{ 1, 120000, 0 },		/* 0.107 */
		{ 4, 120000, 0 },		/* 0.43 */
		{ 5, 120000, 1 },		/* 0.54 */
		{ 14, 120000, 2 },		/* 1.5 exactly: up */
		{ 1, MONEY_RATE_ONE, 1 },	/* 0.5 exactly: up */
		{ 777, 0, 0 },
		{ INT64_MAX, 0, 0 },
		{ INT64_MAX, MONEY_RATE_ONE, 4611686018427387904 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t	tax = -1;

		cr_expect(money_tax_included(cases[i].amount, cases[i].rate,
		    &tax));
		cr_expect_eq(tax, cases[i].tax, "%lld at %u: %lld",
		    (long long)cases[i].amount, cases[i].rate,
		    (long long)tax);
	}
}

Test(money, tax_agrees_with_wide_arithmetic)
{
	__extension__ typedef unsigned __int128	wide;
	uint64_t	seed = 88172645463325252;

	for (int i = 0; i < 100000; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		int64_t		amount = (int64_t)(seed >> 1 >> (seed % 60));
		uint32_t	rate = (uint32_t)(seed % (MONEY_RATE_ONE + 1));
		wide		product = (wide)amount * rate;
		wide		base = (wide)MONEY_RATE_ONE + rate;
		int64_t		tax = -1;

		cr_assert(money_tax_added(amount, rate, &tax));
		cr_assert(tax == (int64_t)((product + MONEY_RATE_ONE / 2) /
		    MONEY_RATE_ONE));
		cr_assert(money_tax_included(amount, rate, &tax));
		cr_assert(tax == (int64_t)((2 * product + base) / (2 * base)));
	}
}

Test(money, tax_on_a_negative_amount_or_a_rate_over_all_is_refused)
{
	int64_t	tax = 42;

	cr_expect_not(money_tax_added(-1, 80000, &tax));
	cr_expect_not(money_tax_included(INT64_MIN, 80000, &tax));
	cr_expect_not(money_tax_added(1, MONEY_RATE_ONE + 1, &tax));
	cr_expect_not(money_tax_included(1, UINT32_MAX, &tax));
	cr_expect_eq(tax, 42);
}
