/*
 * form.h: rules over the fields of a JSON body or a query, and what they
 * find. All failures are collected, in the order of the fields, so that a
 * form on a page can mark them at once; the answer is 422 with an array of
 * {"loc":["body","items",0,"quantity"],"msg":"...","type":"..."}.
 */
#ifndef ORDERMUX_FORM_H
#define ORDERMUX_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct arena;
struct json_object;
struct response;

/* Where a value stands: a name or an index, inside another. */
struct form_loc {
	const struct form_loc	*parent;
	const char		*name;		/* NULL: an index */
	size_t			 index;
};

#define FORM_BODY	(&(const struct form_loc){ .name = "body" })
#define FORM_HEADER	(&(const struct form_loc){ .name = "header" })
#define FORM_PATH	(&(const struct form_loc){ .name = "path" })
#define FORM_QUERY	(&(const struct form_loc){ .name = "query" })
#define FORM_IN(parent_loc, member) \
	(&(const struct form_loc){ .parent = (parent_loc), .name = (member) })
#define FORM_AT(parent_loc, i) \
	(&(const struct form_loc){ .parent = (parent_loc), .index = (i) })

struct form {
	struct arena	*arena;
	struct buf	 failures;	/* JSON objects, comma separated */
	size_t		 count;
	const char	*first;		/* message of the first */
	const char	*first_field;	/* "body.items.0.quantity" */
};

void	form_init(struct form *, struct arena *);

/* Adds a failure. The type is pydantic's word for it ("missing"). */
void	form_fail(struct form *, const struct form_loc *, const char *msg,
    const char *type);

/* Makes the answer a 422 of all failures. There must be one. */
void	form_answer(struct form *, struct response *);

/* Whether the value is a JSON object; a failure if it is not. */
bool	form_object(struct form *, const struct form_loc *,
    struct json_object *);

enum form_flag {
	FORM_REQUIRED = 1 << 0,	/* neither missing nor null */
	FORM_LINES = 1 << 1,	/* a text may have several lines */
	FORM_SEEN = 1 << 2	/* what nobody sees is taken out of a text */
};

/*
 * What a text must be. It has no control characters, and no line breaks but
 * with FORM_LINES. Lengths are in characters, after trimming; for the minimum,
 * those count that can be seen.
 */
struct form_text_rule {
	const char	*name;
	size_t		 min;
	size_t		 max;
	unsigned	 flags;
	/* Texts for people instead of the general ones; NULL = those. */
	const char	*too_short;
	const char	*too_long;
	/* A further rule; NULL = none. Not for "" that is not required. */
	bool		(*valid)(const char *);
	const char	*invalid;	/* its message */
};

/* The member of the body by this rule, trimmed, in the arena; NULL when it is
 * missing or null (a failure if it is required) or was refused. */
const char *	form_text(struct form *, struct json_object *body,
    const struct form_text_rule *);

/* What an integer must be. */
struct form_int_rule {
	const char	*name;
	int64_t		 min;
	int64_t		 max;
	unsigned	 flags;
	/* Texts for people instead of the general ones; NULL = those. */
	const char	*too_small;
	const char	*too_large;
};

/* The member of an object by this rule: a number, or a text of its digits, as
 * older storefronts send it. *out stays as it is when it is missing (a failure
 * if it is required). The object, which may be NULL, stands at the location.
 * False on a failure. */
bool	form_int(struct form *, const struct form_loc *, struct json_object *,
    const struct form_int_rule *, int64_t *out);

/* A boolean; the default when it is missing. */
bool	form_bool(struct form *, struct json_object *body, const char *name,
    bool def);

/* The segment of the path that must be an integer; false on a failure. */
bool	form_path_int(struct form *, const char *segment, const char *name,
    int64_t *out);

/* An integer parameter of the query; the default when it is missing. */
int64_t	form_query_int(struct form *, const char *query, const char *name,
    int64_t min, int64_t max, int64_t def);

#endif
