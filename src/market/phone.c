/*
 * phone.c: phone numbers, and the market that a number belongs to. Pure: all
 * rules come from the market's file.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "market/market.h"

#define PHONE_DISPLAY 64	/* bytes of phone_display()'s out */

bool
phone_normalise(const char *text, char *out)
{
	static const char	ignored[] = " -()";
	size_t			n = 1;

	out[0] = '+';
	text += strspn(text, ignored);
	if (*text == '+')
		text++;
	for (; *text != '\0'; text++) {
		if (strchr(ignored, *text) != NULL)
			continue;
		if (!isdigit((unsigned char)*text) || n == PHONE_MAX) {
			n = 1;
			break;
		}
		out[n++] = *text;
	}
	if (n == 1)
		n = 0;
	out[n] = '\0';
	return n > 0;
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
		if (m->phone.prefix == NULL && (m->phone.compiled ?
		    phone_valid(m, number) : free))
			return m;
	}
	return NULL;
}

const struct market *
phone_market(const struct market_registry *registry, const char *number)
{
	const struct market	*best = NULL, *unknown, *m;
	size_t			 longest = 0, n;

	for (size_t i = 0; i < registry->count; i++) {
		m = &registry->markets[i];
		if (m->phone.prefix == NULL)
			continue;
		n = strlen(m->phone.prefix);
		if (n > longest && strncmp(m->phone.prefix, number, n) == 0) {
			best = m;
			longest = n;
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
	size_t		 prefix = strlen(m->phone.prefix), n = 0;
	const char	*digit = number + prefix;
	const char	*f;

	snprintf(out, PHONE_DISPLAY, "%s", number);
	if (strncmp(number, m->phone.prefix, prefix) != 0)
		return;
	for (f = m->phone.format; *f != '\0'; f++)
		n += *f == 'X';
	if (strlen(digit) != n || strlen(m->phone.format) >= PHONE_DISPLAY)
		return;
	for (n = 0, f = m->phone.format; *f != '\0'; f++)
		out[n++] = *f == 'X' ? *digit++ : *f;
	out[n] = '\0';
}
