/*
 * test_text.c: text as people type it: what can be seen of it, and which
 * spellings are one name.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) literal, sizeof(literal) - 1

struct text {
	const char	*bytes;
	size_t		 len;
};

Test(text, what_nobody_sees_goes_from_both_ends_only)
{
	static const struct {
		struct text	text;
		struct text	left;
	} cases[] = {
		{ { BYTES("") }, { BYTES("") } },
		{ { BYTES("a") }, { BYTES("a") } },
		{ { BYTES(" \t\n\v\f\r ") }, { BYTES("") } },
		{ { BYTES("  a b\t ") }, { BYTES("a b") } },
		{ { BYTES("a ") }, { BYTES("a") } },
		{ { BYTES(" a") }, { BYTES("a") } },
		{ { BYTES("\u00a0 Бишкек\u3000") }, { BYTES("Бишкек") } },
		{ { BYTES("a\u00a0b") }, { BYTES("a\u00a0b") } },
		{ { BYTES("\u2003\u2003") }, { BYTES("") } },
		/* nobody sees these */
		{ { BYTES("\u200b") }, { BYTES("") } },
		{ { BYTES("\ufeffa\u2060 \u200d") }, { BYTES("a") } },
		{ { BYTES("\u202d+1\u202c") }, { BYTES("+1") } },
		{ { BYTES("\ufe0f\u0301 \u3164\u2800") }, { BYTES("") } },
		/* a part of what is seen */
		{ { BYTES("a\u200bb ") }, { BYTES("a\u200bb") } },
		{ { BYTES(" e\u0301 ") }, { BYTES("e\u0301") } },
		{ { BYTES("\u2764\ufe0f ") }, { BYTES("\u2764\ufe0f") } },
		/* a control character is for text_is_line() to refuse */
		{ { BYTES("\x1c") }, { BYTES("\x1c") } },
		{ { BYTES("a\a") }, { BYTES("a\a") } },
		/* no UTF-8 is text too */
		{ { BYTES(" \xff ") }, { BYTES("\xff") } },
		{ { BYTES(" \xe2\x80") }, { BYTES("\xe2\x80") } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*p = cases[i].text.bytes;
		size_t		 n = cases[i].text.len;

		text_trim(&p, &n);
		cr_expect_eq(n, cases[i].left.len, "%zu: %zu", i, n);
		cr_expect_eq(memcmp(p, cases[i].left.bytes, n), 0, "%zu", i);
	}
}

Test(text, every_white_space_character_is_trimmed)
{
	static const char *const	spaces[] = {
		"\t", "\n", "\v", "\f", "\r", " ", "\xc2\x85", "\u00a0",
		"\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
		"\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
		"\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
	};

	for (size_t i = 0; i < COUNT(spaces); i++) {
		char		 text[16];
		const char	*p = text;
		size_t		 n;

		strcpy(text, spaces[i]);
		strcat(text, "x");
		strcat(text, spaces[i]);
		n = strlen(text);
		text_trim(&p, &n);
		cr_expect(n == 1 && *p == 'x', "%zu", i);
	}
}

/* Every one of these alone is nothing to be seen. */
static const char *const unseen[] = {
	"", " ", "\t\n", "\u00a0", "\u2003", "\u3000", "\u2028", "\u2029",
	"\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4",
	"\u180b", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e",
	"\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
	"\u2060", "\u2061", "\u2064", "\u2066", "\u2067", "\u2068",
	"\u2069", "\u206a", "\u206f", "\u2800", "\u3164", "\ufe00",
	"\ufe0f", "\ufeff", "\uffa0", "\ufff9", "\uffff", "\U000e0001",
	"\U000e0041", "\U000e007f", "\U000e0100", "\U0001d173",
	"\u0301", "\u20e3", "\u200b\u200b\u200b\u200b\u200b",
	"\u2764\ufe0f" + 3,
};

Test(text, of_what_nobody_sees_nothing_is_left)
{
	for (size_t i = 0; i < COUNT(unseen); i++) {
		const char	*p = unseen[i];
		size_t		 n = strlen(p);

		text_trim(&p, &n);
		cr_expect_eq(n, 0, "%zu: %s", i, unseen[i]);
	}
}

Test(text, what_can_be_seen_stays_as_it_is)
{
	static const char *const	seen[] = {
		"a", "-", "7", "\u0416", "\u6771", "\u0e01\u0e38",
		"\u0939\u093f", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
		"\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001f44d\U0001f3fd",
		"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067"
		    "\U000e007f", "\u0645\u06cc\u200c\u062e\u0648",
		"\ue000", "\u0600", "\ufffd",
	};

	for (size_t i = 0; i < COUNT(seen); i++) {
		const char	*p = seen[i];
		size_t		 n = strlen(p);

		text_trim(&p, &n);
		cr_expect_eq(n, strlen(seen[i]), "%s", seen[i]);
		cr_expect(text_count_seen(p, n) > 0, "%s", seen[i]);
		cr_expect(text_is_line(p, n), "%s", seen[i]);
	}
}

Test(text, a_line_has_no_control_character_and_no_break)
{
	static const struct {
		const char	*text;
		bool		 line;
		bool		 lines;
	} cases[] = {
		{ "", true, true }, { "a b", true, true },
		{ "a\tb", false, true }, { "a\r\nb", false, true },
		{ "a\xc2\x85" "b", false, true }, { "a\u2028b", false, true },
		{ "a\u2029b", false, true }, { "a\x01", false, false },
		{ "\a", false, false }, { "a\x7f", false, false },
		{ "a\xc2\x80", false, false }, { "\x1b[31m", false, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t	n = strlen(cases[i].text);

		cr_expect_eq(text_is_line(cases[i].text, n), cases[i].line,
		    "%zu", i);
		cr_expect_eq(text_is_lines(cases[i].text, n), cases[i].lines,
		    "%zu", i);
	}
}

Test(text, an_email_has_one_sign_with_something_on_both_sides)
{
	static const char *const	good[] = { "a@b", "a.b+c@d.example",
		"жан@пример.example", "e\u0301@x" };
	static const char *const	bad[] = { "", "@", "a@", "@b", "a", "a@@b",
		"a@b@c", "a b@c", "a@b c", "a@\u00a0b", "a@b\r\nBcc: c@d",
		"a\u200b@b", "\u200b@b", "a@\u0301", "a\t@b", "not an email" };

	for (size_t i = 0; i < COUNT(good); i++)
		cr_expect(text_is_email(good[i]), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect_not(text_is_email(bad[i]), "%s", bad[i]);
}

Test(text, the_spellings_of_a_name_are_folded_to_one)
{
	static const char *const	names[][8] = {
		{ "San Juan", "san juan", "SAN  JUAN", "San\u00a0Juan",
		    "San-Juan", "San\u200bJuan", "San Juan.",
		    "\uff33\uff41\uff4e\u3000\uff2a\uff55\uff41\uff4e" },
		{ "Mayag\u00fcez", "Mayagu\u0308ez", "MAYAGUEZ",
		    "Mayaguez", " mayag\u00dcez\t" },
		{ "Kane\u02bbohe", "Kaneohe", "K\u0101ne\u2019ohe",
		    "Kane'ohe", "Kane`ohe" },
		{ "Джалал-Абад", "ДЖАЛАЛ АБАД", "джалал\u2013абад" },
		{ "Ёж", "еж" },
		{ "St. Paul", "St.Paul", "ST PAUL", "St\u2024 Paul" },
		{ "Stra\u00dfe", "STRASSE" },
		{ "\ufb01n", "FIN" },
		{ "\uff76\uff9e", "\u30ac", "\u30ab\u3099" },
		{ "\u212b", "\u00e5", "a" },
	};
	char	first[64], other[64];

	for (size_t i = 0; i < COUNT(names); i++) {
		cr_expect(text_fold(names[i][0], strlen(names[i][0]), first,
		    sizeof(first)));
		for (size_t k = 1; k < 8 && names[i][k] != NULL; k++) {
			cr_expect(text_fold(names[i][k], strlen(names[i][k]),
			    other, sizeof(other)));
			cr_expect_str_eq(other, first, "%s", names[i][k]);
		}
	}
}

Test(text, other_names_are_folded_to_others)
{
	static const char *const	names[] = { "Osh", "Ош", "Hilo", "Halo",
		"\u304b", "\u304c", "\u0e01\u0e38", "\u0e01\u0e39",
		"\u0926\u093f", "\u0926\u0940", "7", "8", "東京", "京都",
		"\U0001f600", "\U0001f601" };
	char				folded[COUNT(names)][64];

	for (size_t i = 0; i < COUNT(names); i++) {
		cr_expect(text_fold(names[i], strlen(names[i]), folded[i],
		    sizeof(folded[i])));
		cr_expect_neq(*folded[i], '\0', "%s", names[i]);
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(folded[i], folded[k], "%s %s",
			    names[i], names[k]);
	}
}

Test(text, what_is_no_utf_8_is_not_folded)
{
	char	out[64];

	cr_expect_not(text_fold("\xc3", 1, out, sizeof(out)));
	cr_expect_not(text_fold("a\xed\xa0\x80", 4, out, sizeof(out)));
	cr_expect(text_fold("", 0, out, 1));
	cr_expect_not(text_fold("", 0, out, 0));
}

Test(text, folding_stays_inside_its_room)
{
	char	out[80];

	for (size_t cap = 0; cap < 12; cap++) {
		memset(out, '#', sizeof(out));
		cr_expect_not(text_fold(BYTES("БИШКЕК"), out, cap));
		for (size_t i = cap; i < sizeof(out); i++)
			cr_assert_eq(out[i], '#', "byte %zu of %zu", i, cap);
	}
	cr_expect_not(text_fold(BYTES("БИШКЕК"), out, 12));
	cr_expect(text_fold(BYTES("БИШКЕК"), out, 13));
	cr_expect_str_eq(out, "бишкек");
	/* One character of three bytes that becomes many. */
	cr_expect_not(text_fold(BYTES("\ufdfa"), out, 8));
	cr_expect(text_fold(BYTES("\ufdfa"), out, sizeof(out)));
}

Test(text, every_code_point_has_a_class_and_is_taken_whole)
{
	enum text_class	 class;
	char		 text[8], out[128];
	int32_t		 got;
	const char	*p;
	size_t		 n, left;

	for (int32_t cp = 1; cp <= 0x10ffff; cp++) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
		text[0] = (char)(n == 1 ? cp : (0xf00 >> n) | cp >> 6 * (n - 1));
		for (size_t i = 1; i < n; i++)
			text[i] = (char)(0x80 | (cp >> 6 * (n - 1 - i) & 0x3f));
		cr_assert_eq(text_next(text, n, &class, &got), n, "%x", cp);
		cr_assert_eq(got, cp);
		cr_assert(text_fold(text, n, out, sizeof(out)), "%x", cp);
		p = text;
		left = n;
		text_trim(&p, &left);
		cr_assert_eq(left, class == TEXT_SEEN ||
		    class == TEXT_CONTROL ? n : 0, "%x", cp);
	}
}
