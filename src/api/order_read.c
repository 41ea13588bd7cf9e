/*
 * order_read.c: GET /orders and GET /orders/{id}.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/routes.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/form.h"
#include "http/query.h"
#include "market/market.h"
#include "market/workflow.h"

#define LIMIT_DEFAULT	20
#define LIMIT_MAX	100
#define OFFSET_MAX	(INT64_MAX - 1)

/* Returns "Status must be one of: pending, confirmed, ...". */
static const char *
allowed_statuses(struct arena *arena)
{
	struct buf	 b;

	buf_init(&b, arena, 128);
	buf_puts(&b, "Status must be one of: ");
	for (int i = 0; i < ORDER_STATE__MAX; i++) {
		if (i > 0)
			buf_puts(&b, ", ");
		buf_puts(&b, workflow_name((enum order_state)i));
	}
	return buf_text(&b);
}

/* Returns the status that the filter names, in any case; "" for no filter. */
static const char *
read_status_filter(struct form *f, const char *query)
{
	const char		*text = query_get(f->arena, query,
	    "status_filter");
	enum order_state	 state;

	if (text == NULL || *text == '\0')
		return "";
	if (workflow_find(text, &state))
		return workflow_name(state);
	form_fail(f, FORM_IN(FORM_QUERY,
	    "status_filter"), allowed_statuses(f->arena), "enum");
	return "";
}

/* Reads the cursor, the place of the last order of a page: TIME-ID, its time in
 * microseconds and its id. Clients copy it from the Link header. */
static void
read_page_cursor(struct form *f, const char *query, struct order_page *page)
{
	const char	*text = query_get(f->arena, query, "cursor");
	const char	*dash;

	if (text == NULL)
		return;
	dash = strchr(text, '-');
	if (dash != NULL && dash[1] != '-' && *text != '-' && str_to_int64(
	    arena_strndup(f->arena, text, (size_t)(dash - text)),
	    &page->before_time) && str_to_int64(dash + 1, &page->before_id) &&
	    page->before_time < INT64_C(253402300800000000))
		return;
	form_fail(f, FORM_IN(FORM_QUERY,
	    "cursor"), "Cursor is not valid", "value_error");
}

void
order_page_read(struct form *f, const char *query, struct order_page *page)
{
	page->status = read_status_filter(f, query);
	page->limit = form_query_int(f, query, "limit", 1, LIMIT_MAX,
	    LIMIT_DEFAULT);
	page->offset = form_query_int(f, query, "offset", 0, OFFSET_MAX, 0);
	page->before_time = page->before_id = INT64_MAX;
}

/* Adds a link to the next page, if this one is full. */
static void
put_next_link(struct session *s, struct response *res,
    const struct order_page *page, const struct order_list *list)
{
	const struct order	*last;

	if (list->count < (size_t)page->limit)
		return;
	last = &list->orders[list->count - 1];
	response_header(res, "Link", arena_printf(s->arena,
	    "<%s?%s%s%slimit=%lld&cursor=%lld-%lld>; rel=\"next\"",
	    API_ORDERS_PATH, *page->status != '\0' ? "status_filter=" : "",
	    page->status, *page->status != '\0' ? "&" : "",
	    (long long)page->limit, (long long)last->created_at,
	    (long long)last->id));
}

void
order_list(struct session *s, struct request *req, struct response *res)
{
	struct order_page	 page;
	struct order_list	 list;
	struct form		 f;
	enum db_result		 result;

	form_init(&f, s->arena);
	order_page_read(&f, req->query, &page);
	read_page_cursor(&f, req->query, &page);
	if (f.count > 0) {
		form_answer(&f, res);
		return;
	}
	result = order_store_list(s->db, s->arena, &s->customer, &page, &list);
	if (!api_admit(res, result, list.customer))
		return;
	put_next_link(s, res, &page, &list);
	jw_begin(&res->json, '[');
	for (size_t i = 0; i < list.count; i++)
		order_write(&res->json, s->market, s->customer.user_id,
		    &list.orders[i]);
	jw_end(&res->json, ']');
}

bool
order_find(struct session *s, struct request *req, struct response *res,
    struct order *out)
{
	struct order_found	 r;
	struct form		 f;
	enum db_result		 result;
	int64_t			 id;

	form_init(&f, s->arena);
	if (!form_path_int(&f, req->segment, "order_id", &id)) {
		form_answer(&f, res);
		return false;
	}
	result = order_store_find(s->db, s->arena, &s->customer, id, &r);
	if (!api_admit(res, result, r.customer))
		return false;
	if (!r.found) {
		response_error(res, ERROR_ORDER_NOT_FOUND, NULL);
		return false;
	}
	*out = r.order;
	return true;
}

void
order_detail(struct session *s, struct request *req, struct response *res)
{
	struct order	 o;

	if (order_find(s, req, res, &o) &&
	    !order_not_modified(s, req, res, o.status, o.updated_at))
		order_write(&res->json, s->market, s->customer.user_id, &o);
}
