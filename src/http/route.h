/*
 * route.h: the table of routes, and matching a path against it.
 *
 * The preconditions of a handler are columns of the table, checked by the
 * dispatcher (api/service.c) in one place: where the market of the request
 * comes from, and whether there is a JSON body. No handler can forget one.
 *
 * A handler is one of three kinds. A session handler acts for the customer of a
 * token, a login handler for a phone number: each is given one market and its
 * connection, and nothing from which another market's could be reached. A
 * public handler is given no connection.
 */
#ifndef ORDERMUX_ROUTE_H
#define ORDERMUX_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

struct login;
struct response;
struct service;
struct session;

enum route_market {
	ROUTE_NO_MARKET,	/* public() answers */
	ROUTE_TOKEN_MARKET,	/* of the verified token; session() answers */
	ROUTE_PHONE_MARKET	/* of the body's phone number; login() does */
};

enum route_body {
	ROUTE_BODY_NONE,
	ROUTE_BODY_JSON,	/* a JSON body is read into the request */
	ROUTE_BODY_OPTIONAL	/* the same, but there may be none */
};

struct route {
	enum http_method	  method;
	const char		 *path;		/* "{id}" = any one segment */
	enum route_market	  market;
	enum route_body		  body;
	bool			  code;		/* a login with a code */
	void	(*public)(struct service *, struct request *,
		    struct response *);
	void	(*session)(struct session *, struct request *,
		    struct response *);
	void	(*login)(struct login *, struct request *, struct response *);
};

struct route_table {
	const struct route	*routes;
	size_t			 count;
};

/*
 * The first route of the table that matches path and method; literal rows
 * stand before those with {id}. The segment that stood for {id} is put in the
 * request. NULL when none does: *allow is then "GET, POST" if others match the
 * path by other methods (405), NULL if none does (404). For OPTIONS too, no
 * route is returned.
 */
const struct route *route_find(const struct route *table, size_t count,
    struct request *, const char **allow);

#endif
