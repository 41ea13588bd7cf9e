/*
 * test_etag.c: lists of entity tags, as RFC 9110 has them.
 */
#include <criterion/criterion.h>

#include "http/etag.h"

#define TAG	"\"pending-17\""

Test(etag, a_list_says_of_a_tag_what_it_has)
{
	static const struct {
		const char	*list;
		enum etag_match	 match;
	} cases[] = {
		{ "\"pending-17\"", ETAG_STRONG },
		{ " \t\"pending-17\"\t ", ETAG_STRONG },
		{ "W/\"pending-17\"", ETAG_WEAK },
		{ "\"a\", \"pending-17\", \"b\"", ETAG_STRONG },
		{ "\"a\",\"pending-17\"", ETAG_STRONG },
		{ "\"pending-17\" ,\t\"a\"", ETAG_STRONG },
		{ "W/\"pending-17\", \"pending-17\"", ETAG_STRONG },
		{ "\"pending-17\", W/\"pending-17\"", ETAG_STRONG },
		{ "\"a\", W/\"pending-17\"", ETAG_WEAK },
		{ ",, \"pending-17\" ,,", ETAG_STRONG },
		{ "*", ETAG_ANY }, { " * ", ETAG_ANY },
		/* other tags */
		{ "\"\"", ETAG_ABSENT }, { "\"a\"", ETAG_ABSENT },
		{ "\"pending-1\"", ETAG_ABSENT },
		{ "\"pending-177\"", ETAG_ABSENT },
		{ "\"PENDING-17\"", ETAG_ABSENT },
		{ "\"*\"", ETAG_ABSENT }, { "\"a,b\"", ETAG_ABSENT },
		{ "\",\", \"\\\"", ETAG_ABSENT },
		{ "\"\xc3\xa9\xff\"", ETAG_ABSENT },
		/* no list of tags */
		{ "", ETAG_MALFORMED }, { " ", ETAG_MALFORMED },
		{ ",", ETAG_MALFORMED }, { "pending-17", ETAG_MALFORMED },
		{ "'pending-17'", ETAG_MALFORMED },
		{ "\"pending-17", ETAG_MALFORMED },
		{ "pending-17\"", ETAG_MALFORMED },
		{ "\"", ETAG_MALFORMED }, { "W/", ETAG_MALFORMED },
		{ "W/*", ETAG_MALFORMED }, { "W/ \"a\"", ETAG_MALFORMED },
		{ "w/\"pending-17\"", ETAG_MALFORMED },
		{ "W\"pending-17\"", ETAG_MALFORMED },
		{ "\"pending-17\"\"a\"", ETAG_MALFORMED },
		{ "\"pending-17\" \"a\"", ETAG_MALFORMED },
		{ "\"pending-17\"; \"a\"", ETAG_MALFORMED },
		{ "\"pending-17\", a", ETAG_MALFORMED },
		{ "\"pending-17\", *", ETAG_MALFORMED },
		{ "*, \"pending-17\"", ETAG_MALFORMED },
		{ "**", ETAG_MALFORMED }, { "* *", ETAG_MALFORMED },
		{ "\"a b\", \"pending-17\"", ETAG_MALFORMED },
		{ "\"a\tb\"", ETAG_MALFORMED }, { "\"\x7f\"", ETAG_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum etag_match	match = etag_find(cases[i].list, TAG);

		cr_expect_eq(match, cases[i].match, "<%s>: %d",
		    cases[i].list, (int)match);
	}
}

/* What callers rely on: "at least". */
Test(etag, matches_are_in_the_order_of_what_they_are_worth)
{
	cr_expect(ETAG_MALFORMED < ETAG_ABSENT && ETAG_ABSENT < ETAG_WEAK &&
	    ETAG_WEAK < ETAG_STRONG && ETAG_STRONG < ETAG_ANY);
}
