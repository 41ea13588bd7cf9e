/*
 * test_query.c: parameters of a query string, and the integers among them.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "http/form.h"
#include "http/query.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define REFUSED "\x7f"	/* no rule accepts it */

Test(query, a_parameter_is_found_by_its_whole_name_and_the_last_one_counts)
{
	static const struct {
		const char	*query;
		const char	*value;	/* of "limit"; NULL = not there */
	} cases[] = {
		{ "", NULL },
		{ "&", NULL }, { "&&&", NULL }, { "=", NULL }, { "=5", NULL },
		{ "limit", "" }, { "limit=", "" }, { "limit&", "" },
		{ "limit=5", "5" },
		{ "limit=5&", "5" },
		{ "&limit=5", "5" }, { "&&limit=5&&", "5" },
		{ "a=1&limit=5&b=2", "5" },
		{ "limit=5&limit=6", "6" },
		{ "limit=5&limit", "" },
		{ "limit=5=6", "5=6" }, { "limit==", "=" },
		{ "limits=5", NULL }, { "limi=5", NULL }, { "xlimit=5", NULL },
		{ "LIMIT=5", NULL }, { "limit =5", NULL },
		{ "a=limit=5", NULL }, { "a=limit", NULL },
		{ "limits=5&limit=6&limits=7", "6" },
		{ "limit;limit=5", NULL },
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*value = query_get(a, cases[i].query, "limit");

		if (cases[i].value == NULL)
			cr_expect_null(value, "%s", cases[i].query);
		else {
			cr_assert_not_null(value, "%s", cases[i].query);
			cr_expect_str_eq(value, cases[i].value, "%s: %s",
			    cases[i].query, value);
		}
	}
	arena_free(a);
}

Test(query, a_value_is_decoded_once_and_what_cannot_be_is_marked)
{
	static const struct {
		const char	*query;
		const char	*value;
	} cases[] = {
		{ "v=a+b", "a b" }, { "v=a%20b", "a b" }, { "v=a%2Bb", "a+b" },
		{ "v=%41%5a%7E", "AZ~" }, { "v=%26%3d", "&=" },
		{ "v=%2541", "%41" },
		{ "v=%D0%96", "Ж" }, { "v=%d0%96&v2", "Ж" }, { "v=Ж", "Ж" },
		{ "v=%0a", "\n" },
		{ "v=%", REFUSED }, { "v=%4", REFUSED }, { "v=a%", REFUSED },
		{ "v=%4&1", REFUSED }, { "v=%&41", REFUSED },
		{ "v=%4g", REFUSED }, { "v=%g4", REFUSED },
		{ "v=%-1", REFUSED },
		{ "v=%%41", REFUSED }, { "v=% 1", REFUSED },
		{ "v=%+1", REFUSED },
		{ "v=%00", REFUSED }, { "v=a%00b", REFUSED },
		{ "v=%ff", REFUSED }, { "v=%c0%af", REFUSED },
		{ "v=%ed%a0%80", REFUSED }, { "v=%d0", REFUSED },
		{ "v=\xff", REFUSED },
		/* a bad one of another name, or not the last: no harm */
		{ "w=%&v=1", "1" }, { "v=%&v=1", "1" },
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*value = query_get(a, cases[i].query, "v");

		cr_assert_not_null(value, "%s", cases[i].query);
		cr_expect_str_eq(value, cases[i].value, "%s: %s",
		    cases[i].query, value);
	}
	arena_free(a);
}

Test(query, an_integer_is_in_its_range_or_a_failure)
{
	static const char	not_int[] = "Input should be a valid integer, "
	    "unable to parse string as an integer";
	static const char	small[] =
	    "Input should be greater than or equal to 1";
	static const char	large[] =
	    "Input should be less than or equal to 100";
	static const struct {
		const char	*query;
		int64_t		 n;
		const char	*failure;	/* NULL = none */
	} cases[] = {
		{ "", 20, NULL }, { "other=7", 20, NULL },
		{ "limit=1", 1, NULL }, { "limit=100", 100, NULL },
		{ "limit=%35", 5, NULL }, { "limit=007", 7, NULL },
		{ "limit=0", 20, small }, { "limit=-1", 20, small },
		{ "limit=101", 20, large },
		{ "limit=9223372036854775807", 20, large },
		{ "limit=9223372036854775808", 20, not_int },
		{ "limit=", 20, not_int }, { "limit", 20, not_int },
		{ "limit=ten", 20, not_int }, { "limit=5.0", 20, not_int },
		{ "limit=+5", 20, not_int }, { "limit=5%20", 20, not_int },
		{ "limit=%00", 20, not_int }, { "limit=%", 20, not_int },
	};
	struct arena	*a = arena_new(1024);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct form	f;

		form_init(&f, a);
		cr_expect_eq(form_query_int(&f, cases[i].query, "limit", 1, 100,
		    20), cases[i].n, "%s", cases[i].query);
		cr_expect_eq(f.count, cases[i].failure != NULL, "%s",
		    cases[i].query);
		if (f.count > 0 && cases[i].failure != NULL) {
			cr_expect_str_eq(f.first, cases[i].failure, "%s: %s",
			    cases[i].query, f.first);
			cr_expect_not_null(strstr(buf_text(&f.failures),
			    "\"loc\":[\"query\",\"limit\"]"));
		}
	}
	arena_free(a);
}
