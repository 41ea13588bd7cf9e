/*
 * cors.c: see cors.h.
 */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "http/cors.h"
#include "http/request.h"
#include "http/response.h"

static bool
allowed(const char *const *origins, const char *origin)
{
	for (; *origins != NULL; origins++) {
		if (strcmp(*origins, "*") == 0 || strcmp(*origins, origin) == 0)
			return true;
	}
	return false;
}

/* The headers that a page may send. */
static const char *
allowed_headers(const char *const *further, struct arena *arena)
{
	struct buf	 b;

	buf_init(&b, arena, 256);
	buf_puts(&b, "Authorization, Content-Type, Idempotency-Key, If-Match, "
	    "If-None-Match, X-Market");
	for (; *further != NULL; further++)
		buf_printf(&b, ", %s", *further);
	return buf_text(&b);
}

void
cors_answer(const struct cors *cors, const struct request *req,
    struct response *res, const char *methods)
{
	const char	**origins = cors->origins;
	const char	*origin = request_header(req, "HTTP_ORIGIN");

	if (origins == NULL || origins[0] == NULL)
		return;
	/* Whether or not there is an origin: a cache must tell them apart. */
	res->vary_origin = true;
	if (origin == NULL || !allowed(origins, origin))
		return;
	response_header(res, "Access-Control-Allow-Origin", origin);
	response_header(res, "Access-Control-Expose-Headers",
	    "ETag, Idempotent-Replayed, Link, Location, Retry-After, "
	    "X-Request-Id");
	if (req->method != HTTP_OPTIONS || methods == NULL)
		return;
	response_header(res, "Access-Control-Allow-Methods", methods);
	response_header(res, "Access-Control-Allow-Headers",
	    allowed_headers(cors->headers, req->arena));
	response_header(res, "Access-Control-Max-Age", "600");
}
