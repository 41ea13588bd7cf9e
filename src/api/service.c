/*
 * service.c: the dispatcher (see service.h): the way of a request from its
 * route to its handler. The only place where a market is chosen, and the only
 * one that holds more than one market's connection.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api/api.h"
#include "api/service.h"
#include "auth/seal.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "base/str.h"
#include "config/settings.h"
#include "http/cors.h"
#include "http/form.h"
#include "market/market.h"
#include "store/statements.h"

#define ARENA_FIRST (96 * 1024)	/* a usual request needs no more */
#define ANSWER_PART 40	/* of the deadline is kept for writing the answer */
#define PROBE_LIMIT 1000	/* ms for one market's answer to a probe */

#define V1	"/api/v1"
#define ORDERS	V1 "/orders"
#define CART	V1 "/cart"
#define PROFILE_ORDERS V1 "/profile/orders"

struct service {
	const struct settings	*settings;
	struct slot		*slot;
	struct token_keys	*keys;
	struct seal_keys	*seal;
	struct db_limits	 limits;
	uint64_t		 deadline_ms;	/* of the request, clock_ms() */
	struct db		*dbs[MARKET_COUNT_MAX];	/* by market index */
	struct arena		*arena;
};

/*
 * What each route needs. Literal paths stand before those with {id} that match
 * them too.
 */
#define NOBODY(method, path, handler) \
	{ HTTP_##method, path, ROUTE_NO_MARKET, ROUTE_BODY_NONE, \
	    .tell = handler }
#define BY_TOKEN(method, path, handler, with) \
	{ HTTP_##method, path, ROUTE_TOKEN_MARKET, ROUTE_BODY_##with, \
	    .act = handler }
#define BY_PHONE(method, path, handler, checker) \
	{ HTTP_##method, path, ROUTE_PHONE_MARKET, ROUTE_BODY_JSON, \
	    .act = handler, .check = checker }

static const struct route routes[] = {
	/* login and profile */
	NOBODY(GET, V1 "/auth/markets", markets_list),
	BY_PHONE(POST, V1 "/auth/send-verification", login_send, NULL),
	BY_PHONE(POST, V1 "/auth/send-code", login_send, NULL),
	BY_PHONE(POST, V1 "/auth/verify-code", login_verify,
	    login_check_code),
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
};
#define ROUTE_COUNT (sizeof(routes) / sizeof(*routes))

const char *
service_route_name(uint32_t route)
{
	static char	 name[64];

	if (route >= ROUTE_COUNT)
		return "-";
	snprintf(name, sizeof(name), "%s %s",
	    http_method_names[routes[route].method], routes[route].path);
	return name;
}

static void
make_keys(struct service *s)
{
	struct token_key	 keys[SETTINGS_KEY_MAX];
	size_t			 count = settings_token_keys(s->settings, keys);

	s->keys = token_keys_new(keys, count);
	s->seal = seal_keys_new(keys, count);
}

struct service *
service_new(const struct settings *settings, const struct scoreboard *board,
    struct slot *slot)
{
	struct service	*s = calloc(1, sizeof(*s));

	if (s == NULL)
		panic("out of memory for a service");
	s->settings = settings;
	s->slot = slot;
	make_keys(s);
	s->limits.connect_timeout = settings->connect_timeout;
	s->limits.query_timeout = settings->query_timeout;
	/* A single market has nobody to leave workers for. */
	s->limits.crowd_after = settings->markets->count > 1 ?
	    settings->crowd_after : 0;
	s->arena = arena_new(ARENA_FIRST);
	for (size_t i = 0; i < settings->markets->count; i++)
		s->dbs[i] = store_db_new(&settings->markets->markets[i], &s->limits,
		    board, slot);
	return s;
}

void
service_free(struct service *s)
{
	for (size_t i = 0; i < s->settings->markets->count; i++)
		db_free(s->dbs[i]);
	token_keys_free(s->keys);
	seal_keys_free(s->seal);
	arena_free(s->arena);
	free(s);
}

void
service_idle(struct service *s)
{
	for (size_t i = 0; i < s->settings->markets->count; i++)
		db_settle(s->dbs[i]);
}

const struct market_registry *
service_markets(const struct service *s)
{
	return s->settings->markets;
}

/* Until when a market may take to answer a probe, by clock_ms(). One request
 * asks all of them, in their order: one that hangs must leave the others
 * theirs, however many hang. */
static uint64_t
probe_deadline(const struct service *s, const struct market *market)
{
	uint64_t	 now = clock_ms();
	uint64_t	 left = s->deadline_ms > now ? s->deadline_ms - now : 0;
	uint64_t	 share = left /
	    (s->settings->markets->count - market->index);

	return now + (share < PROBE_LIMIT ? share : PROBE_LIMIT);
}

enum db_result
service_probe(struct service *s, const struct market *market, int64_t *us)
{
	int64_t		 began = clock_monotonic_us();
	enum db_result	 result;

	slot_set_market(s->slot, market->index);
	db_set_deadline(s->dbs[market->index], probe_deadline(s, market));
	result = db_probe(s->dbs[market->index]);
	*us = clock_monotonic_us() - began;
	return result;
}

/* ---- the token gate ---- */

/* The token of an Authorization header; NULL if there is none. */
static const char *
bearer_token(const struct request *req)
{
	const char	*header = request_header(req, "HTTP_AUTHORIZATION");

	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7;
	while (*header == ' ')
		header++;
	return *header != '\0' ? header : NULL;
}

/* The market that verified claims name; NULL if they name none of ours. The
 * default market is only for tokens that have no such claim at all. */
static const struct market *
claimed_market(const struct service *s, const struct token_claims *claims)
{
	if (claims->market != NULL)
		return market_find(s->settings->markets, claims->market);
	if (claims->has_market || s->settings->market_claim_required)
		return NULL;
	return s->settings->markets->default_market;
}

/*
 * Lets a request through whose token is good, with a session in the token's
 * market. Else makes the answer an error and returns false.
 */
static bool
authenticate(struct service *s, const struct request *req,
    struct response *res, struct session *session)
{
	const char		*token = bearer_token(req), *why;
	struct token_claims	 claims;

	if (token == NULL) {
		response_error(res, ERROR_NO_TOKEN, NULL);
		return false;
	}
	if (!token_verify(s->keys, token, time(NULL),
	    s->settings->token_leeway / 1000, s->arena, &claims, &why) ||
	    (session->market = claimed_market(s, &claims)) == NULL) {
		log_info("token refused",
		    log_str("why", why != NULL ? why : "unknown market"),
		    log_str("client", req->remote_addr));
		response_error(res, ERROR_BAD_TOKEN, NULL);
		return false;
	}
	session->customer.user_id = (int64_t)claims.user_id;
	session->customer.issued_at = claims.issued_at;
	return true;
}

/* ---- the phone gate ---- */

/* "Phone number must be in format +996XXXXXXXXX (KG) or +1XXXXXXXXXX (US)". */
static const char *
phone_formats(const struct service *s)
{
	const struct market_registry	*r = s->settings->markets;
	struct buf			 b;

	buf_init(&b, s->arena, 128);
	buf_puts(&b, "Phone number must be in format ");
	for (size_t i = 0; i < r->count; i++) {
		const struct market	*m = &r->markets[i];

		if (i > 0)
			buf_puts(&b, i + 1 < r->count ? ", " : " or ");
		buf_puts(&b, m->phone.example);
		buf_puts(&b, " (");
		for (const char *p = m->name; *p != '\0'; p++)
			buf_putc(&b, (char)toupper((unsigned char)*p));
		buf_putc(&b, ')');
	}
	return buf_text(&b);
}

/* Chooses the market of a number, and keeps the number in the session; a
 * failure of the form if it is no market's. */
static void
choose_by_phone(struct service *s, struct form *form,
    const struct form_loc *loc, const char *text, struct session *session)
{
	char	*phone = arena_alloc(s->arena, PHONE_MAX + 1);

	if (!phone_normalise(text, phone) ||
	    !phone_valid(phone_market(s->settings->markets, phone), phone)) {
		form_fail(form, loc, phone_formats(s), "value_error");
		return;
	}
	session->market = phone_market(s->settings->markets, phone);
	session->phone = phone;
}

/* Reads the number of a login, under either of its names. */
static void
read_phone(struct service *s, struct form *form, struct json_object *body,
    struct session *session)
{
	const char		*name = "phone";
	const struct form_loc	*loc;
	struct json_object	*value;

	if (!json_object_object_get_ex(body, name, &value) &&
	    json_object_object_get_ex(body, "phone_number", &value))
		name = "phone_number";
	loc = FORM_IN(FORM_BODY, name);
	if (!json_object_object_get_ex(body, name, &value))
		form_fail(form, loc, "Field required", "missing");
	else if (!json_object_is_type(value, json_type_string))
		form_fail(form, loc, "Input should be a valid string",
		    "string_type");
	else
		choose_by_phone(s, form, loc, json_object_get_string(value),
		    session);
}

/*
 * Lets a login through whose phone number is one of a market's, with a session
 * in that market. The number alone decides; an X-Market that says otherwise is
 * a mistake of the storefront, better told than followed.
 */
static bool
identify(struct service *s, const struct route *route,
    const struct request *req, struct response *res,
    struct json_object *body, struct session *session)
{
	const char	*said = request_header(req, "HTTP_X_MARKET");
	struct form	 form;

	form_init(&form, s->arena);
	if (json_object_is_type(body, json_type_object)) {
		read_phone(s, &form, body, session);
		if (route->check != NULL)
			route->check(&form, body);
	} else
		form_fail(&form, FORM_BODY,
		    "Input should be a valid dictionary", "dict_type");
	if (session->market != NULL && said != NULL &&
	    !str_equal_nocase(said, session->market->name))
		form_fail(&form, FORM_IN(&(const struct form_loc){
		    .name = "header" }, "X-Market"),
		    "X-Market does not match the phone number", "value_error");
	if (form.count == 0)
		return true;
	form_answer(&form, res);
	return false;
}

/* ---- the way of a request ---- */

/* Reads the body if the route has one; false with the answer an error. */
static bool
read_body(struct service *s, const struct route *route,
    const struct request *req, struct response *res,
    struct json_object **body)
{
	enum http_error	 error;
	const char	*why;

	*body = NULL;
	if (route->body == ROUTE_BODY_NONE ||
	    (route->body == ROUTE_BODY_OPTIONAL && !request_has_body(req)))
		return true;
	error = request_json(req, s->settings->body_limit, body, &why);
	if (error != ERROR_NONE)
		response_error(res, error, why);
	return error == ERROR_NONE;
}

/*
 * Chooses the market of a request, and reads its body: by its token, before
 * anything else of it is looked at; or by the phone number in the body.
 */
static bool
open_session(struct service *s, const struct route *route,
    const struct request *req, struct response *res,
    struct session *session, struct json_object **body)
{
	if (route->market == ROUTE_TOKEN_MARKET)
		return authenticate(s, req, res, session) &&
		    read_body(s, route, req, res, body);
	return read_body(s, route, req, res, body) &&
	    identify(s, route, req, res, *body, session);
}

/* Runs a handler that acts in a market, with that market's connection. */
static void
act(struct service *s, const struct route *route, struct request *req,
    struct response *res)
{
	struct json_object	*body;
	struct session		 session = {
		.arena = s->arena, .orders_path = ORDERS,
		.duplicate_window = (int64_t)s->settings->duplicate_window *
		    1000,
		.keys = s->keys, .seal = s->seal,
		.token_lifetime = s->settings->token_lifetime / 1000,
		.client = req->remote_addr
	};

	if (!open_session(s, route, req, res, &session, &body))
		return;
	/* It thinks that a form without failures might have no market. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	log_set_market(session.market->name);
	slot_set_market(s->slot, session.market->index);
	if (!request_wanted(req, s->settings->request_deadline)) {
		log_notice("request given up before it was started");
		response_error(res, ERROR_TOO_LATE, NULL);
		return;
	}
	session.db = s->dbs[session.market->index];
	db_set_deadline(session.db, s->deadline_ms);
	if (db_ready(session.db) != DB_OK) {
		response_error(res, ERROR_MARKET_AWAY, NULL);
		return;
	}
	route->act(&session, req, res, body);
}

/* Answers a request that no route takes. */
static void
answer_unrouted(const struct request *req, struct response *res,
    const char *allow)
{
	if (allow == NULL) {
		response_error(res, ERROR_NOT_FOUND, NULL);
		return;
	}
	response_header(res, "Allow", allow);
	if (req->method == HTTP_OPTIONS)
		res->status = 204;
	else
		response_error(res, ERROR_METHOD, NULL);
}

static void
dispatch(struct service *s, struct request *req, struct response *res)
{
	const char		*allow;
	const struct route	*route = route_find(routes, ROUTE_COUNT, req,
	    &allow);

	if (route == NULL)
		answer_unrouted(req, res, allow);
	else {
		slot_set_route(s->slot, (uint32_t)(route - routes));
		if (route->market == ROUTE_NO_MARKET)
			route->tell(s, req, res);
		else
			act(s, route, req, res);
	}
	cors_answer(s->settings->cors_origins, req, res, allow);
}

/* A worker that never waits must not leave a market's reading open that it
 * has no more requests for. */
static void
settle_old(struct service *s)
{
	for (size_t i = 0; i < s->settings->markets->count; i++)
		db_settle_old(s->dbs[i]);
}

/* Until when a database may be waited for, by clock_ms(), so that the answer
 * is written by the deadline. What it has waited for a worker counts. */
static uint64_t
deadline(const struct service *s, const struct request *req)
{
	unsigned	 limit = s->settings->request_deadline;
	unsigned	 age = request_age(req), spare = limit / ANSWER_PART;

	return clock_ms() + (age < limit - spare ? limit - spare - age : 0);
}

void
service_handle(struct service *s, FCGX_Request *fcgi)
{
	int64_t		 began = clock_monotonic_us();
	struct request	 req;
	struct response	 res;
	bool		 sent;

	request_init(&req, fcgi, s->arena);
	response_init(&res, &req);
	log_set_request(req.id);
	slot_set(s->slot, SLOT_RULES);
	s->deadline_ms = deadline(s, &req);
	dispatch(s, &req, &res);
	slot_leave(s->slot);
	slot_set(s->slot, SLOT_WRITING);
	sent = response_send(&res, &req);
	if (!sent)
		log_notice("client gone before the answer",
		    log_int("status", res.status));
	log_debug("request", log_str("method", http_method_names[req.method]),
	    log_str("path", req.path), log_int("status", res.status),
	    log_str("error", res.error_code),
	    log_int("us", clock_monotonic_us() - began),
	    log_str("client", req.remote_addr));
	slot_finished(s->slot, sent ? res.status : 0);
	settle_old(s);
	log_set_request(NULL);
	log_set_market(NULL);
	arena_reset(s->arena);
}
