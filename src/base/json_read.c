/*
 * json_read.c: strict JSON by json-c (see json_read.h). Called for request
 * bodies and for the parts of a token.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/str.h"

/* A pass over the text. */
struct scan {
	const char	*p;
	const char	*end;
	size_t		 members;	/* colons outside strings */
	int		 depth;		/* open brackets */
	const char	*why;		/* NULL while nothing is wrong */
};

/* The number of four hex digits; -1 if they are not there. */
static long
hex4(const char *p, const char *end)
{
	char	 digits[5], *rest;
	long	 n;

	if (end - p < 4 || !isxdigit((unsigned char)*p))
		return -1;
	memcpy(digits, p, 4);
	digits[4] = '\0';
	n = strtol(digits, &rest, 16);
	return *rest == '\0' ? n : -1;
}

/* Looks at a \u escape, s->p being at its backslash: \u0000 would cut the
 * string, and json-c puts U+FFFD in the place of half a surrogate pair. */
static void
scan_unicode(struct scan *s)
{
	long	 n = hex4(s->p + 2, s->end), low;

	if (n == 0)
		s->why = "\\u0000 in a string";
	else if (n >= 0xd800 && n <= 0xdbff) {
		low = s->end - s->p >= 12 && memcmp(s->p + 6, "\\u", 2) == 0 ?
		    hex4(s->p + 8, s->end) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			s->why = "half a surrogate pair in a string";
		else
			s->p += 6;	/* over the first half */
	} else if (n >= 0xdc00 && n <= 0xdfff)
		s->why = "half a surrogate pair in a string";
}

/* Passes over a string, from behind its opening quote to behind its closing
 * one. Refuses control characters and escapes that json-c would change. */
static void
scan_string(struct scan *s)
{
	for (; s->p < s->end && *s->p != '"'; s->p++) {
		if ((unsigned char)*s->p < 0x20) {
			s->why = "a control character in a string";
			return;
		}
		if (*s->p != '\\')
			continue;
		if (s->end - s->p >= 2 && s->p[1] == 'u')
			scan_unicode(s);
		if (s->why != NULL)
			return;
		if (++s->p == s->end)
			break;
	}
	if (s->p == s->end)
		s->why = "a string that does not end";
	else
		s->p++;
}

/* Passes over digits; returns whether there was one. */
static bool
scan_digits(struct scan *s)
{
	const char	*start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start;
}

/* Passes over one of the characters if it is there; returns whether it was. */
static bool
scan_one(struct scan *s, const char *chars)
{
	if (s->p == s->end || *s->p == '\0' || strchr(chars, *s->p) == NULL)
		return false;
	s->p++;
	return true;
}

/* Passes over a number as RFC 8259 (6) has it: json-c takes others too. */
static void
scan_number(struct scan *s)
{
	bool	 ok;

	scan_one(s, "-");
	ok = scan_one(s, "0") || scan_digits(s);
	if (ok && scan_one(s, "."))
		ok = scan_digits(s);
	if (ok && scan_one(s, "eE")) {
		scan_one(s, "+-");
		ok = scan_digits(s);
	}
	if (!ok || scan_digits(s))
		s->why = "a number that is not one";
}

/* Passes over the text outside strings. What json-c would take wrongly
 * cannot be written with the characters that are let through: NaN, Infinity,
 * 'x', a comment. */
static void
scan_text(struct scan *s)
{
	while (s->why == NULL && s->p < s->end) {
		char	 c = *s->p;

		if (c == '-' || (c >= '0' && c <= '9')) {
			scan_number(s);
			continue;
		}
		s->p++;
		if (c == '"')
			scan_string(s);
		else if (c == ':')
			s->members++;
		else if ((c == '[' || c == '{') && ++s->depth > JSON_DEPTH_MAX)
			s->why = "it is nested too deeply";
		else if (c == ']' || c == '}')
			s->depth--;
		else if (c == '\0' ||
		    strchr("{}[], \t\r\ntruefalsn", c) == NULL)
			s->why = "an unexpected character";
	}
}

/* How many name/value pairs a tree holds. */
static size_t
count_members(struct json_object *value)
{
	size_t	 count = 0;

	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member) {
			(void)name;
			count += 1 + count_members(member);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		size_t	 n = json_object_array_length(value);

		for (size_t i = 0; i < n; i++)
			count += count_members(
			    json_object_array_get_idx(value, i));
	}
	return count;
}

static void
put_value(void *value)
{
	json_object_put(value);
}

static void
free_tokener(void *tokener)
{
	json_tokener_free(tokener);
}

bool
json_read(struct arena *arena, const char *text, size_t n,
    struct json_object **out, const char **why)
{
	struct scan		 s = { .p = text, .end = text + n };
	struct json_tokener	*tok;
	enum json_tokener_error	 error;

	if (!str_utf8_valid(text, n)) {
		*why = "it is not UTF-8";
		return false;
	}
	scan_text(&s);
	if ((*why = s.why) != NULL)
		return false;
	/* json-c counts what stands in the innermost as a further level. */
	tok = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	arena_defer(arena, free_tokener, tok);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	/* With the NUL: a bare number ends nowhere else. */
	*out = json_tokener_parse_ex(tok, text, (int)n + 1);
	arena_defer(arena, put_value, *out);
	error = json_tokener_get_error(tok);
	if (error == json_tokener_continue)
		*why = "it ends too early";
	else if (error != json_tokener_success)
		*why = json_tokener_error_desc(error);
	else if (json_tokener_get_parse_end(tok) != n)
		*why = "there is more behind its end";
	else if (count_members(*out) != s.members)
		*why = "a name is there twice";
	return *why == NULL;
}

bool
json_int64(struct json_object *value, int64_t *out)
{
	if (!json_object_is_type(value, json_type_int))
		return false;
	/* What is too large is kept as an unsigned number, or clamped to the
	 * largest one; what is too small is clamped to INT64_MIN, which then is
	 * the one number that is refused though it could be honest. */
	*out = json_object_get_int64(value);
	return json_object_get_uint64(value) <= INT64_MAX && *out != INT64_MIN;
}
