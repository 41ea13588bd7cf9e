/*
 * cart.c: the cart's routes, in both forms: by path (/cart/items/{id}), and
 * the older ones by body (/cart/update and so on). Each answers the whole
 * cart.
 */
#include <json-c/json.h>

#include "api/api.h"
#include "base/json_read.h"
#include "base/str.h"
#include "http/form.h"
#include "http/query.h"
#include "market/market.h"
#include "store/cart_store.h"
#include "store/user_store.h"

#define TOO_FEW		"Quantity must be at least 1"
#define NEGATIVE	"Quantity cannot be negative"
#define TOO_MUCH	"Quantity cannot exceed 100"

/* ---- what is asked ---- */

/*
 * Returns whether a body names another user than the token does. Older
 * storefronts send a user_id, which once was all that named the cart: as a
 * number, or as the text that the login had answered.
 */
static bool
names_another_user(struct form *f, const struct session *s,
    struct json_object *body)
{
	const struct form_loc	*loc = FORM_IN(FORM_BODY, "user_id");
	struct json_object	*value;
	int64_t			 id;

	if (!json_object_object_get_ex(body, "user_id", &value) ||
	    value == NULL)
		return false;
	if (json_object_is_type(value, json_type_int))
		return !json_int64(value, &id) || id != s->customer.user_id;
	if (!json_object_is_type(value, json_type_string)) {
		form_fail(f, loc, "Input should be a valid integer",
		    "int_type");
		return false;
	}
	if (str_to_int64(json_object_get_string(value), &id))
		return id != s->customer.user_id;
	form_fail(f, loc, "Input should be a valid integer, unable to parse "
	    "string as an integer", "int_parsing");
	return false;
}

/* Refuses a customer who asks for the cart of another. A customer who is not
 * live is told that instead. */
static void
answer_other_cart(const struct session *s, struct response *res)
{
	enum customer_state	 state = CUSTOMER_UNKNOWN;
	struct user		 user;
	enum db_result		 result;

	result = user_store_find(s->db, s->arena, &s->customer, &state,
	    &user);
	if (api_admit(res, result, state))
		response_error(res, ERROR_FORBIDDEN,
		    "user_id is not the user of the token");
}

/* If the request is wrong, answers how and returns true. */
static bool
answer_bad_cart_request(struct form *f, const struct session *s,
    const struct request *req, struct response *res)
{
	bool	 another = false;

	if (req->body != NULL && form_object(f, FORM_BODY, req->body))
		another = names_another_user(f, s, req->body);
	if (f->count > 0)
		form_answer(f, res);
	else if (another)
		answer_other_cart(s, res);
	return f->count > 0 || another;
}

/* Reads the id of the line: from the path, or cart_item_id of the body. */
static int64_t
read_cart_line_id(struct form *f, const struct request *req)
{
	static const struct form_int_rule	 rule = {
		.name = "cart_item_id", .min = 1, .max = INT64_MAX,
		.flags = FORM_REQUIRED };
	int64_t					 id = 0;

	if (req->segment != NULL)
		form_path_int(f, req->segment, "item_id", &id);
	else
		form_int(f, FORM_BODY, req->body, &rule, &id);
	return id;
}

/* Reads the new quantity of a line: from the body, or else from the query. */
static int64_t
read_new_quantity(struct form *f, const struct request *req)
{
	static const struct form_int_rule	 rule = { .name = "quantity",
		.max = CART_QUANTITY_MAX, .flags = FORM_REQUIRED,
		.too_small = NEGATIVE, .too_large = TOO_MUCH };
	int64_t					 n = 0;

	if (!json_object_object_get_ex(req->body, "quantity", NULL) &&
	    query_get(f->arena, req->query, "quantity") != NULL)
		return form_query_int(f, req->query, "quantity", 0,
		    CART_QUANTITY_MAX, 0);
	form_int(f, FORM_BODY, req->body, &rule, &n);
	return n;
}

/* Reads what to add: a SKU, and one piece of it unless the body says more. */
static void
read_wanted_sku(struct form *f, struct json_object *body, int64_t *sku_id,
    int64_t *quantity)
{
	static const struct form_int_rule	 sku_rule = { .name = "sku_id",
		.min = 1, .max = INT64_MAX, .flags = FORM_REQUIRED };
	static const struct form_int_rule	 quantity_rule = {
		.name = "quantity", .min = 1, .max = CART_QUANTITY_MAX,
		.too_small = TOO_FEW, .too_large = TOO_MUCH };

	form_int(f, FORM_BODY, body, &sku_rule, sku_id);
	*quantity = 1;
	form_int(f, FORM_BODY, body, &quantity_rule, quantity);
}

/* ---- what is answered ---- */

/* Writes a line as the contract shows it. */
static void
write_cart_line(struct json_out *j, unsigned digits, const struct cart_line *l)
{
	jw_begin(j, '{');
	jw_put_int(j, "id", l->id);
	jw_put_int(j, "sku_id", l->sku_id);
	jw_put_int(j, "quantity", l->quantity);
	jw_put_int(j, "available", cart_available(l));
	jw_put_text(j, "name", l->name);
	jw_put_money(j, "price", l->price, digits);
	jw_put_text(j, "image", l->image);
	jw_end(j, '}');
}

/* Writes the cart. Its id is that of its user. */
static void
write_cart(struct json_out *j, const struct session *s,
    const struct cart *cart)
{
	unsigned	 digits = s->market->currency.digits;

	jw_begin(j, '{');
	jw_put_int(j, "id", s->customer.user_id);
	jw_put_int(j, "user_id", s->customer.user_id);
	jw_name(j, "items");
	jw_begin(j, '[');
	for (size_t i = 0; i < cart->count; i++)
		write_cart_line(j, digits, &cart->lines[i]);
	jw_end(j, ']');
	jw_put_uint(j, "total_items", cart->count);
	if (cart->has_total)
		jw_put_money(j, "total_price", cart->total, digits);
	else
		jw_put_text(j, "total_price", NULL);
	jw_put_text(j, "currency", s->market->currency.code);
	jw_end(j, '}');
}

/* Answers that the quantities add up to more than a line may have. */
static void
answer_too_much(const struct session *s, struct response *res)
{
	struct form	 f;

	form_init(&f, s->arena);
	form_fail(&f, FORM_IN(FORM_BODY, "quantity"), TOO_MUCH,
	    "less_than_equal");
	form_answer(&f, res);
}

/* What a client is told of the other refusals. */
static const struct {
	enum http_error	 error;
	const char	*text;		/* NULL: the error's own */
} cart_errors[CART_OUTCOME__MAX] = {
	[CART_NO_ITEM] = { ERROR_CART_ITEM_NOT_FOUND, NULL },
	[CART_TOO_MANY_LINES] = { ERROR_TOO_MANY_LINES,
	    "A cart has at most 100 lines" },
	[CART_TOO_EXPENSIVE] = { ERROR_TOO_EXPENSIVE,
	    "The amount of this cart is too large" }
};

/* Answers the outcome of a call, for a customer who is live. */
static void
answer_cart(const struct session *s, struct response *res,
    const struct cart_result *r)
{
	if (r->outcome == CART_SHOWN)
		write_cart(&res->json, s, &r->cart);
	else if (r->outcome == CART_NO_SKU)
		api_no_sku(s, res, &r->gone, 1);
	else if (r->outcome == CART_SHORT)
		api_short(s, res, &r->shortage, 1);
	else if (r->outcome == CART_TOO_MUCH)
		answer_too_much(s, res);
	else
		response_error(res, cart_errors[r->outcome].error,
		    cart_errors[r->outcome].text);
}

/* Answers a call, whatever its result. */
static void
answer_cart_call(const struct session *s, struct response *res,
    enum db_result result, const struct cart_result *r)
{
	if (result == DB_UNKNOWN)
		response_error(res, ERROR_OUTCOME_UNKNOWN, "The change could "
		    "not be confirmed. Look at the cart before you repeat it.");
	else if (api_admit(res, result, r->customer))
		answer_cart(s, res, r);
}

/* ---- the routes ---- */

void
cart_show(struct session *s, struct request *req, struct response *res)
{
	struct cart_result	 r;
	struct form		 f;
	enum db_result		 result;

	form_init(&f, s->arena);
	if (answer_bad_cart_request(&f, s, req, res))
		return;
	result = cart_store_read(s->db, s->arena, &s->customer, &r);
	answer_cart_call(s, res, result, &r);
}

void
cart_add(struct session *s, struct request *req, struct response *res)
{
	struct cart_result	 r;
	struct form		 f;
	enum db_result		 result;
	int64_t			 sku_id, quantity;

	form_init(&f, s->arena);
	read_wanted_sku(&f, req->body, &sku_id, &quantity);
	if (answer_bad_cart_request(&f, s, req, res))
		return;
	result = cart_store_add(s->db, s->arena, &s->customer, sku_id,
	    quantity, &r);
	answer_cart_call(s, res, result, &r);
}

void
cart_update(struct session *s, struct request *req, struct response *res)
{
	struct cart_result	 r;
	struct form		 f;
	enum db_result		 result;
	int64_t			 id, quantity;

	form_init(&f, s->arena);
	id = read_cart_line_id(&f, req);
	quantity = read_new_quantity(&f, req);
	if (answer_bad_cart_request(&f, s, req, res))
		return;
	result = cart_store_set(s->db, s->arena, &s->customer, id,
	    quantity, &r);
	answer_cart_call(s, res, result, &r);
}

void
cart_remove(struct session *s, struct request *req, struct response *res)
{
	struct cart_result	 r;
	struct form		 f;
	enum db_result		 result;
	int64_t			 id;

	form_init(&f, s->arena);
	id = read_cart_line_id(&f, req);
	if (answer_bad_cart_request(&f, s, req, res))
		return;
	result = cart_store_set(s->db, s->arena, &s->customer, id, 0,
	    &r);
	answer_cart_call(s, res, result, &r);
}

void
cart_clear(struct session *s, struct request *req, struct response *res)
{
	struct cart_result	 r;
	struct form		 f;
	enum db_result		 result;

	form_init(&f, s->arena);
	if (answer_bad_cart_request(&f, s, req, res))
		return;
	result = cart_store_clear(s->db, s->arena, &s->customer, &r);
	answer_cart_call(s, res, result, &r);
}
