/*
 * response.c: answers (see response.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "http/fcgi.h"
#include "http/request.h"
#include "http/response.h"

#define BODY_FIRST	16384	/* most answers fit; lists grow */
#define HEADERS_FIRST	512
#define RETRY_BUSY	"1"	/* seconds: a transaction is short */
#define RETRY_AFTER	"2"	/* seconds: a database that restarts is back */

/* Whether an Accept header names problem+json, and not with a weight of 0. */
static bool
wants_problem(const char *accept)
{
	static const char	 type[] = "application/problem+json";
	const char		*p, *q;
	size_t			 n;

	if (accept == NULL || (p = strcasestr(accept, type)) == NULL)
		return false;
	p += sizeof(type) - 1;
	n = strcspn(p, ",");
	q = strstr(p, "q=");
	return q == NULL || q >= p + n || strtod(q + 2, NULL) > 0;
}

void
response_init(struct response *res, const struct request *req)
{
	memset(res, 0, sizeof(*res));
	res->status = 200;
	res->request_id = req->id;
	res->problem = wants_problem(request_header(req, "HTTP_ACCEPT"));
	buf_init(&res->headers, req->arena, HEADERS_FIRST);
	buf_init(&res->body, req->arena, BODY_FIRST);
	res->json.buf = &res->body;
}

void
response_header(struct response *res, const char *name, const char *value)
{
	buf_puts(&res->headers, name);
	buf_puts(&res->headers, ": ");
	for (; *value != '\0'; value++) {
		if ((unsigned char)*value >= 0x20)
			buf_putc(&res->headers, *value);
	}
	buf_puts(&res->headers, "\r\n");
}

/* The members of RFC 9457 that the envelope has under other names. */
static void
put_problem(struct json_out *j, const struct http_error_row *row)
{
	jw_put_text(j, "type", "about:blank");
	jw_put_text(j, "title", http_reason(row->status));
	jw_put_int(j, "status", row->status);
}

void
response_error_with(struct response *res, enum http_error error,
    const char *text, const char *detail, const char *members)
{
	const struct http_error_row	*row;
	struct json_out			*j = &res->json;

	/* A table of outcomes that lacks a row: never an answer of success. */
	if (error == ERROR_NONE) {
		log_error("an error without a meaning");
		error = ERROR_INTERNAL;
	}
	row = &http_errors[error];
	if (text == NULL)
		text = row->text;
	res->status = row->status;
	res->error = error;
	res->body.len = 0;
	res->cacheable = false;
	j->comma = false;
	jw_begin(j, '{');
	if (res->problem)
		put_problem(j, row);
	jw_put_bool(j, "success", false);
	jw_put_text(j, "error", row->code);
	jw_put_text(j, "message", text);
	jw_name(j, res->problem && detail != NULL ? "errors" : "detail");
	if (detail != NULL)
		jw_raw(j, detail, strlen(detail));
	else
		jw_text(j, text);
	if (res->problem && detail != NULL)
		jw_put_text(j, "detail", text);
	jw_put_int(j, "status_code", row->status);
	jw_put_text(j, "request_id", res->request_id);
	if (members != NULL)
		jw_raw(j, members, strlen(members));
	jw_end(j, '}');
	if (row->status == 401)
		response_header(res, "WWW-Authenticate", "Bearer");
	if (row->status == 503)
		response_header(res, "Retry-After",
		    error == ERROR_BUSY ? RETRY_BUSY : RETRY_AFTER);
}

void
response_error(struct response *res, enum http_error error, const char *text)
{
	response_error_with(res, error, text, NULL, NULL);
}

/* The media type of the answer. */
static const char *
content_type(const struct response *res)
{
	return res->problem && res->error != ERROR_NONE ?
	    "application/problem+json" : "application/json";
}

/* Whether an answer of this status has content. */
static bool
has_content(int status)
{
	return status != 204 && status != 304;
}

bool
response_send(struct response *res, struct request *req)
{
	struct buf	 head;

	buf_init(&head, req->arena, res->headers.len + HEADERS_FIRST);
	buf_printf(&head, "Status: %d %s\r\n", res->status,
	    http_reason(res->status));
	if (has_content(res->status))
		buf_printf(&head,
		    "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    content_type(res), res->body.len);
	buf_printf(&head, "X-Request-Id: %s\r\n", res->request_id);
	buf_printf(&head, "Cache-Control: %s\r\nVary: %sAccept%s\r\n",
	    res->cacheable ? "public, max-age=60" : "no-store",
	    res->cacheable ? "" : "Authorization, ",
	    res->vary_origin ? ", Origin" : "");
	buf_add(&head, res->headers.data, res->headers.len);
	buf_puts(&head, "\r\n");
	return fcgi_answer(req->fcgi, head.data, head.len, res->body.data,
	    has_content(res->status) ? res->body.len : 0);
}
