/*
 * text.c: text as people type it (see text.h), over libutf8proc.
 */
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"

#define FOLD_ONE_MAX	32	/* code points of one: at most 18 (U+FDFA) */
#define BRAILLE_BLANK	0x2800	/* the only symbol with nothing in it */
#define ZERO_WIDTH_NON_JOINER 0x200c
#define MINUS_SIGN	0x2212	/* to Unicode a sign, to people a dash */

/* ---- classes ---- */

/* Whether a control character is white space, as ASCII and Unicode have it. */
static bool
is_control_space(int32_t cp)
{
	return (cp >= '\t' && cp <= '\r') || cp == 0x85;
}

/* Whether it will never be a character: the two at the end of each plane, and
 * 32 more. */
static bool
is_no_character(int32_t cp)
{
	return (cp & 0xfffe) == 0xfffe || (cp >= 0xfdd0 && cp <= 0xfdef);
}

/* The class of a character that Unicode lists as one to be ignored where it
 * cannot be shown, or as a format character. */
static enum text_class
class_of_unseen(const utf8proc_property_t *p)
{
	if (p->category == UTF8PROC_CATEGORY_CF && !p->ignorable)
		/* U+0600 is a sign with digits in it. */
		return p->bidi_class == UTF8PROC_BIDI_CLASS_AN ? TEXT_SEEN :
		    TEXT_UNSEEN;
	if (p->category == UTF8PROC_CATEGORY_CF &&
	    p->bidi_class != UTF8PROC_BIDI_CLASS_BN)
		return TEXT_TURN;
	if (p->boundclass == UTF8PROC_BOUNDCLASS_ZWJ ||
	    p->boundclass == UTF8PROC_BOUNDCLASS_EXTEND)
		return TEXT_JOIN;
	return TEXT_UNSEEN;
}

/* The class of a code point. What is not assigned may be a new emoji. */
static enum text_class
class_of(int32_t cp)
{
	const utf8proc_property_t	*p = utf8proc_get_property(cp);

	switch (p->category) {
	case UTF8PROC_CATEGORY_CC:
		return is_control_space(cp) ? TEXT_BREAK : TEXT_CONTROL;
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return TEXT_BREAK;
	case UTF8PROC_CATEGORY_ZS:
		return TEXT_SPACE;
	case UTF8PROC_CATEGORY_CF:
		return class_of_unseen(p);
	default:
		break;
	}
	if (p->ignorable)
		return class_of_unseen(p);
	if (is_no_character(cp))
		return TEXT_UNSEEN;
	if (cp == BRAILLE_BLANK)
		return TEXT_SPACE;
	return p->category >= UTF8PROC_CATEGORY_MN &&
	    p->category <= UTF8PROC_CATEGORY_ME ? TEXT_MARK : TEXT_SEEN;
}

size_t
text_next(const char *s, size_t n, enum text_class *class, int32_t *cp)
{
	utf8proc_int32_t	 one;
	utf8proc_ssize_t	 len;

	if ((unsigned char)*s < 0x80) {
		one = (unsigned char)*s;
		len = 1;
	} else
		len = utf8proc_iterate((const utf8proc_uint8_t *)s,
		    (utf8proc_ssize_t)n, &one);
	if (len < 1) {		/* not ours to judge */
		*class = TEXT_SEEN;
		*cp = -1;
		return 1;
	}
	*class = class_of(one);
	*cp = one;
	return (size_t)len;
}

bool
text_is_dash(int32_t cp)
{
	return cp == MINUS_SIGN ||
	    utf8proc_category(cp) == UTF8PROC_CATEGORY_PD;
}

/* ---- what is seen ---- */

void
text_trim(const char **s, size_t *n)
{
	size_t		 start = *n, end = 0, len;
	enum text_class	 class;
	int32_t		 cp;

	for (size_t at = 0; at < *n; at += len) {
		len = text_next(*s + at, *n - at, &class, &cp);
		if (class == TEXT_SEEN || class == TEXT_CONTROL) {
			start = start < at ? start : at;
			end = at + len;
		} else if (end == at && at > start && (class == TEXT_MARK ||
		    (class == TEXT_JOIN && cp != ZERO_WIDTH_NON_JOINER &&
		    utf8proc_get_property(cp)->boundclass !=
		    UTF8PROC_BOUNDCLASS_ZWJ)))
			end = at + len;		/* a part of the last one */
	}
	*s += start < end ? start : 0;
	*n = start < end ? end - start : 0;
}

size_t
text_count_seen(const char *s, size_t n)
{
	size_t		 count = 0, len;
	enum text_class	 class;
	int32_t		 cp;

	for (; n > 0; s += len, n -= len) {
		len = text_next(s, n, &class, &cp);
		count += class < TEXT_TURN;
	}
	return count;
}

/* Whether there is neither of these two classes in the text. */
static bool
has_neither(const char *s, size_t n, enum text_class a, enum text_class b)
{
	enum text_class	 class;
	int32_t		 cp;
	size_t		 len;

	for (; n > 0; s += len, n -= len) {
		len = text_next(s, n, &class, &cp);
		if (class == a || class == b)
			return false;
	}
	return true;
}

bool
text_is_line(const char *s, size_t n)
{
	return has_neither(s, n, TEXT_CONTROL, TEXT_BREAK);
}

bool
text_is_lines(const char *s, size_t n)
{
	return has_neither(s, n, TEXT_CONTROL, TEXT_CONTROL);
}

char *
text_without_unseen(const char *s, size_t n, char *out)
{
	enum text_class	 class;
	int32_t		 cp;
	size_t		 len, to = 0;

	for (; n > 0; s += len, n -= len) {
		len = text_next(s, n, &class, &cp);
		if (class >= TEXT_TURN)
			continue;
		memcpy(out + to, s, len);
		to += len;
	}
	out[to] = '\0';
	return out;
}

bool
text_is_email(const char *s)
{
	size_t		 n = strlen(s), len, side[2] = { 0, 0 }, signs = 0;
	enum text_class	 class;
	int32_t		 cp;

	for (; n > 0; s += len, n -= len) {
		len = text_next(s, n, &class, &cp);
		if (class != TEXT_SEEN && class != TEXT_MARK)
			return false;
		if (cp == '@')
			signs++;
		else
			side[signs > 0] += class == TEXT_SEEN;
	}
	return signs == 1 && side[0] > 0 && side[1] > 0;
}

/* ---- comparing ---- */

/* Whether a character, after its decomposition, is nothing but the way in
 * which a name was typed. The block U+02B0 .. U+02FF has apostrophes that are
 * called letters ("Kaneʻohe"). Of the marks, combining classes from 200 on are
 * accents, 10 to 35 the points of Hebrew and Arabic; the others are letters. */
static bool
is_way_of_typing(int32_t cp)
{
	const utf8proc_property_t	*p = utf8proc_get_property(cp);
	enum text_class			 class = class_of(cp);

	if (class == TEXT_MARK)
		return p->combining_class >= 200 ||
		    (p->combining_class >= 10 && p->combining_class <= 35);
	return class != TEXT_SEEN || (cp >= 0x2b0 && cp <= 0x2ff) ||
	    (p->category >= UTF8PROC_CATEGORY_PC &&
	    p->category <= UTF8PROC_CATEGORY_PO) ||
	    p->category == UTF8PROC_CATEGORY_SK;
}

/* Writes what is left of one character; returns its length, or -1 if it does
 * not fit into cap bytes, of which one is for the NUL. */
static utf8proc_ssize_t
fold_one(int32_t cp, char *out, size_t cap)
{
	utf8proc_int32_t	 parts[FOLD_ONE_MAX];
	utf8proc_uint8_t	 bytes[4];
	utf8proc_ssize_t	 count, len, to = 0;
	int			 boundary = 0;

	count = utf8proc_decompose_char(cp, parts, FOLD_ONE_MAX,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD,
	    &boundary);
	if (count < 0 || count > FOLD_ONE_MAX)
		return -1;
	for (utf8proc_ssize_t i = 0; i < count; i++) {
		if (is_way_of_typing(parts[i]))
			continue;
		len = utf8proc_encode_char(parts[i], bytes);
		if ((size_t)(to + len) >= cap)
			return -1;
		memcpy(out + to, bytes, (size_t)len);
		to += len;
	}
	return to;
}

bool
text_fold(const char *s, size_t n, char *out, size_t cap)
{
	enum text_class		 class;
	utf8proc_ssize_t	 written;
	int32_t			 cp;
	size_t			 len;

	if (cap < 1)
		return false;
	for (; n > 0; s += len, n -= len) {
		len = text_next(s, n, &class, &cp);
		if (cp < 0 || (written = fold_one(cp, out, cap)) < 0)
			return false;
		out += written;
		cap -= (size_t)written;
	}
	*out = '\0';
	return true;
}
