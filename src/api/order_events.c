/*
 * order_events.c: GET /orders/{id}/events: the history of an order.
 */
#include <string.h>

#include "api/api.h"
#include "http/form.h"
#include "store/order_history.h"

/* Returns who did it, for the customer's eyes: without names. */
static const char *
event_author(const char *by)
{
	if (strcmp(by, ORDER_BY_CUSTOMER) == 0)
		return "customer";
	if (strncmp(by, ORDER_BY_STAFF, strlen(ORDER_BY_STAFF)) == 0)
		return "staff";
	return "system";
}

/* Writes one event. */
static void
write_event(struct json_out *j, const struct order_event *e)
{
	jw_begin(j, '{');
	jw_put_text(j, "status", e->new_status);
	jw_put_text(j, "previous_status", e->old_status);
	jw_put_text(j, "changed_by", event_author(e->by));
	jw_put_text(j, "note", e->note);
	api_put_time(j, "created_at", e->at);
	jw_end(j, '}');
}

/* Writes the history. */
static void
write_events(struct json_out *j, int64_t id, const struct order_history *h)
{
	jw_begin(j, '{');
	jw_put_int(j, "order_id", id);
	jw_put_text(j, "order_number", h->number);
	jw_put_text(j, "status", h->status);
	jw_name(j, "events");
	jw_begin(j, '[');
	for (size_t i = 0; i < h->count; i++)
		write_event(j, &h->events[i]);
	jw_end(j, ']');
	jw_end(j, '}');
}

void
order_events(struct session *s, struct request *req, struct response *res)
{
	struct order_history	 h;
	struct form		 f;
	enum db_result		 result;
	int64_t			 id;

	form_init(&f, s->arena);
	if (!form_path_int(&f, req->segment, "order_id", &id)) {
		form_answer(&f, res);
		return;
	}
	result = order_history_read(s->db, s->arena, &s->customer, id, &h);
	if (!api_admit(res, result, h.customer))
		return;
	if (!h.found)
		response_error(res, ERROR_ORDER_NOT_FOUND, NULL);
	else if (!order_not_modified(s, req, res, h.status, h.updated_at))
		write_events(&res->json, id, &h);
}
