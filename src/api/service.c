/*
 * service.c: the dispatcher (see service.h): the way of a request from its
 * route to its handler. The only place where a market is chosen, and the only
 * one that holds more than one market's connection.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api/api.h"
#include "api/login_form.h"
#include "api/refusal.h"
#include "api/service.h"
#include "auth/login_code.h"
#include "auth/secretbox.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/scoreboard.h"
#include "base/slot.h"
#include "config/settings.h"
#include "http/cors.h"
#include "http/form.h"
#include "http/language.h"
#include "market/market.h"
#include "store/sku_cache.h"
#include "store/statements.h"

#define ARENA_FIRST (96 * 1024)	/* a usual request needs no more */
#define ANSWER_PART 40	/* of the deadline is kept for writing the answer */
#define PROBE_LIMIT 1000	/* ms for one market's answer to a probe */
#define COURIER_START 1000	/* ms after which it waits for messages */

struct service {
	const struct settings	*settings;
	const struct route_table *routes;
	const struct scoreboard	*board;
	struct slot		*slot;
	struct token_keys	*token_keys;
	struct token_rules	 token_rules;
	struct login_code_keys	*code_keys;
	struct secretbox_keys	*message_keys;
	struct db_limits	 limits;
	uint64_t		 deadline_ms;	/* of the request, clock_ms() */
	struct db		*dbs[MARKET_COUNT_MAX];	/* by market index;
						 * NULL = shut */
	struct sku_cache	*skus[MARKET_COUNT_MAX];	/* likewise */
	struct db		*entered;	/* by this request; or NULL */
	struct arena		*arena;
	struct refusals		*refusals;
};

static void
make_keys(struct service *s)
{
	struct token_key	 keys[SETTINGS_KEY_MAX];
	size_t			 count = settings_token_keys(s->settings, keys);

	s->token_keys = token_keys_new(keys, count);
	s->code_keys = login_code_keys_new(keys, count);
	s->message_keys = secretbox_keys_new(keys, count);
}

struct service *
service_new(const struct settings *settings, const struct route_table *routes,
    const struct scoreboard *board, struct slot *slot)
{
	struct service	*s = calloc(1, sizeof(*s));

	if (s == NULL)
		panic("out of memory for a service");
	s->settings = settings;
	s->routes = routes;
	s->board = board;
	s->slot = slot;
	make_keys(s);
	s->token_rules.leeway = settings->token_leeway / 1000;
	s->token_rules.lifetime = settings->token_lifetime / 1000;
	s->token_rules.audience = settings->token_audience;
	s->refusals = refusals_new(board->workers);
	s->limits.connect_timeout = settings->connect_timeout;
	s->limits.query_timeout = settings->query_timeout;
	s->limits.crowd_after = settings->crowd_after;
	s->limits.markets = settings->markets->count;
	s->arena = arena_new(ARENA_FIRST);
	for (size_t i = 0; i < settings->markets->count; i++) {
		if (settings->markets->markets[i].shut)
			continue;
		s->dbs[i] = store_db_new(&settings->markets->markets[i],
		    &s->limits, board, slot);
		s->skus[i] = sku_cache_new();
	}
	return s;
}

void
service_free(struct service *s)
{
	for (size_t i = 0; i < s->settings->markets->count; i++) {
		db_free(s->dbs[i]);
		sku_cache_free(s->skus[i]);
	}
	token_keys_free(s->token_keys);
	login_code_keys_free(s->code_keys);
	secretbox_keys_free(s->message_keys);
	refusals_free(s->refusals);
	arena_free(s->arena);
	free(s);
}

void
service_idle(struct service *s)
{
	for (size_t i = 0; i < s->settings->markets->count; i++)
		if (s->dbs[i] != NULL)
			db_settle(s->dbs[i]);
	refusals_tell(s->refusals);
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

	*us = 0;
	if (market->shut)
		return DB_AWAY;
	slot_set_market(s->slot, market->index);
	db_set_deadline(s->dbs[market->index], probe_deadline(s, market));
	result = db_probe(s->dbs[market->index]);
	*us = clock_monotonic_us() - began;
	if (result == DB_OK)
		result = db_check(s->dbs[market->index]);
	db_done(s->dbs[market->index]);
	return result;
}

bool
service_courier_works(const struct service *s)
{
	const struct scoreboard	*board = s->board;
	const struct slot	*slot = &board->slots[board->workers];
	uint64_t		 now = clock_ms(), since, silent;

	if (board->workers == board->count)
		return false;	/* there is no courier */
	since = slot->since_ms;
	silent = now > since ? now - since : 0;
	return silent < (slot->phase == SLOT_STARTING ? COURIER_START :
	    settings_silence(s->settings));
}

/* ---- who asks ---- */

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

/* Lets a request through whose token is good, with a session in the token's
 * market. Else makes the answer an error and returns false. */
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
	if (!token_verify(s->token_keys, &s->token_rules, token, time(NULL),
	    s->arena, &claims, &why) ||
	    (session->market = claimed_market(s, &claims)) == NULL) {
		res->error_why = why != NULL ? why : "unknown market";
		response_error(res, ERROR_BAD_TOKEN, NULL);
		return false;
	}
	session->customer.user_id = (int64_t)claims.user_id;
	session->customer.issued_from = claims.issued_from;
	session->customer.issued_until = claims.issued_until;
	log_set_user(session->customer.user_id);
	log_set_market(session->market->name);
	return true;
}

/* ---- the way of a request ---- */

/* Reads the body if the route has one; false with the answer an error. */
static bool
read_route_body(struct service *s, const struct route *route,
    struct request *req, struct response *res)
{
	enum http_error	 error;
	const char	*why;

	if (route->body == ROUTE_BODY_NONE ||
	    (route->body == ROUTE_BODY_OPTIONAL && !request_has_body(req)))
		return true;
	error = request_read_json(req, s->settings->body_limit, &why);
	if (error != ERROR_NONE) {
		res->error_why = why;
		response_error(res, error, why);
	}
	return error == ERROR_NONE;
}

/* A client's address as a customer's number, which no user's id is. */
static uint64_t
address_number(const char *address)
{
	return hash_add(HASH_START, address, strlen(address)) |
	    (uint64_t)1 << 63;
}

/* The connection of the market that was chosen, ready for the first
 * statement. NULL, with the answer an error, if nobody waits for the answer
 * any more, the database is unavailable, or too many requests of the customer
 * wait already. */
static struct db *
open_market(struct service *s, const struct market *market, uint64_t customer,
    const struct request *req, struct response *res)
{
	struct db	*db = s->dbs[market->index];
	enum db_result	 result;

	log_set_market(market->name);
	slot_set_market(s->slot, market->index);
	if (market->shut) {
		log_warning("market is shut: its file is wrong");
		response_error(res, ERROR_MARKET_AWAY, NULL);
		return NULL;
	}
	slot_set_customer(s->slot, customer);
	if (!request_wanted(req, s->settings->request_deadline)) {
		log_notice("request given up before it was started");
		response_error(res, ERROR_TOO_LATE, NULL);
		return NULL;
	}
	db_set_deadline(db, s->deadline_ms);
	s->entered = db;
	result = db_ready(db);
	if (result == DB_OK)
		return db;
	if (result == DB_BUSY)
		response_error(res, ERROR_BUSY, "Too many of your requests "
		    "are waiting. Please try again.");
	else
		response_error(res, ERROR_MARKET_AWAY, NULL);
	return NULL;
}

/* Serves the customer of a token: the token is verified before anything else
 * of the request is looked at. */
static void
serve_session(struct service *s, const struct route *route,
    struct request *req, struct response *res)
{
	struct session		 session = { .arena = s->arena,
	    .orders_per_hour = s->settings->orders_per_hour,
	    .duplicate_window = (int64_t)s->settings->duplicate_window *
	    1000 };

	if (!authenticate(s, req, res, &session) ||
	    !read_route_body(s, route, req, res))
		return;
	session.db = open_market(s, session.market,
	    (uint64_t)session.customer.user_id, req, res);
	if (session.db == NULL)
		return;
	session.skus = s->skus[session.market->index];
	route->session(&session, req, res);
}

/* Serves a login: the phone number in the body decides the market. */
static void
serve_login(struct service *s, const struct route *route,
    struct request *req, struct response *res)
{
	struct login		 login = { .arena = s->arena,
	    .token_keys = s->token_keys, .code_keys = s->code_keys,
	    .message_keys = s->message_keys, .client = req->remote_addr,
	    .token_lifetime = s->settings->token_lifetime / 1000 };
	struct login_form	 fields;
	struct form		 form;

	if (!read_route_body(s, route, req, res))
		return;
	form_init(&form, s->arena);
	login_form_read(&form, s->settings->markets, req->body, route->code,
	    request_header(req, "HTTP_X_MARKET"), &fields);
	if (form.count > 0) {
		form_answer(&form, res);
		return;
	}
	login.market = fields.market;
	login.phone = fields.phone;
	login.code = fields.code;
	login.language = language_pick(login.market->languages,
	    fields.language);
	if (login.language == NULL)
		login.language = language_pick(login.market->languages,
		    request_header(req, "HTTP_ACCEPT_LANGUAGE"));
	login.db = open_market(s, login.market,
	    address_number(req->remote_addr), req, res);
	if (login.db != NULL)
		route->login(&login, req, res);
}

static void
serve(struct service *s, const struct route *route, struct request *req,
    struct response *res)
{
	slot_set_route(s->slot, (uint32_t)(route - s->routes->routes));
	switch (route->market) {
	case ROUTE_NO_MARKET:
		route->public(s, req, res);
		break;
	case ROUTE_TOKEN_MARKET:
		serve_session(s, route, req, res);
		break;
	case ROUTE_PHONE_MARKET:
		serve_login(s, route, req, res);
		break;
	}
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
	const struct route	*route = route_find(s->routes->routes,
	    s->routes->count, req, &allow);

	if (route == NULL)
		answer_unrouted(req, res, allow);
	else
		serve(s, route, req, res);
	refusal_log(s->refusals, route, req, res);
	cors_answer(&(struct cors){ .origins = s->settings->cors_origins,
	    .headers = s->settings->cors_headers }, req, res, allow);
}

/* A worker that never waits must not leave a market's reading open that it
 * has no more requests for. */
static void
settle_old(struct service *s)
{
	for (size_t i = 0; i < s->settings->markets->count; i++)
		if (s->dbs[i] != NULL)
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
	if (s->entered != NULL)
		db_done(s->entered);
	s->entered = NULL;
	slot_set(s->slot, SLOT_WRITING);
	sent = response_send(&res, &req);
	if (!sent)
		log_notice("client gone before the answer",
		    log_int("status", res.status));
	log_debug("request", log_str("method", http_method_names[req.method]),
	    log_str("path", req.path), log_int("status", res.status),
	    log_str("error", http_errors[res.error].code),
	    log_int("us", clock_monotonic_us() - began),
	    log_str("client", req.remote_addr));
	slot_finished(s->slot, sent ? res.status : 0);
	settle_old(s);
	log_set_request(NULL);
	log_set_market(NULL);
	log_set_user(0);
	arena_reset(s->arena);
}
