/*
 * request.h: one request as the handlers see it. Everything lives in the
 * request's arena or in libfcgi's parameters, until the request is finished.
 */
#ifndef ORDERMUX_REQUEST_H
#define ORDERMUX_REQUEST_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/error.h"

#define REQUEST_ID_MAX 64

struct arena;
struct json_object;

enum http_method {
	HTTP_GET,		/* and HEAD: nginx drops the answer's body */
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER,
	HTTP__MAX
};

extern const char *const http_method_names[HTTP__MAX];

struct request {
	struct arena	 *arena;
	FCGX_Request	 *fcgi;
	enum http_method  method;
	const char	 *path;		/* decoded, no slash at its end */
	const char	 *query;	/* never NULL */
	const char	 *remote_addr;
	const char	 *segment;	/* for {id} in the path, or NULL */
	struct json_object *body;	/* NULL: none was read */
	char		  id[REQUEST_ID_MAX + 1]; /* nginx's $request_id */
};

/* Takes the parameters of an accepted request. */
void	request_init(struct request *, FCGX_Request *, struct arena *);

/* A header by its CGI name ("HTTP_ACCEPT"); NULL = not sent. */
const char *	request_header(const struct request *, const char *name);

/* How long ago nginx began with it, in ms, by nginx's $msec in REQ_START; 0 =
 * unknown. */
unsigned	request_age(const struct request *);

/*
 * Whether somebody still waits for the answer: nginx has not closed the
 * connection, and the request is not older than the deadline (ms; its start
 * is nginx's $msec in REQ_START; unknown = young). To be asked before a
 * database is touched: a request that nginx gave up on stays in the backlog
 * and must not be executed later.
 */
bool	request_wanted(const struct request *, unsigned deadline);

/* Whether a body was announced. */
bool	request_has_body(const struct request *);

/*
 * Reads the body and parses it as strict JSON; a byte order mark in front of
 * it is passed over. ERROR_NONE, or: a body over
 * the limit, shorter or longer than announced, of another media type, not
 * JSON; *why is then a text for people, or NULL for the error's own.
 */
enum http_error	request_read_json(struct request *, size_t limit,
    const char **why);

#endif
