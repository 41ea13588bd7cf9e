/*
 * texts.h: what messages to people say: a file a template and language,
 * TEMPLATE.LANGUAGE.txt, that an administrator can edit. {name} in it stands
 * for a value of the message; which names there are depends on the template
 * (texts.c, templates[]).
 */
#ifndef ORDERMUX_TEXTS_H
#define ORDERMUX_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#define TEXTS_BYTES_MAX 1000	/* of a text: an SMS in parts is long enough */

struct arena;
struct buf;
struct ini_errors;
struct json_object;
struct market_registry;
struct texts;

/*
 * Reads every template in every language that a market has. All that is wrong
 * is added to the list, with the file's name.
 */
struct texts *	texts_load(const char *dir, const struct market_registry *,
    struct arena *, struct ini_errors *);

/* Whether the texts of a language are there, and right. */
bool	texts_complete(const struct texts *, const char *language);

/* The text with the values, which are strings, in the arena. NULL with *why
 * when there is no such text, or one of its values is missing. */
const char *	texts_render(const struct texts *, const char *template,
    const char *language, struct json_object *values, struct arena *,
    const char **why);

/* All texts, each after its file's name, as comments of a configuration. */
void	texts_print(const struct texts *, struct buf *);

#endif
