/*
 * test_pricing.c: tax, shipping and payment, with the shipped markets and one
 * that is made here.
 */

#include "base/money.h"
#include "base/secret.h"
#include "config/market_dir.h"
#include "market/market.h"
#include "scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct scratch	 scratch;
static const struct market *kg, *us;
static const struct place nowhere;

static void
load(void)
{
	struct market_registry	*r;

	scratch_init(&scratch);
	r = market_load(TOP_SRCDIR "/etc/markets.d", "kg", TOP_SRCDIR "/etc",
	    true, scratch.arena, &scratch.errors);
	scratch_expect_none(&scratch, "etc/markets.d");
	kg = market_find(r, "kg");
	us = market_find(r, "us");
}

static void
unload(void)
{
	scratch_free(&scratch);
}

static const char *
zone_name(const struct market *m, const char *city, const char *state,
    const char *postcode)
{
	const struct place	place = { city, state, postcode };

	return pricing_zone(m, &place)->name;
}

Test(pricing, a_city_picks_its_zone_however_it_is_typed, .init = load,
    .fini = unload)
{
	static const struct {
		const char	*city;
		const char	*zone;
	} cases[] = {
		{ "Anchorage", "Alaska" },
		{ "anchorage", "Alaska" },
		{ " ANCHORAGE \t", "Alaska" },
		{ "Alaska", "Alaska" },
		{ "hawaii", "Hawaii" },
		{ "Honolulu.", "Hawaii" },
		{ "L\u012bhu\u02bbe", "Hawaii" },
		{ "San Juan", "Puerto Rico" },
		{ "San  Juan", "Puerto Rico" },
		{ "San\u00a0\u2003Juan", "Puerto Rico" },
		{ "san-juan", "Puerto Rico" },
		{ "San Juan, PR", "Puerto Rico" },
		{ "San Juan,pr 00901", "Puerto Rico" },
		{ "San Juan PR", "Puerto Rico" },
		{ "San Juan, Puerto Rico", "Puerto Rico" },
		{ "Aguadilla, P.R.", "Puerto Rico" },
		{ "San Juan, TX", "Continental US" },
		{ "San Juan, TX 78589", "Continental US" },
		{ "bayam\xc3\xb3n", "Puerto Rico" },
		{ "BAYAM\xc3\x93N", "Puerto Rico" },
		{ "Bayamo\u0301n", "Puerto Rico" },
		{ "Mayaguez", "Puerto Rico" },
		{ "\uff30\uff4f\uff4e\uff43\uff45", "Puerto Rico" },
		{ "Anchorage\u200b", "Alaska" },
		{ "Chicago", "Continental US" },
		{ "Continental US", "Continental US" },
		{ "", "Continental US" },
		{ "   ", "Continental US" },
		{ "...", "Continental US" },
		{ ",", "Continental US" },
		{ NULL, "Continental US" },
		{ "\xff\xfe", "Continental US" },
	};
	char	long_city[4096];

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(zone_name(us, cases[i].city, NULL, NULL),
		    cases[i].zone, "%s", cases[i].city);
	memset(long_city, 'a', sizeof(long_city) - 1);
	long_city[sizeof(long_city) - 1] = '\0';
	cr_expect_str_eq(zone_name(us, long_city, NULL, NULL),
	    "Continental US");
}

Test(pricing, a_postcode_beats_a_state_and_a_state_beats_a_city, .init = load,
    .fini = unload)
{
	static const struct {
		const char	*city;
		const char	*state;
		const char	*postcode;
		const char	*zone;
	} cases[] = {
		{ "San Juan", "PR", NULL, "Puerto Rico" },
		{ "San Juan", "Puerto Rico", "", "Puerto Rico" },
		{ "San Juan", "TX", NULL, "Continental US" },
		{ "San Juan", NULL, "78589", "Continental US" },
		{ "San Juan", NULL, "00901-1234", "Puerto Rico" },
		{ "San Juan", "TX", "00901", "Puerto Rico" },
		{ "San Juan, PR", "TX", NULL, "Continental US" },
		{ "San Juan", "hawaii", NULL, "Hawaii" },
		{ "San Juan", "HI", "99501", "Alaska" },
		{ "Chicago", "IL", "60601", "Continental US" },
		{ "Chicago", "ak", NULL, "Alaska" },
		{ "Chicago", "AK", "60601", "Continental US" },
		{ NULL, "A K", NULL, "Alaska" },
		{ NULL, NULL, " 9 9 5 01", "Alaska" },
		{ NULL, NULL, "00", "Continental US" },
		{ "Honolulu", " ", "\u200b", "Hawaii" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(zone_name(us, cases[i].city, cases[i].state,
		    cases[i].postcode), cases[i].zone, "case %zu", i);
}

Test(pricing, where_a_city_alone_cannot_tell_the_market_may_say_what_counts)
{
	static const char *none[] = { NULL };
	static const char *mainland[] = { "mainland", NULL };
	static const char *island[] = { "island", "sanjuan", NULL };
	static const char *island_states[] = { "pr", NULL };
	static const char *village[] = { "village", "culebra", NULL };
	static struct market m = { .zone_count = 3, .zones = {
		{ .name = "mainland", .folded = mainland,
		    .folded_states = none, .folded_postcodes = none },
		{ .name = "island", .folded = island,
		    .folded_states = island_states, .folded_postcodes = none },
		{ .name = "village", .folded = village,
		    .folded_states = none, .folded_postcodes = none } } };

	m.default_zone = &m.zones[0];
	cr_expect_str_eq(zone_name(&m, "San Juan", NULL, NULL), "island");
	m.unsure_zone = &m.zones[0];
	cr_expect_str_eq(zone_name(&m, "San Juan", NULL, NULL), "mainland");
	cr_expect_str_eq(zone_name(&m, "San Juan", "PR", NULL), "island");
	cr_expect_str_eq(zone_name(&m, "San Juan, PR", NULL, NULL), "island");
	cr_expect_str_eq(zone_name(&m, "San Juan PR", NULL, NULL), "island");
	cr_expect_str_eq(zone_name(&m, "Island", NULL, NULL), "island");
	/* The zone lists nothing that could tell it. */
	cr_expect_str_eq(zone_name(&m, "Culebra", NULL, NULL), "village");
}

Test(pricing, a_cyrillic_city_is_found_in_any_case)
{
	static const char *const found[] = {
		"Ош", "ОШ", "ош", "бишкек", "БИШКЕК", " БиШкЕк ",
		"джалал-абад", "Джалал Абад"
	};
	static const char *none[] = { NULL };
	static const char *folded_osh[] = { "ош", "бишкек", "джалалабад",
	    NULL };
	static const char *folded_rest[] = { "rest", NULL };
	static struct market m = { .zone_count = 2, .zones = {
		{ .name = "rest", .folded = folded_rest,
		    .folded_states = none, .folded_postcodes = none },
		{ .name = "cities", .folded = folded_osh,
		    .folded_states = none, .folded_postcodes = none } } };

	m.default_zone = &m.zones[0];
	for (size_t i = 0; i < COUNT(found); i++)
		cr_expect_str_eq(zone_name(&m, found[i], NULL, NULL),
		    "cities", "%s", found[i]);
	cr_expect_str_eq(zone_name(&m, "Токмок", NULL, NULL), "rest");
}

Test(pricing, an_order_costs_its_parts_exactly, .init = load, .fini = unload)
{
	static const struct {
		bool		 in_us;
		int64_t		 subtotal;
		const char	*city;
		struct pricing	 expected;
	} cases[] = {
		/* us: 8 % added, 9.99, free from 100 exactly */
		{ true, 4998, "Chicago", { 4998, 400, 999, 6397 } },
		{ true, 9999, "Chicago", { 9999, 800, 999, 11798 } },
		{ true, 10000, "Chicago", { 10000, 800, 0, 10800 } },
		{ true, 10001, NULL, { 10001, 800, 0, 10801 } },
		/* never free */
		{ true, 1000000, "Honolulu", { 1000000, 80000, 1999,
		    1081999 } },
		{ true, 1, "SITKA", { 1, 0, 1999, 2000 } },
		{ true, 0, "", { 0, 0, 999, 999 } },
		/* kg: 12 % included, 150, free from 5000 exactly */
		{ false, 499999, "Ош", { 499999, 53571, 15000, 514999 } },
		{ false, 500000, "БИШКЕК", { 500000, 53571, 0, 500000 } },
		{ false, 11200, "Нарын", { 11200, 1200, 15000, 26200 } },
		/* at the edge of what fits */
		{ false, INT64_MAX, NULL, { INT64_MAX, 988218432520154551, 0,
		    INT64_MAX } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pricing		 p = { 0 };
		const struct pricing	*e = &cases[i].expected;

		cr_expect(pricing_total(cases[i].in_us ? us : kg,
		    cases[i].subtotal, &(const struct place){ cases[i].city,
		    NULL, NULL }, &p), "case %zu", i);
		cr_expect(p.subtotal == e->subtotal && p.tax == e->tax &&
		    p.shipping == e->shipping && p.total == e->total,
		    "case %zu: %lld, tax %lld, shipping %lld, total %lld", i,
		    (long long)p.subtotal, (long long)p.tax,
		    (long long)p.shipping, (long long)p.total);
	}
}

Test(pricing, an_order_that_does_not_fit_is_refused, .init = load,
    .fini = unload)
{
	struct pricing	p = { .total = 42 };

	cr_expect_not(pricing_total(us, INT64_MAX, &nowhere, &p));
	cr_expect_not(pricing_total(us, INT64_MAX - 1000,
	    &(const struct place){ .city = "Hilo" }, &p));
	cr_expect_not(pricing_total(us, -1, &nowhere, &p));
	cr_expect_not(pricing_total(kg, INT64_MIN, &nowhere, &p));
	cr_expect_eq(p.total, 42);
}

Test(pricing, delivery_is_taxed_as_the_goods_are_where_the_market_says_so)
{
	static const char	*none[] = { NULL };
	static struct market	 m = { .zone_count = 1,
		.zones = { { .name = "all", .folded = none,
		    .folded_states = none, .folded_postcodes = none,
		    .cost = 999, .free_from = 10000 } },
		.tax = { .rate = 80000, .shipping = true } };
	struct pricing		 p;

	m.default_zone = &m.zones[0];
	/* 8 % of 49.98 + 9.99 = 4.7976 */
	cr_expect(pricing_total(&m, 4998, &nowhere, &p));
	cr_expect(p.tax == 480 && p.shipping == 999 && p.total == 6477);
	/* rounded once: 0.08 * (0.07 + 9.99) = 0.8048 */
	cr_expect(pricing_total(&m, 7, &nowhere, &p));
	cr_expect(p.tax == 80 && p.total == 7 + 999 + 80);
	cr_expect(pricing_total(&m, 10000, &nowhere, &p));
	cr_expect(p.tax == 800 && p.total == 10800);
	m.tax.included = true;
	/* 59.97 * 8 / 108 = 4.442... */
	cr_expect(pricing_total(&m, 4998, &nowhere, &p));
	cr_expect(p.tax == 444 && p.total == 5997);
	cr_expect_not(pricing_total(&m, INT64_MAX, &nowhere, &p) &&
	    p.total < 0);
}

Test(pricing, shipping_can_cost_nothing_from_the_start)
{
	static const char	*none[] = { NULL };
	static struct market	 m = { .zone_count = 1,
		.zones = { { .name = "all", .folded = none,
		    .folded_states = none, .folded_postcodes = none,
		    .cost = 500,
		    .free_from = 0 } }, .tax = { .rate = 0 } };
	struct pricing		 p;

	m.default_zone = &m.zones[0];
	cr_expect(pricing_total(&m, 0, &nowhere, &p));
	cr_expect_eq(p.total, 0);
	m.zones[0].free_from = -1;
	cr_expect(pricing_total(&m, 0, &nowhere, &p));
	cr_expect_eq(p.total, 500);
}

Test(pricing, a_way_to_pay_is_found_by_name_or_alias, .init = load,
    .fini = unload)
{
	static const struct {
		bool		 in_us;
		const char	*name;
		const char	*method;	/* NULL: refused */
	} cases[] = {
		{ false, "card", "card" },
		{ false, "CARD", "card" },
		{ false, "cash", "cash_on_delivery" },
		{ false, "Cash", "cash_on_delivery" },
		{ false, "cash_on_delivery", "cash_on_delivery" },
		{ false, "bank_transfer", "bank_transfer" },
		{ false, "paypal", NULL },
		{ true, "paypal", "paypal" },
		{ true, "apple_pay", "apple_pay" },
		{ true, "google_pay", "google_pay" },
		{ true, "cash", NULL },
		{ true, "", NULL },
		{ true, "card ", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*method = pricing_payment(
		    cases[i].in_us ? us : kg, cases[i].name);

		if (cases[i].method == NULL)
			cr_expect_null(method, "%s", cases[i].name);
		else
			cr_expect(method != NULL &&
			    strcmp(method, cases[i].method) == 0, "%s",
			    cases[i].name);
	}
}
