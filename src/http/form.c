/*
 * form.c: validation of input (see form.h). The messages and types are those
 * that storefronts know from pydantic.
 */
#include <json-c/json.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/str.h"
#include "base/text.h"
#include "http/form.h"
#include "http/query.h"
#include "http/response.h"

void
form_init(struct form *f, struct arena *arena)
{
	memset(f, 0, sizeof(*f));
	f->arena = arena;
}

/* Writes a location, outermost first. */
static void
put_loc(struct json_out *j, const struct form_loc *loc)
{
	if (loc->parent != NULL)
		put_loc(j, loc->parent);
	if (loc->name != NULL)
		jw_text(j, loc->name);
	else
		jw_uint(j, loc->index);
}

/* Writes a location as a path, "body.items.0.quantity". */
static void
put_path(struct buf *out, const struct form_loc *loc)
{
	if (loc->parent != NULL) {
		put_path(out, loc->parent);
		buf_putc(out, '.');
	}
	if (loc->name != NULL)
		buf_puts(out, loc->name);
	else
		buf_printf(out, "%zu", loc->index);
}

/* Notes the first failure. */
static void
note_first(struct form *f, const struct form_loc *loc, const char *msg)
{
	struct buf	 path;

	buf_init(&path, f->arena, 64);
	put_path(&path, loc);
	f->first = msg;
	f->first_field = buf_text(&path);
}

void
form_fail(struct form *f, const struct form_loc *loc, const char *msg,
    const char *type)
{
	struct json_out	 j = { .buf = &f->failures };

	if (f->count++ == 0) {
		note_first(f, loc, msg);
		buf_init(&f->failures, f->arena, 256);
		buf_putc(&f->failures, '[');
	} else
		j.comma = true;
	jw_begin(&j, '{');
	jw_name(&j, "loc");
	jw_begin(&j, '[');
	put_loc(&j, loc);
	jw_end(&j, ']');
	jw_put_text(&j, "msg", msg);
	jw_put_text(&j, "type", type);
	jw_end(&j, '}');
}

void
form_answer(struct form *f, struct response *res)
{
	buf_putc(&f->failures, ']');
	res->error_field = f->first_field;
	res->error_why = f->first;
	response_error_with(res, ERROR_VALIDATION, f->first,
	    buf_text(&f->failures), NULL);
}

bool
form_object(struct form *f, const struct form_loc *loc,
    struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		return true;
	form_fail(f, loc, "Input should be a valid dictionary", "dict_type");
	return false;
}

/* Fails for a length outside the rule; returns whether it did. */
static bool
wrong_length(struct form *f, const struct form_text_rule *rule,
    const struct form_loc *loc, const char *text, size_t n)
{
	const char	*msg;

	if (text_count_seen(text, n) < rule->min) {
		msg = rule->too_short != NULL ? rule->too_short :
		    arena_printf(f->arena, "String should have at least %zu "
		    "character%s", rule->min, rule->min == 1 ? "" : "s");
		form_fail(f, loc, msg, "string_too_short");
		return true;
	}
	if (str_utf8_count(text, n) > rule->max) {
		msg = rule->too_long != NULL ? rule->too_long :
		    arena_printf(f->arena, "String should have at most %zu "
		    "characters", rule->max);
		form_fail(f, loc, msg, "string_too_long");
		return true;
	}
	return false;
}

/* Returns the text by the rule, or NULL after a failure. */
static const char *
trimmed_text(struct form *f, const struct form_text_rule *rule,
    const struct form_loc *loc, const char *text, size_t n)
{
	text_trim(&text, &n);
	if ((rule->flags & FORM_LINES) ? !text_is_lines(text, n) :
	    !text_is_line(text, n)) {
		form_fail(f, loc, (rule->flags & FORM_LINES) ?
		    "String should have no control characters" :
		    "String should have no control characters or line breaks",
		    "value_error");
		return NULL;
	}
	if (rule->flags & FORM_SEEN) {
		text = text_without_unseen(text, n,
		    arena_alloc(f->arena, n + 1));
		n = strlen(text);
	}
	if (wrong_length(f, rule, loc, text, n))
		return NULL;
	text = arena_strndup(f->arena, text, n);
	if (rule->valid != NULL && (n > 0 || rule->flags & FORM_REQUIRED) &&
	    !rule->valid(text)) {
		form_fail(f, loc, rule->invalid, "value_error");
		return NULL;
	}
	return text;
}

const char *
form_text(struct form *f, struct json_object *body,
    const struct form_text_rule *rule)
{
	const struct form_loc	*loc = FORM_IN(FORM_BODY, rule->name);
	struct json_object	*value;

	if (!json_object_object_get_ex(body, rule->name, &value)) {
		if (rule->flags & FORM_REQUIRED)
			form_fail(f, loc, "Field required", "missing");
		return NULL;
	}
	if (value == NULL && !(rule->flags & FORM_REQUIRED))
		return NULL;
	if (!json_object_is_type(value, json_type_string)) {
		form_fail(f, loc, "Input should be a valid string",
		    "string_type");
		return NULL;
	}
	return trimmed_text(f, rule, loc, json_object_get_string(value),
	    (size_t)json_object_get_string_len(value));
}

/* Fails for a number outside the rule's range; returns whether it did. */
static bool
wrong_range(struct form *f, const struct form_loc *loc, int64_t n,
    const struct form_int_rule *rule)
{
	const char	*msg;

	if (n < rule->min) {
		msg = rule->too_small != NULL ? rule->too_small :
		    arena_printf(f->arena, "Input should be greater than or "
		    "equal to %lld", (long long)rule->min);
		form_fail(f, loc, msg, "greater_than_equal");
		return true;
	}
	if (n > rule->max) {
		msg = rule->too_large != NULL ? rule->too_large :
		    arena_printf(f->arena, "Input should be less than or "
		    "equal to %lld", (long long)rule->max);
		form_fail(f, loc, msg, "less_than_equal");
		return true;
	}
	return false;
}

/* Reads text as an integer; false, and a failure, when it is none. */
static bool
parse_int(struct form *f, const struct form_loc *loc, const char *text,
    int64_t *out)
{
	if (str_to_int64(text, out))
		return true;
	form_fail(f, loc, "Input should be a valid integer, unable to "
	    "parse string as an integer", "int_parsing");
	return false;
}

bool
form_int(struct form *f, const struct form_loc *in,
    struct json_object *object, const struct form_int_rule *rule,
    int64_t *out)
{
	const struct form_loc	*loc = FORM_IN(in, rule->name);
	struct json_object	*value;

	if (!json_object_object_get_ex(object, rule->name, &value)) {
		if (rule->flags & FORM_REQUIRED)
			form_fail(f, loc, "Field required", "missing");
		return (rule->flags & FORM_REQUIRED) == 0;
	}
	if (json_object_is_type(value, json_type_string))
		return parse_int(f, loc, json_object_get_string(value), out) &&
		    !wrong_range(f, loc, *out, rule);
	if (!json_object_is_type(value, json_type_int)) {
		form_fail(f, loc, "Input should be a valid integer",
		    "int_type");
		return false;
	}
	if (json_int64(value, out))
		return !wrong_range(f, loc, *out, rule);
	/* Outside the type, and so, clamped to its end, outside most ranges. */
	if (!wrong_range(f, loc, json_object_get_int64(value), rule))
		form_fail(f, loc, "Input should be a valid integer, it is out "
		    "of range", "int_parsing_size");
	return false;
}

bool
form_bool(struct form *f, struct json_object *body, const char *name,
    bool def)
{
	struct json_object	*value;

	if (!json_object_object_get_ex(body, name, &value))
		return def;
	if (!json_object_is_type(value, json_type_boolean)) {
		form_fail(f, FORM_IN(FORM_BODY, name),
		    "Input should be a valid boolean", "bool_type");
		return def;
	}
	return json_object_get_boolean(value) != 0;
}

bool
form_path_int(struct form *f, const char *segment, const char *name,
    int64_t *out)
{
	return parse_int(f, FORM_IN(FORM_PATH, name), segment, out);
}

int64_t
form_query_int(struct form *f, const char *query, const char *name,
    int64_t min, int64_t max, int64_t def)
{
	const struct form_loc	*loc = FORM_IN(FORM_QUERY, name);
	const char		*text = query_get(f->arena, query, name);
	const struct form_int_rule rule = { .min = min, .max = max };
	int64_t			 n;

	if (text == NULL)
		return def;
	if (!parse_int(f, loc, text, &n) || wrong_range(f, loc, n, &rule))
		return def;
	return n;
}
