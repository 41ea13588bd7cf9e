/*
 * phone.c: phone numbers, and the market that a number belongs to. Pure: all
 * rules come from the market's file.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "market/market.h"

#define PHONE_DISPLAY 64	/* bytes of phone_display()'s out */

/* Whether people write this between the digits of a number. */
static bool
is_between_digits(enum text_class class, int32_t cp)
{
	return class == TEXT_SPACE || class >= TEXT_TURN || cp == '(' ||
	    cp == ')' || cp == '.' || text_is_dash(cp);
}

/* Writes the digits of a text after one byte, with a NUL. *plus is whether a
 * '+' came first. Returns how many, or 0 if it is no number. */
static size_t
take_digits(const char *text, char *out, bool *plus)
{
	size_t		 n = strlen(text), count = 0, len;
	enum text_class	 class;
	int32_t		 cp;

	*plus = false;
	text_trim(&text, &n);
	for (; n > 0; text += len, n -= len) {
		len = text_next(text, n, &class, &cp);
		if (cp == '+' && !*plus && count == 0)
			*plus = true;
		else if (cp >= '0' && cp <= '9' && count < PHONE_MAX)
			out[1 + count++] = (char)cp;
		else if (!is_between_digits(class, cp))
			return 0;
	}
	out[1 + count] = '\0';
	return count;
}

/* The length of what was dialled for '+', in any market; the longest counts,
 * as 0011 and 00 are both in use. */
static size_t
dialled_for_plus(const struct market_registry *registry, const char *digits)
{
	size_t		  longest = 0, n;
	const char	**p;

	for (size_t i = 0; i < registry->count; i++) {
		p = registry->markets[i].phone.international;
		for (; p != NULL && *p != NULL; p++) {
			n = strlen(*p);
			if (n > longest && strncmp(digits, *p, n) == 0)
				longest = n;
		}
	}
	return longest;
}

bool
phone_normalise(const struct market_registry *registry, const char *text,
    char *out)
{
	char	 number[PHONE_MAX + 2];
	bool	 plus;
	size_t	 n = take_digits(text, number, &plus), skip = 0;

	*out = '\0';
	if (n > 0 && !plus)
		skip = dialled_for_plus(registry, number + 1);
	if (n <= skip || n - skip >= PHONE_MAX)
		return false;
	number[skip] = '+';
	memcpy(out, number + skip, n - skip + 2);
	return true;
}

size_t
phone_digits(const char *text)
{
	char	 number[PHONE_MAX + 2];
	bool	 plus;

	return take_digits(text, number, &plus);
}

size_t
phone_has_prefix(const char *number, const char *prefix)
{
	size_t	 n = strlen(prefix);

	return strncmp(number, prefix, n) == 0 ? n : 0;
}

/* A shut market without a known prefix to which the number may belong; NULL if
 * there is none. "free": no prefix of another market fits. */
static const struct market *
prefixless_market(const struct market_registry *registry, const char *number,
    bool free)
{
	const struct market	*m;

	for (size_t i = 0; i < registry->count; i++) {
		m = &registry->markets[i];
		if (m->phone.prefixes == NULL && (m->phone.compiled ?
		    phone_valid(m, number) : free))
			return m;
	}
	return NULL;
}

const struct market *
phone_market(const struct market_registry *registry, const char *number)
{
	const struct market	 *best = NULL, *unknown, *m;
	const char		**p;
	size_t			  longest = 0, n;

	for (size_t i = 0; i < registry->count; i++) {
		m = &registry->markets[i];
		for (p = m->phone.prefixes; p != NULL && *p != NULL; p++) {
			n = phone_has_prefix(number, *p);
			if (n > longest) {
				best = m;
				longest = n;
			}
		}
	}
	unknown = prefixless_market(registry, number, best == NULL);
	if (unknown != NULL)
		return unknown;
	return best != NULL ? best : registry->default_market;
}

bool
phone_valid(const struct market *m, const char *number)
{
	return !m->phone.compiled ||
	    regexec(&m->phone.regex, number, 0, NULL, 0) == 0;
}

void
phone_display(const struct market *m, const char *number, char *out)
{
	size_t		 fixed = strcspn(m->phone.example, "X"), n = 0;
	const char	*digit = number;
	const char	*f;

	snprintf(out, PHONE_DISPLAY, "%s", number);
	if (strncmp(number, m->phone.example, fixed) != 0 ||
	    strlen(number) != strlen(m->phone.example) ||
	    strlen(m->phone.format) >= PHONE_DISPLAY)
		return;
	for (f = m->phone.format; *f != '\0'; f++)
		out[n++] = *f == 'X' || *f == *digit ? *digit++ : *f;
	out[n] = '\0';
}
