/*
 * probes.c: GET /health and GET /ready, for load balancers and monitoring.
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

void
probe_ready(struct service *service, struct request *req,
    struct response *res)
{
	const struct market_registry	*r = service_markets(service);
	struct json_out			*j = &res->json;
	const char			*state;
	size_t				 up = 0;

	(void)req;
	jw_begin(j, '{');
	jw_name(j, "markets");
	jw_begin(j, '{');
	for (size_t i = 0; i < r->count; i++) {
		state = market_state(service, &r->markets[i]);
		up += *state != 'd';
		jw_put_text(j, r->markets[i].name, state);
	}
	jw_end(j, '}');
	jw_put_text(j, "status", up == r->count ? "ready" :
	    up > 0 ? "degraded" : "unavailable");
	jw_end(j, '}');
	if (up == 0) {
		res->status = 503;
		response_header(res, "Retry-After", "2");
	}
}
