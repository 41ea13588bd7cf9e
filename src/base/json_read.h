/*
 * json_read.h: strict JSON in, by json-c.
 *
 * json-c takes more than RFC 8259 allows and hides what it took (single
 * quotes, NaN, control characters, duplicate names, names cut at a NUL,
 * overlong UTF-8). So the text is looked over first, in one pass, and the
 * tree is compared with what was counted. What comes out of here has no
 * duplicate names, no NUL and only valid UTF-8.
 */
#ifndef ORDERMUX_JSON_READ_H
#define ORDERMUX_JSON_READ_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 8	/* levels of arrays and objects */

struct arena;

/*
 * The value that the text is, released at the arena's reset. False when it is
 * not strict JSON; *why is then a short text for people. The literal null
 * gives true with *out NULL. The text ends with a NUL behind its n bytes.
 */
bool	json_read(struct arena *, const char *text, size_t n,
    struct json_object **out, const char **why);

/* The integer in (INT64_MIN, INT64_MAX] that a value is. False when it is
 * another type or outside: json-c would clamp it silently. */
bool	json_int64(struct json_object *, int64_t *out);

#endif
