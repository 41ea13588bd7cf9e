/*
 * ini_type.c: the types of options that any program needs (see ini.h): how
 * their values are read and printed.
 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/text.h"
#include "config/ini.h"

/* NAME_read() and NAME_print() are the two functions of a struct ini_type,
 * where it is said what they do and return. */

static bool
text_read(const char *text, void *field, struct arena *arena)
{
	*(const char **)field = arena_strdup(arena, text);
	return true;
}

static bool
string_read(const char *text, void *field, struct arena *arena)
{
	return *text != '\0' && text_read(text, field, arena);
}

static void
text_print(const void *field, struct buf *out)
{
	const char	*text = *(const char *const *)field;

	if (text != NULL)
		buf_puts(out, text);
}

static bool
bool_read(const char *text, void *field, struct arena *arena)
{
	static const struct {
		const char	*text;
		bool		 value;
	} words[] = {
		{ "yes", true }, { "on", true }, { "true", true },
		{ "1", true }, { "no", false }, { "off", false },
		{ "false", false }, { "0", false }
	};

	(void)arena;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal_nocase(text, words[i].text)) {
			*(bool *)field = words[i].value;
			return true;
		}
	return false;
}

static void
bool_print(const void *field, struct buf *out)
{
	buf_puts(out, *(const bool *)field ? "yes" : "no");
}

/* A suffix of a number and what it multiplies by. */
struct ini_unit {
	const char	*suffix;
	uint64_t	 factor;
};

/* Reads a number >= 0 with one of the suffixes; the list ends with a NULL
 * one. Returns whether it was one and the product is at most max. */
static bool
unit_read(const char *text, const struct ini_unit *u, uint64_t max,
    uint64_t *out)
{
	char	digits[20];
	size_t	n = strspn(text, "0123456789");
	int64_t	value;

	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	while (u->suffix != NULL && strcmp(u->suffix, text + n) != 0)
		u++;
	if (u->suffix == NULL || !str_to_int64(digits, &value) ||
	    (uint64_t)value > max / u->factor)
		return false;
	*out = (uint64_t)value * u->factor;
	return true;
}

/* Writes the value with the first suffix that leaves no remainder. */
static void
unit_print(uint64_t value, const struct ini_unit *u, struct buf *out)
{
	while (u[1].suffix != NULL && (value == 0 || value % u->factor != 0))
		u++;
	buf_put_uint(out, value / u->factor);
	buf_puts(out, u->suffix);
}

static uint64_t
uint_get(const void *field)
{
	return *(const unsigned *)field;
}

static void
uint_set(void *field, uint64_t n)
{
	*(unsigned *)field = (unsigned)n;
}

static uint64_t
size_get(const void *field)
{
	return *(const size_t *)field;
}

static void
size_set(void *field, uint64_t n)
{
	*(size_t *)field = (size_t)n;
}

static const struct ini_unit no_units[] = { { "", 1 }, { NULL, 0 } };

static bool
uint_read(const char *text, void *field, struct arena *arena)
{
	uint64_t	value;

	(void)arena;
	if (!unit_read(text, no_units, UINT_MAX, &value))
		return false;
	*(unsigned *)field = (unsigned)value;
	return true;
}

static void
uint_print(const void *field, struct buf *out)
{
	buf_put_uint(out, *(const unsigned *)field);
}

/* Largest first, for printing; the last one is the one that fits all. */
static const struct ini_unit size_units[] = {
	{ "G", 1 << 30 }, { "M", 1 << 20 }, { "m", 1 << 20 },
	{ "k", 1 << 10 }, { "K", 1 << 10 }, { "", 1 }, { NULL, 0 }
};

static bool
size_read(const char *text, void *field, struct arena *arena)
{
	uint64_t	value;

	(void)arena;
	if (!unit_read(text, size_units, SIZE_MAX, &value))
		return false;
	*(size_t *)field = (size_t)value;
	return true;
}

static void
size_print(const void *field, struct buf *out)
{
	unit_print(*(const size_t *)field, size_units, out);
}

static const struct ini_unit time_units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
	{ "", 1000 }, { "ms", 1 }, { NULL, 0 }
};

static bool
seconds_read(const char *text, void *field, struct arena *arena)
{
	uint64_t	value;

	(void)arena;
	if (!unit_read(text, time_units, UINT_MAX, &value))
		return false;
	*(unsigned *)field = (unsigned)value;
	return true;
}

static void
seconds_print(const void *field, struct buf *out)
{
	unsigned	value = *(const unsigned *)field;

	if (value == 0)
		buf_puts(out, "0s");
	else
		unit_print(value, time_units, out);
}

static bool
list_read(const char *text, void *field, struct arena *arena)
{
	const char	**list, *end, *part;
	size_t		  len, n = *text != '\0' ? 1 : 0;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == ',';
	list = arena_array(arena, n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++, text = end + 1) {
		end = text + strcspn(text, ",");
		part = text;
		len = (size_t)(end - text);
		text_trim(&part, &len);
		if (len == 0)
			return false;
		list[i] = arena_strndup(arena, part, len);
	}
	*(const char ***)field = list;
	return true;
}

static void
list_print(const void *field, struct buf *out)
{
	const char	**list = *(const char **const *)field;

	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		buf_puts(out, list[i]);
	}
}

const struct ini_type ini_string = { .expects = "a text that is not empty",
	.read = string_read, .print = text_print };
const struct ini_type ini_text = { .expects = "a text", .read = text_read,
	.print = text_print };
const struct ini_type ini_bool = { .expects = "yes or no", .read = bool_read,
	.print = bool_print };
const struct ini_type ini_uint = { "a number from 0 to 4294967295",
	uint_read, uint_print, "a number", uint_get, uint_set };
const struct ini_type ini_size = { "a size in bytes, such as 4096, 64k or 1M",
	size_read, size_print, "a size", size_get, size_set };
const struct ini_type ini_seconds = { "a time, such as 500ms, 10s, 2m or 1h",
	seconds_read, seconds_print, "a time", uint_get, uint_set };
const struct ini_type ini_list = {
	.expects = "a list with commas between its parts", .read = list_read,
	.print = list_print };
