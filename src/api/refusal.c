/*
 * refusal.c: see refusal.h.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/refusal.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/request.h"
#include "http/response.h"
#include "http/route.h"

/* Of one error: the lines since the window began. */
struct refusal_count {
	uint64_t	began_ms;
	unsigned	lines;
	unsigned	left_out;	/* not told yet */
};

struct refusals {
	unsigned		 share;	/* lines of an error in a window */
	struct refusal_count	 counts[ERROR__MAX];
};

struct refusals *
refusals_new(size_t workers)
{
	struct refusals	*r = calloc(1, sizeof(*r));

	if (r == NULL)
		panic("out of memory for refusals");
	r->share = REFUSAL_LINES / (unsigned)(workers > 0 ? workers : 1);
	if (r->share == 0)
		r->share = 1;
	return r;
}

/* Returns whether one more line may be written; else counts it. */
static bool
take_share(struct refusals *r, struct refusal_count *c)
{
	uint64_t	 now = clock_ms();

	if (now - c->began_ms >= REFUSAL_WINDOW) {
		c->began_ms = now;
		c->lines = 0;
	}
	if (c->lines < r->share) {
		c->lines++;
		return true;
	}
	c->left_out++;
	return false;
}

/* A fault of ours is an error. A database that is away has its warning, once:
 * each of its requests is only a notice. */
static enum log_level
refusal_level(int status)
{
	if (status < 500)
		return LOG_LEVEL_INFO;
	return status == 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE;
}

/* Adds a field if there is something to say. */
static void
add_text(struct log_field **f, const char *name, const char *text)
{
	if (text != NULL)
		*(*f)++ = log_str(name, text);
}

void
refusal_log(struct refusals *r, const struct route *route,
    const struct request *req, const struct response *res)
{
	struct refusal_count	*c = &r->counts[res->error];
	struct log_field	 fields[8] = { 0 }, *f = fields;

	if (res->error == ERROR_NONE || !take_share(r, c))
		return;
	*f++ = log_str("error", http_errors[res->error].code);
	*f++ = log_int("status", res->status);
	add_text(&f, "route", route == NULL ? NULL : arena_printf(req->arena,
	    "%s %s", http_method_names[route->method], route->path));
	add_text(&f, "field", res->error_field);
	add_text(&f, "why", res->error_why);
	add_text(&f, "client", req->remote_addr);
	if (c->left_out > 0)
		*f++ = log_uint("left_out", c->left_out);
	c->left_out = 0;
	log_write(refusal_level(res->status), res->status < 500 ?
	    "request refused" : "request failed", fields);
}

/* Says how many lines of an error were left out, if any. */
static void
tell_left_out(struct refusals *r, int error)
{
	struct refusal_count	*c = &r->counts[error];

	if (c->left_out > 0)
		log_info("requests refused",
		    log_str("error", http_errors[error].code),
		    log_uint("left_out", c->left_out));
	c->left_out = 0;
}

void
refusals_tell(struct refusals *r)
{
	for (int e = 0; e < ERROR__MAX; e++)
		if (clock_ms() - r->counts[e].began_ms >= REFUSAL_WINDOW)
			tell_left_out(r, e);
}

void
refusals_free(struct refusals *r)
{
	for (int e = 0; e < ERROR__MAX; e++)
		tell_left_out(r, e);
	free(r);
}
