/*
 * service.c: the dispatcher (see service.h): the way of a request from its
 * route to its handler. The only place where a market is chosen, and the only
 * one that holds more than one market's connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api/api.h"
#include "api/service.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/stage.h"
#include "daemon/config.h"
#include "http/cors.h"
#include "market/market.h"

#define ARENA_FIRST (96 * 1024)	/* a usual request needs no more */

#define V1	"/api/v1"
#define ORDERS	V1 "/orders"

struct service {
	const struct config	*config;
	struct stage		*stage;
	struct token_keys	*keys;
	struct db_limits	 limits;
	struct db		*dbs[MARKET_COUNT_MAX];	/* by market index */
	struct arena		*arena;
};

/* Literal paths stand before those with {id} that match them too. */
static const struct route routes[] = {
	{ HTTP_GET, V1 "/auth/markets", ROUTE_NO_MARKET, false,
	    markets_list, NULL },
	{ HTTP_POST, ORDERS "/create", ROUTE_TOKEN_MARKET, true,
	    NULL, order_create },
	{ HTTP_POST, ORDERS, ROUTE_TOKEN_MARKET, true, NULL, order_create },
	{ HTTP_GET, ORDERS, ROUTE_TOKEN_MARKET, false, NULL, order_list },
	{ HTTP_GET, ORDERS "/{id}", ROUTE_TOKEN_MARKET, false,
	    NULL, order_detail },
	{ HTTP_GET, V1 "/health", ROUTE_NO_MARKET, false,
	    probe_health, NULL },
	{ HTTP_GET, V1 "/ready", ROUTE_NO_MARKET, false, probe_ready, NULL },
	{ HTTP_GET, "/health", ROUTE_NO_MARKET, false, probe_health, NULL },
	{ HTTP_GET, "/ready", ROUTE_NO_MARKET, false, probe_ready, NULL },
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

static struct token_keys *
make_keys(const struct config *config)
{
	struct token_key	 keys[CONFIG_KEY_MAX];

	for (size_t i = 0; i < config->key_count; i++)
		keys[i] = (struct token_key){ .kid = config->keys[i].kid,
		    .bytes = config->keys[i].secret.bytes,
		    .len = config->keys[i].secret.len };
	return token_keys_new(keys, config->key_count);
}

struct service *
service_new(const struct config *config, struct stage *stage)
{
	struct service	*s = calloc(1, sizeof(*s));

	if (s == NULL)
		panic("out of memory for a service");
	s->config = config;
	s->stage = stage;
	s->keys = make_keys(config);
	s->limits.connect_timeout = config->connect_timeout;
	s->limits.query_timeout = config->query_timeout;
	s->arena = arena_new(ARENA_FIRST);
	for (size_t i = 0; i < config->markets->count; i++)
		s->dbs[i] = db_new(&config->markets->markets[i], &s->limits,
		    stage);
	return s;
}

void
service_free(struct service *s)
{
	for (size_t i = 0; i < s->config->markets->count; i++)
		db_free(s->dbs[i]);
	token_keys_free(s->keys);
	arena_free(s->arena);
	free(s);
}

void
service_idle(struct service *s)
{
	for (size_t i = 0; i < s->config->markets->count; i++)
		db_settle(s->dbs[i]);
}

const struct market_registry *
service_markets(const struct service *s)
{
	return s->config->markets;
}

static int64_t
monotonic_us(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

enum db_result
service_probe(struct service *s, const struct market *market, int64_t *us)
{
	int64_t		 began = monotonic_us();
	enum db_result	 result;

	stage_set_market(s->stage, market->index);
	result = db_probe(s->dbs[market->index]);
	*us = monotonic_us() - began;
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
		return market_find(s->config->markets, claims->market);
	if (claims->has_market || s->config->market_claim_required)
		return NULL;
	return s->config->markets->default_market;
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
	    s->config->token_leeway / 1000, s->arena, &claims, &why) ||
	    (session->market = claimed_market(s, &claims)) == NULL) {
		log_info("token refused",
		    log_str("why", why != NULL ? why : "unknown market"),
		    log_str("client", req->remote_addr));
		response_error(res, ERROR_BAD_TOKEN, NULL);
		return false;
	}
	session->customer.user_id = (int64_t)claims.user_id;
	session->customer.issued_at = claims.issued_at > 0 &&
	    claims.issued_at < 253402300799.0 ?
	    (int64_t)(claims.issued_at * 1e6) : 0;
	session->db = s->dbs[session->market->index];
	session->duplicate_window =
	    (int64_t)s->config->duplicate_window * 1000;
	session->arena = s->arena;
	session->orders_path = ORDERS;
	return true;
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
	if (!route->body)
		return true;
	error = request_json(req, s->config->body_limit, body, &why);
	if (error != ERROR_NONE)
		response_error(res, error, why);
	return error == ERROR_NONE;
}

/* Runs a handler that acts in the token's market. */
static void
act(struct service *s, const struct route *route, struct request *req,
    struct response *res)
{
	struct json_object	*body;
	struct session		 session;

	if (!authenticate(s, req, res, &session))
		return;
	log_set_market(session.market->name);
	stage_set_market(s->stage, session.market->index);
	if (!read_body(s, route, req, res, &body))
		return;
	if (!request_wanted(req, s->config->request_deadline)) {
		log_notice("request given up before it was started");
		response_error(res, ERROR_TOO_LATE, NULL);
		return;
	}
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
		stage_set_route(s->stage, (uint32_t)(route - routes));
		if (route->market == ROUTE_NO_MARKET)
			route->tell(s, req, res);
		else
			act(s, route, req, res);
	}
	cors_answer(s->config->cors_origins, req, res, allow);
}

void
service_handle(struct service *s, FCGX_Request *fcgi)
{
	int64_t		 began = monotonic_us();
	struct request	 req;
	struct response	 res;
	bool		 sent;

	request_init(&req, fcgi, s->arena);
	response_init(&res, &req);
	log_set_request(req.id);
	stage_set(s->stage, STAGE_RULES);
	dispatch(s, &req, &res);
	stage_set(s->stage, STAGE_WRITING);
	sent = response_send(&res, &req);
	if (!sent)
		log_notice("client gone before the answer",
		    log_int("status", res.status));
	log_debug("request", log_str("method", http_method_names[req.method]),
	    log_str("path", req.path), log_int("status", res.status),
	    log_str("error", res.error_code),
	    log_int("us", monotonic_us() - began),
	    log_str("client", req.remote_addr));
	stage_finished(s->stage, sent ? res.status : 0);
	log_set_request(NULL);
	log_set_market(NULL);
	arena_reset(s->arena);
}
