/*
 * query.c: query strings (see query.h). They are short: each look-up goes
 * over the text, and nothing is kept.
 */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/query.h"

/* The value of a hex digit, -1 if it is none. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes n bytes; returns "\x7f" for what is not decodable (see query.h). */
static const char *
decode(struct arena *arena, const char *s, size_t n)
{
	char	*out = arena_alloc(arena, n + 1), *p = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			*p++ = s[i] == '+' ? ' ' : s[i];
			continue;
		}
		if (i + 2 >= n || hex_value(s[i + 1]) < 0 ||
		    hex_value(s[i + 2]) < 0)
			return "\x7f";
		*p++ = (char)(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
		i += 2;
	}
	if (memchr(out, '\0', (size_t)(p - out)) != NULL ||
	    !str_utf8_valid(out, (size_t)(p - out)))
		return "\x7f";
	return out;
}

const char *
query_get(struct arena *arena, const char *query, const char *name)
{
	const char	*value = NULL;
	size_t		 len = strlen(name), n;

	for (; *query != '\0'; query += n + (query[n] == '&')) {
		n = strcspn(query, "&");
		if (n < len || memcmp(query, name, len) != 0)
			continue;
		if (n == len)
			value = "";
		else if (query[len] == '=')
			value = decode(arena, query + len + 1, n - len - 1);
	}
	return value;
}
