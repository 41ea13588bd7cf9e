/*
 * order_create.c: POST /orders/create.
 */
#include <string.h>

#include "api/api.h"
#include "api/order_form.h"
#include "api/routes.h"
#include "base/arena.h"
#include "base/log.h"
#include "http/form.h"
#include "market/market.h"
#include "store/order_make.h"

/* Answers with the order, which was made now or before. */
static void
answer_order(struct session *s, struct response *res,
    const struct order_result *r)
{
	response_header(res, "Location", arena_printf(s->arena, "%s/%lld",
	    API_ORDERS_PATH, (long long)r->order.id));
	response_header(res, "ETag", order_etag(s->arena, r->order.status,
	    r->order.updated_at));
	if (r->outcome == ORDER_REPLAYED)
		response_header(res, "Idempotent-Replayed", "true");
	else
		api_log_authenticated(s->arena, s->market,
		    s->customer.user_id, "token");
	log_info(arena_printf(s->arena, "Order %s: Order #%s for User ID=%lld",
	    r->outcome == ORDER_REPLAYED ? "replayed" : "created",
	    r->order.number, (long long)s->customer.user_id),
	    log_int("order_id", r->order.id),
	    log_str("order_number", r->order.number),
	    log_int("total_minor", r->order.total),
	    log_str("currency", r->order.currency));
	order_write(&res->json, s->market, s->customer.user_id, &r->order);
}

/* What a client is told of the other refusals. */
static const enum http_error order_errors[ORDER_OUTCOME__MAX] = {
	[ORDER_CART_EMPTY] = ERROR_CART_EMPTY,
	[ORDER_CART_WRONG] = ERROR_CART_WRONG,
	[ORDER_TOO_MANY_LINES] = ERROR_TOO_MANY_LINES,
	[ORDER_TOO_EXPENSIVE] = ERROR_TOO_EXPENSIVE,
	[ORDER_TOO_MANY] = ERROR_TOO_MANY_ORDERS,
	[ORDER_KEY_REUSED] = ERROR_KEY_REUSED,
	[ORDER_DELETED] = ERROR_ORDER_NOT_FOUND
};

/* Answers the outcome, for a customer who is live. */
static void
answer_created(struct session *s, struct response *res,
    const struct order_result *r)
{
	if (r->retry_after > 0)
		response_header(res, "Retry-After", arena_printf(s->arena,
		    "%u", r->retry_after));
	if (r->outcome == ORDER_MADE || r->outcome == ORDER_REPLAYED)
		answer_order(s, res, r);
	else if (r->outcome == ORDER_SHORT)
		api_short(s, res, r->shortages, r->shortage_count);
	else if (r->outcome == ORDER_NO_SKU)
		api_no_sku(s, res, r->shortages, r->shortage_count);
	else
		response_error(res, order_errors[r->outcome], NULL);
}

void
order_create(struct session *s, struct request *req, struct response *res)
{
	struct order_request	 q;
	struct order_result	 r;
	struct form		 form;
	enum order_source	 source;
	enum db_result		 result;

	memset(&q, 0, sizeof(q));
	form_init(&form, s->arena);
	source = order_form_read(&form, s->market, req->body, &q);
	if (!order_form_key(s->arena,
	    request_header(req, "HTTP_IDEMPOTENCY_KEY"), &q.key))
		form_fail(&form, FORM_IN(FORM_HEADER, "Idempotency-Key"),
		    "Idempotency-Key must be 1 to 255 visible ASCII "
		    "characters", "value_error");
	if (form.count > 0) {
		form_answer(&form, res);
		return;
	}
	if (source == ORDER_FROM_NOTHING) {
		response_error(res, ERROR_NO_ITEMS, NULL);
		return;
	}
	q.customer = s->customer;
	q.window = s->duplicate_window;
	q.per_hour = s->orders_per_hour;
	q.skus = s->skus;
	result = order_make(s->db, s->arena, &q, &r);
	if (result == DB_UNKNOWN)
		response_error(res, ERROR_OUTCOME_UNKNOWN, "The order could "
		    "not be confirmed. Look it up in the list of orders, or "
		    "repeat the request with the same Idempotency-Key.");
	else if (api_admit(res, result, r.customer))
		answer_created(s, res, &r);
}
