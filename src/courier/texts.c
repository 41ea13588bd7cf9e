/*
 * texts.c: loads the texts of messages and fills them in (see texts.h). Called
 * by the configuration and by the kinds of messages that have a text.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/str.h"
#include "courier/texts.h"
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
};

struct texts {
	struct text	*list;
	size_t		 count;
};

/* ---- loading ---- */

/*
 * Reads a whole file, without white space at its ends. Returns it with a NUL
 * behind it, or NULL after an error.
 */
static const char *
texts_read(const char *path, const char *language, struct arena *arena,
    struct conf_errors *errors)
{
	char		 bytes[TEXTS_BYTES_MAX + 2];
	const char	*p = bytes;
	FILE		*f = fopen(path, "re");
	size_t		 n;

	if (f == NULL) {
		conf_error(errors, path, 0, "cannot open: %s (a market has "
		    "language = %s)", strerror(errno), language);
		return NULL;
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	if (ferror(f)) {
		conf_error(errors, path, 0, "cannot read: %s",
		    strerror(errno));
		n = 0;
	} else if (n > TEXTS_BYTES_MAX)
		conf_error(errors, path, 0, "expected at most %d bytes",
		    TEXTS_BYTES_MAX);
	else if (!str_utf8_valid(bytes, n) || memchr(bytes, '\0', n) != NULL)
		conf_error(errors, path, 0, "expected a text in UTF-8");
	else {
		str_trim(&p, &n);
		if (n == 0)
			conf_error(errors, path, 0, "expected a text");
		fclose(f);
		return n > 0 ? arena_strndup(arena, p, n) : NULL;
	}
	fclose(f);
	return NULL;
}

/*
 * Whether the template has a value of this name.
 */
static bool
template_has(const struct template *t, const char *name, size_t n)
{
	for (size_t i = 0; t->values[i] != NULL; i++)
		if (strlen(t->values[i]) == n &&
		    memcmp(t->values[i], name, n) == 0)
			return true;
	return false;
}

/*
 * The line of a place in a text.
 */
static unsigned
line_of(const char *body, const char *at)
{
	unsigned	 line = 1;

	for (; body < at; body++)
		line += *body == '\n';
	return line;
}

/*
 * Checks the placeholders of a text. What is wrong is added to the list.
 */
static void
texts_check(const struct text *text, struct conf_errors *errors)
{
	const struct template	*t = text->template;
	const char		*open, *close, *at = text->body;
	bool			 found = false;
	size_t			 n;

	while ((open = strchr(at, '{')) != NULL) {
		close = open + strcspn(open, "}\n");
		at = close;
		n = (size_t)(close - open) - 1;
		if (*close != '}' || !template_has(t, open + 1, n))
			conf_error(errors, text->file,
			    line_of(text->body, open), "unknown placeholder "
			    "%.*s, expected {%s}%s%s%s", (int)(close - open) +
			    (*close == '}'), open, t->values[0],
			    t->values[1] != NULL ? " or {" : "",
			    t->values[1] != NULL ? t->values[1] : "",
			    t->values[1] != NULL ? "}" : "");
		else
			found |= n == strlen(t->values[0]) &&
			    memcmp(open + 1, t->values[0], n) == 0;
	}
	if (!found)
		conf_error(errors, text->file, 0, "expected {%s} in the text",
		    t->values[0]);
}

/*
 * The text of a template in a language; NULL when there is none.
 */
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

/*
 * Adds a text, whatever is wrong with it, so that it is looked for once.
 */
static void
texts_add(struct texts *texts, const char *dir, const struct template *t,
    const char *language, struct arena *arena, struct conf_errors *errors)
{
	struct text	*text = &texts->list[texts->count++];

	text->template = t;
	text->language = language;
	text->file = arena_printf(arena, "%s/%s.%s.txt", dir, t->name,
	    language);
	text->body = texts_read(text->file, language, arena, errors);
	if (text->body != NULL)
		texts_check(text, errors);
}

struct texts *
texts_load(const char *dir, const struct market_registry *markets,
    struct arena *arena, struct conf_errors *errors)
{
	struct texts	*texts = arena_alloc(arena, sizeof(*texts));
	size_t		 before = errors->count;
	const char	*language;

	texts->list = arena_array(arena, markets->count * TEMPLATE_COUNT,
	    sizeof(*texts->list));
	for (size_t i = 0; i < markets->count; i++) {
		language = markets->markets[i].language;
		for (size_t j = 0; j < TEMPLATE_COUNT; j++)
			if (texts_find(texts, templates[j].name, language) ==
			    NULL)
				texts_add(texts, dir, &templates[j], language,
				    arena, errors);
	}
	return errors->count == before ? texts : NULL;
}

/* ---- use ---- */

/*
 * The value of a placeholder; NULL when the message has no such string.
 */
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
	if (t == NULL)
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
		buf_printf(out, "\n# %s\n", texts->list[i].file);
		for (line = texts->list[i].body; *line != '\0';
		    line += n + (line[n] == '\n')) {
			n = strcspn(line, "\n");
			buf_printf(out, "#\t%.*s\n", (int)n, line);
		}
	}
}
