/*
 * route.c: matching paths (see route.h).
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "http/route.h"

/* Whether a path is the pattern's. *segment is what stood for {id}, in the
 * arena, or NULL when the pattern has none. */
static bool
matches(struct arena *arena, const char *pattern, const char *path,
    const char **segment)
{
	const char	*hole = strstr(pattern, "{id}");
	size_t		 before, n;

	*segment = NULL;
	if (hole == NULL)
		return strcmp(pattern, path) == 0;
	before = (size_t)(hole - pattern);
	if (strncmp(pattern, path, before) != 0)
		return false;
	n = strcspn(path + before, "/");
	if (n == 0 || strcmp(path + before + n, hole + strlen("{id}")) != 0)
		return false;
	*segment = arena_strndup(arena, path + before, n);
	return true;
}

/* Adds a method to the text of an Allow header; GET brings HEAD with it. */
static void
add_method(struct buf *allow, enum http_method method)
{
	const char	*name = http_method_names[method];

	/* Two rows of one method may match: a literal and one with {id}. */
	if (strstr(buf_text(allow), name) != NULL)
		return;
	if (allow->len > 0)
		buf_puts(allow, ", ");
	buf_puts(allow, name);
	if (method == HTTP_GET)
		buf_puts(allow, ", HEAD");
}

const struct route *
route_find(const struct route *table, size_t count, struct request *req,
    const char **allow)
{
	struct buf	 methods;
	const char	*segment;

	*allow = NULL;
	buf_init(&methods, req->arena, 64);
	for (const struct route *r = table; r < table + count; r++) {
		if (!matches(req->arena, r->path, req->path, &segment))
			continue;
		if (r->method == req->method) {
			req->segment = segment;
			return r;
		}
		add_method(&methods, r->method);
	}
	if (methods.len > 0) {
		buf_puts(&methods, ", OPTIONS");
		*allow = buf_text(&methods);
	}
	return NULL;
}
