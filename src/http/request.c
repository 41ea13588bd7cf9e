/*
 * request.c: a request from libfcgi's parameters (see request.h).
 */
#include <ctype.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/str.h"
#include "http/request.h"

const char *const http_method_names[HTTP__MAX] = {
	[HTTP_GET] = "GET",
	[HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",
	[HTTP_DELETE] = "DELETE",
	[HTTP_OPTIONS] = "OPTIONS",
	[HTTP_OTHER] = ""
};

static enum http_method
parse_method(const char *name)
{
	if (strcmp(name, "HEAD") == 0)
		return HTTP_GET;
	for (int m = 0; m < HTTP_OTHER; m++) {
		if (strcmp(name, http_method_names[m]) == 0)
			return (enum http_method)m;
	}
	return HTTP_OTHER;
}

/* A parameter, "" if it is not there. */
static const char *
param(const FCGX_Request *fcgi, const char *name)
{
	const char	*value = FCGX_GetParam(name, fcgi->envp);

	return value != NULL ? value : "";
}

/* The path without slashes at its end, but for the root itself. */
static const char *
parse_path(struct arena *arena, const char *uri)
{
	size_t	 n = strlen(uri);

	while (n > 1 && uri[n - 1] == '/')
		n--;
	return arena_strndup(arena, uri, n);
}

/* Copies nginx's request id, without what does not belong in a header. */
static void
copy_id(struct request *r, const char *id)
{
	size_t	 n = 0;

	for (; *id != '\0' && n < REQUEST_ID_MAX; id++) {
		if (isalnum((unsigned char)*id) || *id == '-')
			r->id[n++] = *id;
	}
	r->id[n] = '\0';
}

void
request_init(struct request *r, FCGX_Request *fcgi, struct arena *arena)
{
	memset(r, 0, sizeof(*r));
	r->arena = arena;
	r->fcgi = fcgi;
	r->method = parse_method(param(fcgi, "REQUEST_METHOD"));
	r->path = parse_path(arena, param(fcgi, "DOCUMENT_URI"));
	r->query = param(fcgi, "QUERY_STRING");
	r->remote_addr = param(fcgi, "REMOTE_ADDR");
	copy_id(r, param(fcgi, "REQUEST_ID"));
}

const char *
request_header(const struct request *r, const char *name)
{
	return FCGX_GetParam(name, r->fcgi->envp);
}

unsigned
request_age(const struct request *r)
{
	const char	*start = request_header(r, "REQ_START");
	double		 began, age;

	if (start == NULL || !((began = strtod(start, NULL)) > 0))
		return 0;
	age = (double)clock_us() / 1e3 - began * 1e3;
	if (!(age > 0))
		return 0;	/* the clock was set back */
	return age < UINT_MAX ? (unsigned)age : UINT_MAX;
}

bool
request_wanted(const struct request *r, unsigned deadline)
{
	struct pollfd	 p = { .fd = r->fcgi->ipcFd, .events = POLLRDHUP };

	if (poll(&p, 1, 0) == 1 &&
	    (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
		return false;
	return request_age(r) < deadline;
}

bool
request_has_body(const struct request *r)
{
	const char	*len = param(r->fcgi, "CONTENT_LENGTH");

	return *len != '\0' && strcmp(len, "0") != 0;
}

/* application/json or application/xxx+json, or none given. */
static bool
is_json(const char *type)
{
	size_t	 n = strcspn(type, "; \t");

	if (n == 0)
		return true;
	if (strncasecmp(type, "application/", 12) != 0)
		return false;
	return (n == 16 && strncasecmp(type + 12, "json", 4) == 0) ||
	    (n > 17 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

/* Reads the whole body. Whole is when as many bytes came as were announced,
 * no more, and libfcgi saw no error: a client that went away looks like a
 * short body. Returns NULL if it is not. */
static char *
read_body(const struct request *r, size_t len)
{
	char	*body = arena_alloc(r->arena, len + 1);
	size_t	 got = 0;
	int	 n;

	while (got < len && (n = FCGX_GetStr(body + got, (int)(len - got),
	    r->fcgi->in)) > 0)
		got += (size_t)n;
	if (got != len || FCGX_GetChar(r->fcgi->in) != EOF ||
	    FCGX_GetError(r->fcgi->in) != 0)
		return NULL;
	return body;
}

/* How many bytes of byte order mark a body begins with. A reader of JSON may
 * ignore it (RFC 8259, 8.1), and some programs write it. */
static size_t
mark_length(const char *body, size_t len)
{
	static const char	 mark[] = "\xef\xbb\xbf";
	size_t			 n = sizeof(mark) - 1;

	return len >= n && memcmp(body, mark, n) == 0 ? n : 0;
}

enum http_error
request_read_json(struct request *r, size_t limit, const char **why)
{
	int64_t	 len = 0;
	char	*body;
	size_t	 mark;

	*why = NULL;
	if (!is_json(param(r->fcgi, "CONTENT_TYPE")))
		return ERROR_MEDIA_TYPE;
	str_to_int64(param(r->fcgi, "CONTENT_LENGTH"), &len);
	if (len < 0)
		return ERROR_BAD_REQUEST;
	if ((uint64_t)len > limit)
		return ERROR_BODY_TOO_LARGE;
	if ((body = read_body(r, (size_t)len)) == NULL)
		return ERROR_BAD_REQUEST;
	mark = mark_length(body, (size_t)len);
	if (!json_read(r->arena, body + mark, (size_t)len - mark, &r->body,
	    why)) {
		*why = arena_printf(r->arena, "%s: %s",
		    http_errors[ERROR_BAD_JSON].text, *why);
		return ERROR_BAD_JSON;
	}
	return ERROR_NONE;
}
