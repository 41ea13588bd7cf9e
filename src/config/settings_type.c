/*
 * settings_type.c: see settings_type.h.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "config/settings_type.h"

#define SETTINGS_WORKERS_MAX 256

/* NAME_read() and NAME_print() are the two functions of a struct ini_type,
 * where it is said what they do and return. */

static bool
workers_read(const char *text, void *field, struct arena *arena)
{
	int64_t	n;

	(void)arena;
	if (strcmp(text, "auto") == 0)
		n = 0;
	else if (!str_to_int64(text, &n) || n < 1 || n > SETTINGS_WORKERS_MAX)
		return false;
	*(unsigned *)field = (unsigned)n;
	return true;
}

static void
workers_print(const void *field, struct buf *out)
{
	unsigned	n = *(const unsigned *)field;

	if (n == 0)
		buf_puts(out, "auto");
	else
		buf_put_uint(out, n);
}

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR]	= "error",
	[LOG_LEVEL_WARNING]	= "warning",
	[LOG_LEVEL_NOTICE]	= "notice",
	[LOG_LEVEL_INFO]	= "info",
	[LOG_LEVEL_DEBUG]	= "debug"
};

static bool
level_read(const char *text, void *field, struct arena *arena)
{
	(void)arena;
	for (unsigned i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		if (str_equal_nocase(text, level_names[i])) {
			*(unsigned *)field = i;
			return true;
		}
	return false;
}

static void
level_print(const void *field, struct buf *out)
{
	buf_puts(out, level_names[*(const unsigned *)field]);
}

static bool
absolute_path_read(const char *text, void *field, struct arena *arena)
{
	return *text == '/' && ini_string.read(text, field, arena);
}

static void
absolute_path_print(const void *field, struct buf *out)
{
	ini_string.print(field, out);
}

/* Returns whether the text is ":PORT" or nothing. */
static bool
origin_port(const char *text)
{
	int64_t	port;

	return *text == '\0' || (*text == ':' &&
	    isdigit((unsigned char)text[1]) &&
	    str_to_int64(text + 1, &port) && port >= 1 && port <= 65535);
}

/* Returns whether the text is an origin as browsers send it (RFC 6454, 6.2):
 * scheme://host[:port] in lower case, nothing behind; or "*". */
static bool
origin_valid(const char *text)
{
	static const char	lower[] = "abcdefghijklmnopqrstuvwxyz";
	static const char	scheme[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789+-.";
	size_t			n = strspn(text, scheme);

	if (strcmp(text, "*") == 0)
		return true;
	if (strchr(lower, *text) == NULL || n == 0 ||
	    strncmp(text + n, "://", 3) != 0)
		return false;
	text += n + 3;
	if (*text == '[') {
		n = 1 + strspn(text + 1, "0123456789abcdef:.");
		if (n == 1 || text[n] != ']')
			return false;
		return origin_port(text + n + 1);
	}
	n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");
	return n > 0 && *text != '.' && *text != '-' && origin_port(text + n);
}

static bool
origins_read(const char *text, void *field, struct arena *arena)
{
	const char	**list;

	if (!ini_list.read(text, &list, arena))
		return false;
	for (size_t i = 0; list[i] != NULL; i++)
		if (!origin_valid(list[i]))
			return false;
	*(const char ***)field = list;
	return true;
}

static void
origins_print(const void *field, struct buf *out)
{
	ini_list.print(field, out);
}

/* Each is a token (RFC 9110, 5.6.2). */
static bool
headers_read(const char *text, void *field, struct arena *arena)
{
	static const char	  token[] = "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char		**list;

	if (!ini_list.read(text, &list, arena))
		return false;
	for (size_t i = 0; list[i] != NULL; i++)
		if (list[i][strspn(list[i], token)] != '\0')
			return false;
	*(const char ***)field = list;
	return true;
}

static void
headers_print(const void *field, struct buf *out)
{
	ini_list.print(field, out);
}

const struct ini_type settings_type_workers = {
	.expects = "auto or a number from 1 to 256",
	.read = workers_read, .print = workers_print };
const struct ini_type settings_type_level = {
	.expects = "error, warning, notice, info or debug",
	.read = level_read, .print = level_print };
const struct ini_type settings_type_path = {
	.expects = "a path that begins with '/'",
	.read = absolute_path_read, .print = absolute_path_print };
const struct ini_type settings_type_origins = {
	.expects = "a list of scheme://host[:port] in lower case with no path, "
	    "or *",
	.read = origins_read, .print = origins_print };
const struct ini_type settings_type_headers = {
	.expects = "a list of names of headers",
	.read = headers_read, .print = headers_print };
