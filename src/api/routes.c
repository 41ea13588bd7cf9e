/*
 * routes.c: the route table (see routes.h).
 */
#include <stdio.h>

#include "api/api.h"
#include "api/routes.h"
#include "base/buf.h"

#define V1	"/api/v1"
#define ORDERS	API_ORDERS_PATH
#define CART	V1 "/cart"
#define PROFILE_ORDERS V1 "/profile/orders"

/* What each route needs. Literal paths stand before those with {id} that
 * match them too. */
#define NOBODY(method, path, handler) \
	{ HTTP_##method, path, ROUTE_NO_MARKET, ROUTE_BODY_NONE, \
	    .public = handler }
#define BY_TOKEN(method, path, handler, with) \
	{ HTTP_##method, path, ROUTE_TOKEN_MARKET, ROUTE_BODY_##with, \
	    .session = handler }
#define BY_PHONE(method, path, handler, with_code) \
	{ HTTP_##method, path, ROUTE_PHONE_MARKET, ROUTE_BODY_JSON, \
	    .login = handler, .code = with_code }

static const struct route routes[] = {
	/* login and profile */
	NOBODY(GET, V1 "/auth/markets", markets_list),
	BY_PHONE(POST, V1 "/auth/send-verification", login_send, false),
	BY_PHONE(POST, V1 "/auth/send-code", login_send, false),
	BY_PHONE(POST, V1 "/auth/verify-code", login_verify, true),
	BY_TOKEN(GET, V1 "/auth/profile", profile_show, NONE),
	BY_TOKEN(PUT, V1 "/auth/profile", profile_change, JSON),
	BY_TOKEN(GET, V1 "/auth/verify-token", profile_verify_token, NONE),
	BY_TOKEN(POST, V1 "/auth/logout", profile_logout, NONE),
	/* orders */
	BY_TOKEN(POST, ORDERS "/create", order_create, JSON),
	BY_TOKEN(POST, ORDERS, order_create, JSON),
	BY_TOKEN(GET, ORDERS, order_list, NONE),
	BY_TOKEN(GET, ORDERS "/{id}", order_detail, NONE),
	BY_TOKEN(GET, ORDERS "/{id}/events", order_events, NONE),
	BY_TOKEN(POST, ORDERS "/{id}/cancel", order_cancel, OPTIONAL),
	BY_TOKEN(GET, PROFILE_ORDERS, profile_order_list, NONE),
	BY_TOKEN(GET, PROFILE_ORDERS "/{id}", profile_order_detail, NONE),
	BY_TOKEN(POST, PROFILE_ORDERS "/{id}/cancel", order_cancel, OPTIONAL),
	/* the cart, and the older forms of its routes */
	BY_TOKEN(GET, CART, cart_show, NONE),
	BY_TOKEN(DELETE, CART, cart_clear, OPTIONAL),
	BY_TOKEN(GET, CART "/items", cart_show, NONE),
	BY_TOKEN(POST, CART "/items", cart_add, JSON),
	BY_TOKEN(PUT, CART "/items/{id}", cart_update, OPTIONAL),
	BY_TOKEN(DELETE, CART "/items/{id}", cart_remove, OPTIONAL),
	BY_TOKEN(POST, CART "/get", cart_show, OPTIONAL),
	BY_TOKEN(POST, CART "/add", cart_add, JSON),
	BY_TOKEN(POST, CART "/update", cart_update, JSON),
	BY_TOKEN(POST, CART "/remove", cart_remove, JSON),
	BY_TOKEN(POST, CART "/clear", cart_clear, OPTIONAL),
	/* service */
	NOBODY(GET, V1 "/health", probe_health),
	NOBODY(GET, V1 "/ready", probe_ready),
	NOBODY(GET, "/health", probe_health),
	NOBODY(GET, "/ready", probe_ready),
	NOBODY(GET, V1 "/ready/{id}", probe_ready_market),
	NOBODY(GET, "/ready/{id}", probe_ready_market),
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(*routes))

const struct route_table api_routes = { routes, ROUTE_COUNT };

const char *
api_route_name(uint32_t route)
{
	static char	 name[64];

	if (route >= ROUTE_COUNT)
		return "-";
	snprintf(name, sizeof(name), "%s %s",
	    http_method_names[routes[route].method], routes[route].path);
	return name;
}

void
api_routes_list(struct buf *out)
{
	static const char *const	 markets[] = {
		[ROUTE_NO_MARKET] = "none", [ROUTE_TOKEN_MARKET] = "token",
		[ROUTE_PHONE_MARKET] = "phone" };
	static const char *const	 bodies[] = {
		[ROUTE_BODY_NONE] = "none", [ROUTE_BODY_JSON] = "json",
		[ROUTE_BODY_OPTIONAL] = "optional" };

	for (size_t i = 0; i < ROUTE_COUNT; i++)
		buf_printf(out, "%s\t%s\t%s\t%s\n",
		    http_method_names[routes[i].method],
		    routes[i].path, markets[routes[i].market],
		    bodies[routes[i].body]);
}
