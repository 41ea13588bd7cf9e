/*
 * texts.c: loads the texts of messages and fills them in (see texts.h). Called
 * by the configuration and by the kinds of messages that have a text.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/text.h"
#include "config/ini.h"
#include "config/texts.h"
#include "market/market.h"

#define VALUES_MAX 4

/* What there is to be said. The first value must be in its text: without it
 * the message would be of no use. */
static const struct template {
	const char	*name;
	const char	*values[VALUES_MAX + 1];	/* end with NULL */
} templates[] = {
	{ "login_code", { "code", "minutes" } },
};
#define TEMPLATE_COUNT (sizeof(templates) / sizeof(*templates))

struct text {
	const struct template	*template;
	const char		*language;
	const char		*file;
	const char		*body;
	bool			 good;		/* nothing is wrong with it */
};

struct texts {
	struct text	*list;
	size_t		 count;
};

/* ---- loading ---- */

/* Reads at most cap bytes of a file. Returns how many, or -1 with errno. */
static ssize_t
texts_fill(const char *path, char *bytes, size_t cap)
{
	FILE	*f = fopen(path, "re");
	size_t	 n;
	int	 failed;

	if (f == NULL)
		return -1;
	n = fread(bytes, 1, cap, f);
	failed = ferror(f) ? errno : 0;
	fclose(f);
	errno = failed;
	return failed != 0 ? -1 : (ssize_t)n;
}

/* Reads a whole file, without white space at its ends. Returns it with a NUL
 * behind it, or NULL after an error. */
static const char *
texts_read(const char *path, const char *language, struct arena *arena,
    struct ini_errors *errors)
{
	char		 bytes[TEXTS_BYTES_MAX + 1];
	const char	*p = bytes;
	ssize_t		 got = texts_fill(path, bytes, sizeof(bytes));
	size_t		 n = got > 0 ? (size_t)got : 0;

	if (got == -1)
		ini_error(errors, path, 0, "cannot read: %s (a market has "
		    "language = %s)", strerror(errno), language);
	else if (n > TEXTS_BYTES_MAX)
		ini_error(errors, path, 0, "expected at most %d bytes",
		    TEXTS_BYTES_MAX);
	else if (!str_utf8_valid(bytes, n) || memchr(bytes, '\0', n) != NULL)
		ini_error(errors, path, 0, "expected a text in UTF-8");
	else {
		text_trim(&p, &n);
		if (n > 0)
			return arena_strndup(arena, p, n);
		ini_error(errors, path, 0, "expected a text");
	}
	return NULL;
}

/* Whether the template has a value of this name. */
static bool
template_has(const struct template *t, const char *name, size_t n)
{
	for (size_t i = 0; t->values[i] != NULL; i++)
		if (strlen(t->values[i]) == n &&
		    memcmp(t->values[i], name, n) == 0)
			return true;
	return false;
}

/* The line of a place in a text. */
static unsigned
line_of(const char *body, const char *at)
{
	unsigned	 line = 1;

	for (; body < at; body++)
		line += *body == '\n';
	return line;
}

/* Adds the error of a placeholder that the template has not, with those that
 * it has. */
static void
texts_unknown(const struct text *text, const char *open, size_t n,
    struct arena *arena, struct ini_errors *errors)
{
	const char *const	*values = text->template->values;
	struct buf		 b;

	buf_init(&b, arena, 64);
	for (size_t i = 0; values[i] != NULL; i++)
		buf_printf(&b, "%s{%s}", i > 0 ? " or " : "", values[i]);
	ini_error(errors, text->file, line_of(text->body, open),
	    "unknown placeholder %.*s, expected %s", (int)n, open,
	    buf_text(&b));
}

/* Checks the placeholders of a text. What is wrong is added to the list. */
static void
texts_check(const struct text *text, struct arena *arena,
    struct ini_errors *errors)
{
	const char	*needed = text->template->values[0];
	const char	*open, *close;
	bool		 found = false;
	size_t		 n;

	for (open = text->body; (open = strchr(open, '{')) != NULL;
	    open = close) {
		close = open + strcspn(open, "}\n");
		n = (size_t)(close - open);
		if (*close != '}')
			texts_unknown(text, open, n, arena, errors);
		else if (!template_has(text->template, open + 1, n - 1))
			texts_unknown(text, open, n + 1, arena, errors);
		else if (strlen(needed) == n - 1)
			found |= memcmp(open + 1, needed, n - 1) == 0;
	}
	if (!found)
		ini_error(errors, text->file, 0, "expected {%s} in the text",
		    needed);
}

/* The text of a template in a language; NULL when there is none. */
static const struct text *
texts_find(const struct texts *texts, const char *template,
    const char *language)
{
	for (size_t i = 0; i < texts->count; i++) {
		const struct text	*t = &texts->list[i];

		if (strcmp(t->template->name, template) == 0 &&
		    strcmp(t->language, language) == 0)
			return t;
	}
	return NULL;
}

/* Adds a text, whatever is wrong with it, so that it is looked for once. */
static void
texts_add(struct texts *texts, const char *dir, const struct template *t,
    const char *language, struct arena *arena, struct ini_errors *errors)
{
	struct text	*text = &texts->list[texts->count++];
	size_t		 before = errors->count;

	text->template = t;
	text->language = language;
	text->file = arena_printf(arena, "%s/%s.%s.txt", dir, t->name,
	    language);
	text->body = texts_read(text->file, language, arena, errors);
	if (text->body != NULL)
		texts_check(text, arena, errors);
	text->good = errors->count == before;
}

/* Adds all texts of a language, unless they are there already. */
static void
texts_add_language(struct texts *texts, const char *dir, const char *language,
    struct arena *arena, struct ini_errors *errors)
{
	for (size_t i = 0; i < TEMPLATE_COUNT; i++)
		if (texts_find(texts, templates[i].name, language) == NULL)
			texts_add(texts, dir, &templates[i], language, arena,
			    errors);
}

/* How many languages all markets have together. */
static size_t
count_languages(const struct market_registry *markets)
{
	const char	**list;
	size_t		  n = 0;

	for (size_t i = 0; i < markets->count; i++)
		for (list = markets->markets[i].languages;
		    list != NULL && *list != NULL; list++)
			n++;
	return n;
}

struct texts *
texts_load(const char *dir, const struct market_registry *markets,
    struct arena *arena, struct ini_errors *errors)
{
	struct texts	*texts = arena_alloc(arena, sizeof(*texts));
	const char	**list;

	texts->list = arena_array(arena, count_languages(markets) *
	    TEMPLATE_COUNT, sizeof(*texts->list));
	for (size_t i = 0; i < markets->count; i++)
		for (list = markets->markets[i].languages;
		    list != NULL && *list != NULL; list++)
			texts_add_language(texts, dir, *list, arena, errors);
	return texts;
}

bool
texts_complete(const struct texts *texts, const char *language)
{
	const struct text	*t;

	for (size_t i = 0; i < TEMPLATE_COUNT; i++) {
		t = texts_find(texts, templates[i].name, language);
		if (t == NULL || !t->good)
			return false;
	}
	return true;
}

/* ---- use ---- */

/* The value of a placeholder; NULL when the message has no such string. */
static const char *
value_of(struct json_object *values, const char *name, size_t n,
    struct arena *arena)
{
	struct json_object	*value;

	if (!json_object_object_get_ex(values, arena_strndup(arena, name, n),
	    &value) || !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

const char *
texts_render(const struct texts *texts, const char *template,
    const char *language, struct json_object *values, struct arena *arena,
    const char **why)
{
	const struct text	*t = texts_find(texts, template, language);
	const char		*at, *value;
	struct buf		 b;
	size_t			 n;

	*why = "there is no text for the message's template";
	if (t == NULL || !t->good)
		return NULL;
	buf_init(&b, arena, strlen(t->body) + 32);
	for (at = t->body; *at != '\0'; at += n) {
		n = strcspn(at, "{");
		buf_add(&b, at, n);
		if (at[n] == '\0')
			break;
		at += n + 1;
		n = strcspn(at, "}");
		value = value_of(values, at, n, arena);
		if (value == NULL) {
			*why = "the message has not all values of its text";
			return NULL;
		}
		buf_puts(&b, value);
		n++;
	}
	return buf_text(&b);
}

void
texts_print(const struct texts *texts, struct buf *out)
{
	const char	*line;
	size_t		 n;

	for (size_t i = 0; i < texts->count; i++) {
		if (!texts->list[i].good)
			continue;
		buf_printf(out, "\n# %s\n", texts->list[i].file);
		for (line = texts->list[i].body; *line != '\0';
		    line += n + (line[n] == '\n')) {
			n = strcspn(line, "\n");
			buf_printf(out, "#\t%.*s\n", (int)n, line);
		}
	}
}
