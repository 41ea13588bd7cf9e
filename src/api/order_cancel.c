/*
 * order_cancel.c: POST /orders/{id}/cancel, by the order's customer.
 */
#include <json-c/json.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/log.h"
#include "http/etag.h"
#include "http/form.h"
#include "store/order_move.h"

/* ---- what is asked ---- */

/* What a storefront may send to cancel a part of the order. */
static const char *const part_fields[] = {
	"items", "item_ids", "lines", "line_items", "order_items", "products",
	"skus", "sku_id", "sku_ids", "quantity", "quantities"
};

/* Refuses a body that asks for a part of the order: to pass over it would
 * cancel the whole by mistake. */
static void
refuse_cancelled_parts(struct form *f, struct json_object *body)
{
	struct json_object	*value;

	for (size_t i = 0; i < sizeof(part_fields) / sizeof(*part_fields); i++)
		if (json_object_object_get_ex(body, part_fields[i], &value) &&
		    value != NULL)
			form_fail(f, FORM_IN(FORM_BODY, part_fields[i]),
			    "An order can only be cancelled as a whole",
			    "extra_forbidden");
}

/* Reads the customer's reason; NULL for none. The body may be missing. */
static const char *
read_cancel_reason(struct form *f, struct json_object *body)
{
	static const struct form_text_rule	 rule = { .name = "reason",
		.max = ORDER_NOTE_MAX, .flags = FORM_LINES };
	const char				*reason;

	if (body == NULL)
		return NULL;
	if (!form_object(f, FORM_BODY, body))
		return NULL;
	reason = form_text(f, body, &rule);
	refuse_cancelled_parts(f, body);
	return reason != NULL && *reason != '\0' ? reason : NULL;
}

/*
 * Makes the move depend on If-Match. The tags are compared with the order as it
 * is now; the move is then on the condition that the order has not changed
 * since. If no tag matches, answers an error and returns false.
 */
static bool
check_if_match(struct session *s, const struct request *req,
    struct response *res, struct order_move *move)
{
	const char		*list = request_header(req, "HTTP_IF_MATCH");
	enum etag_match		 found;
	struct order_found	 r = { .found = false };
	enum db_result		 result;

	if (list == NULL || (found = etag_find(list, "")) == ETAG_ANY)
		return true;
	if (found == ETAG_MALFORMED) {
		response_error(res, ERROR_BAD_REQUEST,
		    "If-Match is not a list of entity tags");
		return false;
	}
	result = order_store_find(s->db, s->arena, &s->customer,
	    move->order_id, &r);
	if (!api_admit(res, result, r.customer))
		return false;
	if (!r.found) {
		response_error(res, ERROR_ORDER_NOT_FOUND, NULL);
		return false;
	}
	found = etag_find(list, order_etag(s->arena, r.order.status,
	    r.order.updated_at));
	move->if_updated_at = r.order.updated_at;
	if (found < ETAG_STRONG)
		response_error(res, ERROR_PRECONDITION, found == ETAG_WEAK ?
		    "If-Match has the tag of the order as a weak one (W/), "
		    "which never matches" : NULL);
	return found >= ETAG_STRONG;
}

/* ---- what is answered ---- */

/* Answers that the order is cancelled. */
static void
answer_cancelled(const struct session *s, struct response *res,
    const struct order_move *move, const struct order_moved *moved)
{
	struct json_out	*j = &res->json;
	const char	*status = workflow_name(move->to);

	log_info(arena_printf(s->arena,
	    "Order cancelled: Order #%s for User ID=%lld", moved->number,
	    (long long)s->customer.user_id),
	    log_int("order_id", move->order_id),
	    log_str("order_number", moved->number));
	response_header(res, "ETag", order_etag(s->arena, status, moved->at));
	jw_begin(j, '{');
	jw_put_bool(j, "success", true);
	jw_put_text(j, "message", "Order cancelled successfully");
	jw_put_int(j, "order_id", move->order_id);
	jw_put_text(j, "status", status);
	jw_end(j, '}');
}

/* What a client is told of the refusals. */
static const enum http_error move_errors[MOVE_OUTCOME__MAX] = {
	[MOVE_NOT_FOUND] = ERROR_ORDER_NOT_FOUND,
	[MOVE_REFUSED] = ERROR_CANNOT_CANCEL,
	[MOVE_CHANGED] = ERROR_PRECONDITION
};

/* Answers the outcome of the move, for a customer who is live. */
static void
answer_moved(const struct session *s, struct response *res,
    const struct order_move *move, const struct order_moved *moved)
{
	if (moved->outcome == MOVE_MADE)
		answer_cancelled(s, res, move, moved);
	else
		response_error(res, move_errors[moved->outcome],
		    moved->outcome != MOVE_REFUSED ? NULL :
		    arena_printf(s->arena, "Cannot cancel order with status: "
		    "%s", workflow_name(moved->from)));
}

void
order_cancel(struct session *s, struct request *req, struct response *res)
{
	struct order_move	 move = { .customer = &s->customer,
	    .to = ORDER_CANCELLED, .by = ORDER_BY_CUSTOMER };
	struct order_moved	 moved;
	struct form		 f;
	enum db_result		 result;

	form_init(&f, s->arena);
	form_path_int(&f, req->segment, "order_id", &move.order_id);
	move.note = read_cancel_reason(&f, req->body);
	if (f.count > 0) {
		form_answer(&f, res);
		return;
	}
	if (!check_if_match(s, req, res, &move))
		return;
	result = order_move(s->db, s->arena, &move, &moved);
	if (result == DB_UNKNOWN)
		response_error(res, ERROR_OUTCOME_UNKNOWN, "The cancellation "
		    "could not be confirmed. Look at the order before you "
		    "repeat it.");
	else if (api_admit(res, result, moved.customer))
		answer_moved(s, res, &move, &moved);
}
