/*
 * body.c: a request's body, from its bytes to an order that could be made.
 *
 * What must be so: what is read as JSON is within the bounds that json_read.h
 * promises; what is written of it is read again as the same; an order that
 * passed the rules is within them; and neither the spelling of a body nor the
 * order of its members or lines makes it another order.
 */
#include <json-c/json.h>
#include <string.h>

#include "api/login_form.h"
#include "api/order_form.h"
#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/str.h"
#include "base/text.h"
#include "fuzz.h"
#include "http/form.h"
#include "http/request.h"
#include "http/response.h"
#include "market/market.h"

/* What came of one reading of a body as an order. */
struct reading {
	struct form		 form;
	enum order_source	 source;
	struct order_request	 order;
};

/* A text of the tree: no NUL, UTF-8, and written as JSON the same again. */
static void
check_text(struct arena *arena, const char *text, size_t n)
{
	struct buf		 b;
	struct json_out		 j = { .buf = &b };
	struct json_object	*again;

	MUST(strlen(text) == n && str_utf8_valid(text, n));
	buf_init(&b, arena, n + 16);
	jw_string(&j, text, n);
	again = fuzz_json(arena, buf_text(&b), b.len);
	MUST(json_object_is_type(again, json_type_string));
	MUST(strcmp(json_object_get_string(again), text) == 0);
}

static void
check_value(struct arena *arena, struct json_object *value, int depth)
{
	int64_t	 n;

	if (json_object_is_type(value, json_type_string))
		check_text(arena, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	if (json_int64(value, &n))
		MUST(json_object_get_int64(value) == n);
	if (json_object_is_type(value, json_type_array)) {
		MUST(++depth <= JSON_DEPTH_MAX);
		for (size_t i = 0; i < json_object_array_length(value); i++)
			check_value(arena, json_object_array_get_idx(value,
			    i), depth);
	}
	if (json_object_is_type(value, json_type_object)) {
		MUST(++depth <= JSON_DEPTH_MAX);
		json_object_object_foreach(value, name, member) {
			check_text(arena, name, strlen(name));
			check_value(arena, member, depth);
		}
	}
}

/* How many of a character stand outside of strings. */
static size_t
count_outside(const char *text, char c)
{
	bool	 inside = false;
	size_t	 n = 0;

	for (; *text != '\0'; text++) {
		if (inside && *text == '\\')
			text++;
		else if (*text == '"')
			inside = !inside;
		else if (!inside)
			n += *text == c;
	}
	return n;
}

/* What was read is all that was written: no member, no element is lost. */
static void
check_again(struct arena *arena, const char *text, struct json_object *body)
{
	const char	*plain = json_object_to_json_string_ext(body,
	    JSON_C_TO_STRING_PLAIN);

	MUST(json_object_equal(body, fuzz_json(arena, plain, strlen(plain))));
	for (const char *c = "{}[]:,"; *c != '\0'; c++)
		MUST(count_outside(text, *c) == count_outside(plain, *c));
}

/* An order by the rules: the contract's table, once more. */
static void
check_order(const struct reading *r, const struct market *market)
{
	const struct order_request	*q = &r->order;
	int64_t				 n;

	n = (int64_t)str_utf8_count(q->customer_name,
	    strlen(q->customer_name));
	MUST(n >= 1 && n <= 255);
	MUST(strlen(q->customer_phone) <= 20);
	n = (int64_t)str_utf8_count(q->delivery_address,
	    strlen(q->delivery_address));
	MUST(n >= 5 && n <= 500);
	MUST(pricing_payment(market, q->payment_method) == q->payment_method);
	MUST(pricing_zone(market, &(const struct place){ q->delivery_city,
	    q->delivery_state, q->delivery_postcode }) != NULL);
	MUST(text_is_line(q->customer_name, strlen(q->customer_name)));
	MUST(text_is_line(q->customer_phone, strlen(q->customer_phone)));
	MUST(phone_digits(q->customer_phone) >= 10);
	MUST(q->customer_email == NULL || text_is_email(q->customer_email));
	MUST(q->delivery_city == NULL || *q->delivery_city != '\0');
	MUST(q->want_count <= ORDER_LINES_MAX);
	for (size_t i = 0; i < q->want_count; i++) {
		MUST(q->wants[i].sku_id >= 1);
		MUST(q->wants[i].quantity >= 1 &&
		    q->wants[i].quantity <= ORDER_QUANTITY_MAX);
		for (size_t j = 0; j < i; j++)
			MUST(q->wants[j].sku_id != q->wants[i].sku_id);
	}
	MUST((q->want_count > 0) == (r->source == ORDER_FROM_ITEMS));
	MUST(q->from_cart == (r->source == ORDER_FROM_CART));
}

static struct reading
read_order(struct arena *arena, const struct market *market,
    struct json_object *body)
{
	struct reading	 r = { .source = ORDER_FROM_NOTHING };

	form_init(&r.form, arena);
	r.source = order_form_read(&r.form, market, body, &r.order);
	MUST((r.form.count == 0) == (r.form.first == NULL));
	if (r.form.count == 0)
		check_order(&r, market);
	return r;
}

/* All that is wrong, as the answer's detail, is JSON: one object a failure. */
static void
check_failures(struct arena *arena, struct form *form)
{
	FCGX_Request		 fcgi = { .envp = (char *[]){ NULL } };
	struct request		 req;
	struct response		 res;
	struct json_object	*envelope, *detail;

	request_init(&req, &fcgi, arena);
	response_init(&res, &req);
	form_answer(form, &res);
	envelope = fuzz_json(arena, buf_text(&res.body), res.body.len);
	MUST(res.status == 422);
	MUST(json_object_object_get_ex(envelope, "detail", &detail));
	MUST(json_object_array_length(detail) == form->count);
}

/* The same members the other way round. */
static struct json_object *
reversed(struct arena *arena, struct json_object *body)
{
	struct buf		 b;
	struct json_out		 j = { .buf = &b };
	size_t			 n = (size_t)json_object_object_length(body);
	const char		**names = arena_array(arena, n + 1,
	    sizeof(*names));
	const char		*text;
	size_t			 i = 0;

	json_object_object_foreach(body, name, member) {
		(void)member;
		names[i++] = name;
	}
	buf_init(&b, arena, 1024);
	jw_begin(&j, '{');
	while (i-- > 0) {
		jw_text(&j, names[i]);
		buf_putc(&b, ':');
		text = json_object_to_json_string_ext(
		    json_object_object_get(body, names[i]),
		    JSON_C_TO_STRING_PLAIN);
		buf_puts(&b, text);
		j.comma = true;
	}
	jw_end(&j, '}');
	return fuzz_json(arena, buf_text(&b), b.len);
}

/* The lines of an order the other way round are the same order. */
static void
check_lines(struct arena *arena, const struct market *market,
    struct json_object *body, const struct reading *r)
{
	struct json_object	*items = json_object_object_get(body, "items");
	struct reading		 other;
	struct buf		 b;

	if (r->form.count > 0 || r->order.want_count == 0)
		return;
	buf_init(&b, arena, 1024);
	buf_putc(&b, '[');
	for (size_t i = json_object_array_length(items); i-- > 0;) {
		buf_puts(&b, json_object_to_json_string_ext(
		    json_object_array_get_idx(items, i),
		    JSON_C_TO_STRING_PLAIN));
		buf_putc(&b, i > 0 ? ',' : ']');
	}
	json_object_object_add(body, "items", json_object_get(
	    fuzz_json(arena, buf_text(&b), b.len)));
	other = read_order(arena, market, body);
	MUST(other.form.count == 0);
	MUST(other.order.want_count == r->order.want_count);
	MUST(memcmp(other.order.hash, r->order.hash,
	    sizeof(r->order.hash)) == 0);
}

static void
check_form(struct arena *arena, const struct market *market,
    struct json_object *body)
{
	struct reading	 r = read_order(arena, market, body), other;

	if (json_object_is_type(body, json_type_object)) {
		other = read_order(arena, market, reversed(arena, body));
		MUST(other.source == r.source);
		MUST(memcmp(other.order.hash, r.order.hash,
		    sizeof(r.order.hash)) == 0);
		MUST(other.form.count == r.form.count);
		MUST(r.form.count == 0 || strcmp(buf_text(&r.form.failures),
		    buf_text(&other.form.failures)) == 0);
	}
	if (r.form.count > 0)
		check_failures(arena, &r.form);
	check_lines(arena, market, body, &r);
}

/* A login's body has other rules. */
static void
check_login(struct arena *arena, const struct market_registry *markets,
    struct json_object *body)
{
	struct login_form	 fields;
	struct form		 form;
	size_t			 n;

	form_init(&form, arena);
	login_form_read(&form, markets, body, true, NULL, &fields);
	if (form.count > 0) {
		check_failures(arena, &form);
		return;
	}
	n = strlen(fields.code);
	MUST(n >= 4 && n <= 8 && strspn(fields.code, "0123456789") == n);
	MUST(phone_valid(fields.market, fields.phone));
}

/* Any text as an Idempotency-Key: bare or between quotes, it is one key. */
static void
check_key(struct arena *arena, const char *text)
{
	const char	*key, *quoted;

	if (!order_form_key(arena, text, &key))
		return;
	MUST(key != NULL && strlen(key) >= 1 && strlen(key) <= 255);
	for (const char *p = key; *p != '\0'; p++)
		MUST(*p > 0x20 && *p < 0x7f);
	MUST(order_form_key(arena, arena_printf(arena, "\"%s\"", key),
	    &quoted));
	MUST(strcmp(key, quoted) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct market_registry	*markets = fuzz_markets();
	struct arena			*arena = fuzz_arena();
	char				*text = arena_alloc(arena, size + 1);
	struct json_object		*body;
	const char			*why;

	if (size > 0)
		memcpy(text, data, size);
	check_key(arena, text);
	if (!json_read(arena, text, size, &body, &why)) {
		MUST(why != NULL && *why != '\0');
		return 0;
	}
	check_value(arena, body, 0);
	check_again(arena, text, body);
	for (size_t i = 0; i < markets->count; i++)
		check_form(arena, &markets->markets[i], body);
	check_login(arena, markets, body);
	return 0;
}
