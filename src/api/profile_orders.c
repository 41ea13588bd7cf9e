/*
 * profile_orders.c: GET /profile/orders and GET /profile/orders/{id}: the
 * customer's orders for a page that shows them as cards.
 */
#include <string.h>

#include "api/api.h"
#include "http/form.h"
#include "market/market.h"
#include "store/order_card.h"

/* Writes an order as the contract shows it in a list of cards. */
static void
write_card(struct json_out *j, unsigned digits, const struct order_card *o)
{
	jw_begin(j, '{');
	jw_put_int(j, "id", o->id);
	jw_put_text(j, "order_number", o->number);
	jw_put_text(j, "status", o->status);
	jw_put_money(j, "total_amount", o->total, digits);
	jw_put_text(j, "currency", o->currency);
	api_put_time(j, "order_date", o->created_at);
	jw_put_text(j, "delivery_date", NULL);	/* not recorded yet */
	jw_put_text(j, "delivery_address", o->delivery_address);
	jw_put_int(j, "items_count", o->items_count);
	jw_name(j, "items");
	jw_begin(j, '[');
	for (size_t i = 0; i < o->line_count; i++) {
		jw_begin(j, '{');
		jw_put_text(j, "product_name", o->lines[i].product_name);
		jw_put_int(j, "quantity", o->lines[i].quantity);
		jw_put_money(j, "price", o->lines[i].unit_price, digits);
		jw_put_text(j, "image_url", o->lines[i].image);
		jw_end(j, '}');
	}
	jw_end(j, ']');
	jw_end(j, '}');
}

/* Writes a page of cards. */
static void
write_cards(struct json_out *j, const struct session *s,
    const struct order_cards *c, int64_t offset)
{
	jw_begin(j, '{');
	jw_put_bool(j, "success", true);
	jw_name(j, "orders");
	jw_begin(j, '[');
	for (size_t i = 0; i < c->count; i++)
		write_card(j, s->market->currency.digits, &c->cards[i]);
	jw_end(j, ']');
	jw_put_int(j, "total", c->total);
	/* Subtracts, because the sum might overflow. */
	jw_put_bool(j, "has_more", c->total - offset > (int64_t)c->count);
	jw_end(j, '}');
}

void
profile_order_list(struct session *s, struct request *req, struct response *res)
{
	struct order_page	 page;
	struct order_cards	 cards;
	struct form		 f;
	enum db_result		 result;

	form_init(&f, s->arena);
	order_page_read(&f, req->query, &page);
	if (f.count > 0) {
		form_answer(&f, res);
		return;
	}
	result = order_card_list(s->db, s->arena, &s->customer, &page,
	    &cards);
	if (api_admit(res, result, cards.customer))
		write_cards(&res->json, s, &cards, page.offset);
}

void
profile_order_detail(struct session *s, struct request *req,
    struct response *res)
{
	struct json_out	*j = &res->json;
	struct order	 o;

	if (!order_find(s, req, res, &o) ||
	    order_not_modified(s, req, res, o.status, o.updated_at))
		return;
	jw_begin(j, '{');
	jw_put_bool(j, "success", true);
	jw_name(j, "order");
	order_write(j, s->market, s->customer.user_id, &o);
	jw_end(j, '}');
}
