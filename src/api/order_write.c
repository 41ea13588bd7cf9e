/*
 * order_write.c: an order as JSON, the same in every answer, and its ETag.
 */
#include "api/api.h"
#include "base/arena.h"
#include "http/etag.h"
#include "market/market.h"
#include "store/order_lines.h"

/* Writes the amounts, as a part of the order. */
static void
write_order_amounts(struct json_out *j, const struct market *market,
    const struct order *o)
{
	unsigned	 digits = market->currency.digits;

	jw_put_money(j, "subtotal", o->subtotal, digits);
	jw_put_money(j, "shipping_cost", o->shipping, digits);
	jw_put_money(j, "tax_amount", o->tax, digits);
	jw_put_bool(j, "tax_included", o->tax_included);
	jw_put_money(j, "total_amount", o->total, digits);
	jw_put_text(j, "currency", o->currency);
}

void
order_write(struct json_out *j, const struct market *market,
    int64_t user_id, const struct order *o)
{
	jw_begin(j, '{');
	jw_put_int(j, "id", o->id);
	jw_put_text(j, "order_number", o->number);
	jw_put_text(j, "status", o->status);
	jw_put_int(j, "user_id", user_id);
	jw_put_text(j, "market", market->name);
	jw_put_text(j, "customer_name", o->customer_name);
	jw_put_text(j, "customer_phone", o->customer_phone);
	jw_put_text(j, "customer_email", o->customer_email);
	jw_put_text(j, "delivery_address", o->delivery_address);
	jw_put_text(j, "delivery_city", o->delivery_city);
	jw_put_text(j, "delivery_state", o->delivery_state);
	jw_put_text(j, "delivery_postcode", o->delivery_postcode);
	jw_put_text(j, "delivery_notes", o->delivery_notes);
	jw_put_text(j, "payment_method", o->payment_method);
	write_order_amounts(j, market, o);
	api_put_time(j, "order_date", o->created_at);
	api_put_time(j, "created_at", o->created_at);
	api_put_time(j, "updated_at", o->updated_at);
	jw_name(j, "items");
	order_lines_write(j, o, market->currency.digits);
	jw_end(j, '}');
}

const char *
order_etag(struct arena *arena, const char *status, int64_t updated_at)
{
	return arena_printf(arena, "\"%s-%lld\"", status,
	    (long long)updated_at);
}

bool
order_not_modified(const struct session *s, const struct request *req,
    struct response *res, const char *status, int64_t updated_at)
{
	const char	*tag = order_etag(s->arena, status, updated_at);
	const char	*list = request_header(req, "HTTP_IF_NONE_MATCH");

	response_header(res, "ETag", tag);
	/* A malformed list is no reason to withhold the order. */
	if (list == NULL || etag_find(list, tag) < ETAG_WEAK)
		return false;
	res->status = 304;
	return true;
}
