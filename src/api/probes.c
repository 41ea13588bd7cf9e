/*
 * probes.c: GET /health, /ready and /ready/MARKET, for load balancers and
 * monitoring.
 */
#include "api/api.h"
#include "market/market.h"

#define SLOW_US 250000	/* a table read that takes longer is slow */

void
probe_health(struct service *service, struct request *req,
    struct response *res)
{
	(void)service;
	(void)req;
	jw_begin(&res->json, '{');
	jw_put_text(&res->json, "status", "ok");
	jw_end(&res->json, '}');
}

/* "up"; "slow", but within the time that a probe has; or "down". */
static const char *
market_state(struct service *service, const struct market *market)
{
	int64_t		 us;
	enum db_result	 result = service_probe(service, market, &us);

	if (result == DB_CROWDED)
		return "slow";
	if (result != DB_OK)
		return "down";
	return us > SLOW_US ? "slow" : "up";
}

/* Adds "courier" and "status" to the answer, and ends it. "up" of "count"
 * markets are not down. */
static void
end_ready(struct service *service, struct response *res, size_t up,
    size_t count)
{
	struct json_out	*j = &res->json;
	bool		 courier = service_courier_works(service);

	jw_end(j, '}');
	jw_put_text(j, "courier", courier ? "up" : "down");
	jw_put_text(j, "status", up == 0 ? "unavailable" :
	    up < count || !courier ? "degraded" : "ready");
	jw_end(j, '}');
	if (up == 0) {
		res->status = 503;
		response_header(res, "Retry-After", "2");
	}
}

/* Begins the answer: {"markets":{ */
static void
begin_ready(struct response *res)
{
	jw_begin(&res->json, '{');
	jw_name(&res->json, "markets");
	jw_begin(&res->json, '{');
}

void
probe_ready(struct service *service, struct request *req,
    struct response *res)
{
	const struct market_registry	*r = service_markets(service);
	const char			*state;
	size_t				 up = 0;

	(void)req;
	begin_ready(res);
	for (size_t i = 0; i < r->count; i++) {
		state = market_state(service, &r->markets[i]);
		up += *state != 'd';
		jw_put_text(&res->json, r->markets[i].name, state);
	}
	end_ready(service, res, up, r->count);
}

void
probe_ready_market(struct service *service, struct request *req,
    struct response *res)
{
	const struct market	*market = market_find(service_markets(service),
	    req->segment);
	const char		*state;

	if (market == NULL) {
		response_error(res, ERROR_NOT_FOUND, NULL);
		return;
	}
	state = market_state(service, market);
	if (*state == 'd') {
		response_error(res, ERROR_MARKET_AWAY, NULL);
		return;
	}
	begin_ready(res);
	jw_put_text(&res->json, market->name, state);
	end_ready(service, res, 1, 1);
}
