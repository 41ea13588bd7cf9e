/*
 * markets.c: GET /auth/markets: what a storefront needs to know of each market
 * before anybody is logged in.
 */
#include <stdio.h>

#include "api/api.h"
#include "base/money.h"
#include "market/market.h"

static void
put_list(struct json_out *j, const char *name, const char **list)
{
	jw_name(j, name);
	jw_begin(j, '[');
	for (; *list != NULL; list++)
		jw_text(j, *list);
	jw_end(j, ']');
}

static void
put_payments(struct json_out *j, const struct market *m)
{
	jw_name(j, "payment_methods");
	jw_begin(j, '[');
	for (size_t i = 0; i < m->payment_count; i++) {
		if (m->payments[i].method == m->payments[i].name)
			jw_text(j, m->payments[i].name);
	}
	jw_end(j, ']');
}

static void
put_zones(struct json_out *j, const struct market *m)
{
	jw_name(j, "shipping_zones");
	jw_begin(j, '[');
	for (size_t i = 0; i < m->zone_count; i++) {
		const struct market_zone	*z = &m->zones[i];

		jw_begin(j, '{');
		jw_put_text(j, "name", z->name);
		jw_put_money(j, "cost", z->cost, m->currency.digits);
		jw_name(j, "free_from");
		if (z->free_from < 0)
			jw_null(j);
		else
			jw_money(j, z->free_from, m->currency.digits);
		jw_end(j, '}');
	}
	jw_end(j, ']');
}

static void
put_market(struct json_out *j, const struct market *m)
{
	jw_begin(j, '{');
	jw_put_text(j, "market", m->name);
	jw_put_text(j, "country", m->country);
	jw_put_text(j, "currency", m->currency.symbol);
	jw_put_text(j, "currency_code", m->currency.code);
	jw_put_text(j, "language", m->language);
	put_list(j, "languages", m->languages);
	jw_put_text(j, "phone_prefix", m->phone.prefixes[0]);
	put_list(j, "phone_prefixes", m->phone.prefixes);
	jw_put_text(j, "phone_format", m->phone.format);
	put_payments(j, m);
	put_zones(j, m);
	/* Millionths are a decimal with six digits, as money is with two. */
	jw_name(j, "tax_rate");
	jw_decimal(j, m->tax.rate, 6);
	jw_put_bool(j, "tax_included", m->tax.included);
	jw_put_bool(j, "tax_shipping", m->tax.shipping);
	jw_end(j, '}');
}

void
markets_list(struct service *service, struct request *req,
    struct response *res)
{
	const struct market_registry	*r = service_markets(service);
	struct json_out			*j = &res->json;

	(void)req;
	jw_begin(j, '{');
	jw_name(j, "supported_markets");
	jw_begin(j, '[');
	for (size_t i = 0; i < r->count; i++)
		if (!r->markets[i].shut)
			put_market(j, &r->markets[i]);
	jw_end(j, ']');
	jw_put_text(j, "default_market", r->default_market->name);
	jw_end(j, '}');
	res->cacheable = true;
}
