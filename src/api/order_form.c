/*
 * order_form.c: what an order's body must be (see order_form.h). The rules are
 * the contract's, in its order, as a table.
 */
#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/order_form.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "http/form.h"
#include "market/market.h"

#define PHONE_DIGITS_MIN 10
#define KEY_MAX		255

/* Returns whether this is a number with enough digits. */
static bool
phone_ok(const char *s)
{
	return phone_digits(s) >= PHONE_DIGITS_MIN;
}

static const struct form_text_rule order_rules[] = {
	{ .name = "customer_name", .min = 1, .max = 255,
	    .flags = FORM_REQUIRED },
	{ .name = "customer_phone", .min = 0, .max = 20,
	    .flags = FORM_REQUIRED | FORM_SEEN,
	    .too_long = "Invalid phone number",
	    .valid = phone_ok, .invalid = "Invalid phone number" },
	{ .name = "customer_email", .min = 0, .max = 255,
	    .valid = text_is_email, .invalid = "Invalid email address" },
	{ .name = "delivery_address", .min = 5, .max = 500,
	    .flags = FORM_REQUIRED | FORM_LINES,
	    .too_short = "Delivery address is too short" },
	{ .name = "delivery_city", .min = 0, .max = 100 },
	{ .name = "delivery_state", .min = 0, .max = 100 },
	{ .name = "delivery_postcode", .min = 0, .max = 20 },
	{ .name = "delivery_notes", .min = 0, .max = 500,
	    .flags = FORM_LINES },
	{ .name = "payment_method", .min = 0, .max = 50,
	    .flags = FORM_REQUIRED },
};

#define ORDER_RULE_COUNT (sizeof(order_rules) / sizeof(*order_rules))

static const struct form_int_rule item_sku_rule = {
	.name = "sku_id", .min = 1, .max = INT64_MAX, .flags = FORM_REQUIRED
};
static const struct form_int_rule item_quantity_rule = {
	.name = "quantity", .min = 1, .max = ORDER_QUANTITY_MAX,
	.flags = FORM_REQUIRED, .too_small = "Quantity must be at least 1",
	.too_large = "Quantity cannot exceed 100"
};

/* Returns the method's own name. If the market has no such method, adds a
 * failure that lists its methods. */
static const char *
check_payment(struct form *f, const struct market *market, const char *text)
{
	const char	*method;
	struct buf	 msg;

	if (text == NULL || (method = pricing_payment(market, text)) != NULL)
		return text == NULL ? NULL : method;
	buf_init(&msg, f->arena, 128);
	buf_puts(&msg, "Payment method must be one of: ");
	for (size_t i = 0; i < market->payment_count; i++) {
		if (i > 0)
			buf_puts(&msg, ", ");
		buf_puts(&msg, market->payments[i].name);
	}
	form_fail(f, FORM_IN(FORM_BODY, "payment_method"), buf_text(&msg),
	    "value_error");
	return NULL;
}

/* Adds a line, or its quantity to the line of the same SKU. */
static void
merge_want(struct form *f, const struct form_loc *loc,
    struct order_request *q, struct order_want *wants, int64_t sku_id,
    int64_t quantity)
{
	struct order_want	*w = wants;

	while (w < wants + q->want_count && w->sku_id != sku_id)
		w++;
	if (w == wants + q->want_count) {
		q->want_count++;
		w->sku_id = sku_id;
	}
	w->quantity += quantity;
	if (w->quantity > ORDER_QUANTITY_MAX)
		form_fail(f, FORM_IN(loc, "quantity"),
		    "Quantity cannot exceed 100", "less_than_equal");
}

/* Reads one element of "items". */
static void
read_order_item(struct form *f, const struct form_loc *loc,
    struct json_object *item, struct order_request *q,
    struct order_want *wants)
{
	int64_t			 sku_id, quantity;
	bool			 ok;

	if (!form_object(f, loc, item))
		return;
	ok = form_int(f, loc, item, &item_sku_rule, &sku_id);
	if (form_int(f, loc, item, &item_quantity_rule, &quantity) && ok)
		merge_want(f, loc, q, wants, sku_id, quantity);
}

/* Reads "items": a list of lines, or null. */
static void
read_order_items(struct form *f, struct json_object *body,
    struct order_request *q)
{
	const struct form_loc	*loc = FORM_IN(FORM_BODY, "items");
	struct json_object	*items;
	struct order_want	*wants;
	size_t			 n;

	if (!json_object_object_get_ex(body, "items", &items) || items == NULL)
		return;
	if (!json_object_is_type(items, json_type_array)) {
		form_fail(f, loc, "Input should be a valid list", "list_type");
		return;
	}
	n = json_object_array_length(items);
	if (n > ORDER_LINES_MAX) {
		form_fail(f, loc, "List should have at most 100 items",
		    "too_long");
		return;
	}
	wants = arena_array(f->arena, n, sizeof(*wants));
	for (size_t i = 0; i < n; i++)
		read_order_item(f, FORM_AT(loc, i),
		    json_object_array_get_idx(items, i), q, wants);
	q->wants = wants;
}

/* Adds a text after its length, so that no two lists of texts look the same.
 * NULL and "" differ. */
static void
hash_text(crypto_generichash_state *h, const char *s)
{
	uint64_t	 n = s != NULL ? strlen(s) : UINT64_MAX;

	crypto_generichash_update(h, (const unsigned char *)&n, sizeof(n));
	if (s != NULL)
		crypto_generichash_update(h, (const unsigned char *)s, n);
}

/* Adds a text that requests had not always: one without it has the hash that it
 * had before there was such a text. */
static void
hash_more(crypto_generichash_state *h, unsigned char number, const char *s)
{
	if (s == NULL)
		return;
	crypto_generichash_update(h, &number, 1);
	hash_text(h, s);
}

/* Hashes all that the order would be made of. */
static void
hash_request(const struct order_request *q,
    unsigned char hash[ORDER_HASH_BYTES])
{
	crypto_generichash_state	 h;
	unsigned char			 from_cart = q->from_cart;

	crypto_generichash_init(&h, NULL, 0, ORDER_HASH_BYTES);
	hash_text(&h, q->customer_name);
	hash_text(&h, q->customer_phone);
	hash_text(&h, q->customer_email);
	hash_text(&h, q->delivery_address);
	hash_text(&h, q->delivery_city);
	hash_text(&h, q->delivery_notes);
	hash_text(&h, q->payment_method);
	hash_more(&h, 1, q->delivery_state);
	hash_more(&h, 2, q->delivery_postcode);
	crypto_generichash_update(&h, &from_cart, 1);
	for (size_t i = 0; i < q->want_count; i++)
		crypto_generichash_update(&h,
		    (const unsigned char *)&q->wants[i], sizeof(q->wants[i]));
	crypto_generichash_final(&h, hash, ORDER_HASH_BYTES);
}

/* Returns a phone number without the marks between its digits. */
static const char *
bare_phone(struct arena *arena, const char *phone)
{
	char	*copy, *end;

	if (phone == NULL)
		return NULL;
	copy = end = arena_strdup(arena, phone);
	for (; *phone != '\0'; phone++)
		if (*phone == '+' || (*phone >= '0' && *phone <= '9'))
			*end++ = *phone;
	*end = '\0';
	return copy;
}

/* Compares two wants by their SKU. */
static int
compare_wants(const void *a, const void *b)
{
	const struct order_want	*x = a, *y = b;

	return (x->sku_id > y->sku_id) - (x->sku_id < y->sku_id);
}

/*
 * Fills in the hash: that of the request in its one form, whatever it is
 * written like. A request that is written in this form has the hash that older
 * versions gave it.
 */
static void
hash_one_form(struct arena *arena, struct order_request *q)
{
	struct order_request	 one = *q;
	struct order_want	*wants = arena_array(arena, q->want_count + 1,
	    sizeof(*wants));

	if (q->want_count > 0)
		memcpy(wants, q->wants, q->want_count * sizeof(*wants));
	qsort(wants, q->want_count, sizeof(*wants), compare_wants);
	one.wants = wants;
	one.customer_phone = bare_phone(arena, q->customer_phone);
	hash_request(&one, q->hash);
}

enum order_source
order_form_read(struct form *f, const struct market *market,
    struct json_object *body, struct order_request *q)
{
	const char	**fields[] = { &q->customer_name, &q->customer_phone,
	    &q->customer_email, &q->delivery_address, &q->delivery_city,
	    &q->delivery_state, &q->delivery_postcode, &q->delivery_notes,
	    &q->payment_method };
	bool		  use_cart;

	if (!form_object(f, FORM_BODY, body))
		return ORDER_FROM_NOTHING;
	for (size_t i = 0; i < ORDER_RULE_COUNT; i++)
		*fields[i] = form_text(f, body, &order_rules[i]);
	q->payment_method = check_payment(f, market, q->payment_method);
	read_order_items(f, body, q);
	use_cart = form_bool(f, body, "use_cart", true);
	q->from_cart = q->want_count == 0 && use_cart;
	hash_request(q, q->old_hash);
	for (size_t i = 0; i < ORDER_RULE_COUNT; i++)
		if (*fields[i] != NULL && **fields[i] == '\0' &&
		    (order_rules[i].flags & FORM_REQUIRED) == 0)
			*fields[i] = NULL;
	hash_one_form(f->arena, q);
	if (q->want_count > 0)
		return ORDER_FROM_ITEMS;
	return use_cart ? ORDER_FROM_CART : ORDER_FROM_NOTHING;
}

bool
order_form_key(struct arena *arena, const char *header, const char **key)
{
	size_t	 n;

	*key = NULL;
	if (header == NULL)
		return true;
	n = strlen(header);
	if (n > 0 && (header[0] == '"' || header[n - 1] == '"')) {
		if (n < 2 || header[0] != header[n - 1])
			return false;	/* an open quote */
		header++;
		n -= 2;
	}
	if (n < 1 || n > KEY_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (header[i] < 0x21 || header[i] > 0x7e)
			return false;
	}
	*key = arena_strndup(arena, header, n);
	return true;
}
