/*
 * response.h: an answer being made. Nothing is sent before response_send():
 * until then a handler may change its mind, and an error replaces whatever
 * was written.
 */
#ifndef ORDERMUX_RESPONSE_H
#define ORDERMUX_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "http/error.h"

struct request;

struct response {
	int		 status;
	struct buf	 headers;	/* "Name: value\r\n" each */
	struct buf	 body;
	struct json_out	 json;		/* writes to the body */
	bool		 problem;	/* errors as RFC 9457, by Accept */
	bool		 cacheable;	/* by anyone; else no-store */
	bool		 vary_origin;	/* it depends on Origin (cors.h) */
	const char	*request_id;
	/* For the log. */
	enum http_error	 error;
	const char	*error_field;	/* the first wrong one; NULL: none */
	const char	*error_why;	/* no text of a client; or NULL */
};

void	response_init(struct response *, const struct request *);

/* Bytes below 0x20 in the value are dropped. */
void	response_header(struct response *, const char *name,
    const char *value);

/*
 * Makes the answer an error: the envelope, with the row's own text or the one
 * given (NULL = the row's). 401 gets WWW-Authenticate; 503 Retry-After.
 */
void	response_error(struct response *, enum http_error, const char *text);

/* The same with a detail that is JSON already (validation's array), or with
 * further members ("shortages":[...], without a comma in front). Either may
 * be NULL. */
void	response_error_with(struct response *, enum http_error,
    const char *text, const char *detail, const char *members);

/* Sends it; false if the client had gone. */
bool	response_send(struct response *, struct request *);

#endif
