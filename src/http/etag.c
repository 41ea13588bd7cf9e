/*
 * etag.c: lists of entity tags (see etag.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "http/etag.h"

#define SPACE	" \t"

/* Bytes of the quoted tag that a text begins with; 0 if it begins with none.
 * Between its quotes stands any visible character, or byte above 0x7f. */
static size_t
tag_length(const char *s)
{
	size_t	 n = 1;

	if (*s != '"')
		return 0;
	while ((unsigned char)s[n] > ' ' && s[n] != '"' && s[n] != 0x7f)
		n++;
	return s[n] == '"' ? n + 1 : 0;
}

/* What one element of a list says of the tag; *end is behind it. */
static enum etag_match
match_element(const char *s, const char *tag, const char **end)
{
	bool	 weak = strncmp(s, "W/", 2) == 0;
	size_t	 n;

	s += weak ? 2 : 0;
	*end = s;
	if ((n = tag_length(s)) == 0)
		return ETAG_MALFORMED;
	*end += n;
	if (n != strlen(tag) || memcmp(s, tag, n) != 0)
		return ETAG_ABSENT;
	return weak ? ETAG_WEAK : ETAG_STRONG;
}

/* The end of a list of tags is that of the text. Elements may be empty. */
enum etag_match
etag_find(const char *list, const char *tag)
{
	enum etag_match	 best = ETAG_MALFORMED, one;

	list += strspn(list, SPACE);
	if (*list == '*' && list[1 + strspn(list + 1, SPACE)] == '\0')
		return ETAG_ANY;
	for (;;) {
		list += strspn(list, SPACE ",");
		if (*list == '\0')
			return best;
		one = match_element(list, tag, &list);
		list += strspn(list, SPACE);
		if (one == ETAG_MALFORMED || (*list != ',' && *list != '\0'))
			return ETAG_MALFORMED;
		if (one > best)
			best = one;
	}
}
