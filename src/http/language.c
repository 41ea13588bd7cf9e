/*
 * language.c: see language.h.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "http/language.h"

#define QUALITY_ONE	1000

/* Reads what is behind a tag, ";q=0.5" or nothing, in thousandths; 0 also for
 * what cannot be read. */
static unsigned
quality(const char *s, size_t n)
{
	unsigned	 q = 0, unit = QUALITY_ONE;
	size_t		 i = 0;

	while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == ';'))
		i++;
	if (i == n)
		return QUALITY_ONE;
	if (n - i < 3 || (s[i] != 'q' && s[i] != 'Q') || s[i + 1] != '=')
		return 0;
	for (i += 2; i < n && unit > 0; i++) {
		if (s[i] == '.')
			continue;
		if (!isdigit((unsigned char)s[i]))
			break;
		q += (unsigned)(s[i] - '0') * unit;
		unit /= 10;
	}
	return q <= QUALITY_ONE ? q : 0;
}

/* The language of the list that has n bytes of the tag, and then this byte;
 * NULL if there is none. */
static const char *
find_language(const char **list, const char *tag, size_t n, char end)
{
	for (; *list != NULL; list++)
		if (strncasecmp(*list, tag, n) == 0 && (*list)[n] == end)
			return *list;
	return NULL;
}

/* The language of the list for a tag of n bytes, or NULL. */
static const char *
match_tag(const char **list, const char *tag, size_t n)
{
	const char	*found = NULL;
	size_t		 whole = n;

	while (n > 0 && (found = find_language(list, tag, n, '\0')) == NULL)
		while (n > 0 && tag[--n] != '-')
			;
	return found != NULL || whole == 0 ? found :
	    find_language(list, tag, whole, '-');
}

const char *
language_pick(const char **list, const char *accept)
{
	const char	*best = NULL, *found;
	unsigned	 best_quality = 0, q;
	size_t		 n, tag;

	if (accept == NULL)
		return NULL;
	for (; *accept != '\0'; accept += n + (accept[n] == ',')) {
		accept += strspn(accept, " \t");
		n = strcspn(accept, ",");
		tag = strcspn(accept, ",; \t");
		q = quality(accept + tag, n - tag);
		if (q > best_quality &&
		    (found = match_tag(list, accept, tag)) != NULL) {
			best = found;
			best_quality = q;
		}
	}
	return best;
}
