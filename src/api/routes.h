/*
 * routes.h: the table of all routes. A route's preconditions are columns of
 * its row (http/route.h); the dispatcher (service.c) checks them.
 */
#ifndef ORDERMUX_ROUTES_H
#define ORDERMUX_ROUTES_H

#include <stdint.h>

#include "http/route.h"

struct buf;

#define API_ORDERS_PATH "/api/v1/orders"

/* Literal paths stand before those with {id} that match them too. */
extern const struct route_table api_routes;

/* "POST /api/v1/orders/create", by the index in the table; "-" for none. In
 * memory that the next call uses again. */
const char *	api_route_name(uint32_t route);

/* A line a route, with tabs: method, path, where the market comes from (none,
 * token, phone), and the body (none, json, optional). */
void	api_routes_list(struct buf *);

#endif
