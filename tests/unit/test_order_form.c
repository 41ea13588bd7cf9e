/*
 * test_order_form.c: the body of an order against the rules of the contract.
 */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "api/order_form.h"
#include "base/arena.h"
#include "base/json_read.h"
#include "http/form.h"
#include "market/market.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A good body in pieces, so that a case can have another one for a piece. */
#define NAME	"\"customer_name\":\"Ann\""
#define PHONE	"\"customer_phone\":\"+13128059851\""
#define ADDRESS	"\"delivery_address\":\"1 Main St\""
#define PAY	"\"payment_method\":\"card\""
#define ITEMS	"\"items\":[{\"sku_id\":1,\"quantity\":2}]"
#define GOOD	NAME "," PHONE "," ADDRESS "," PAY "," ITEMS

#define METHODS	"payment_method: Payment method must be one of: card, " \
	"cash_on_delivery, cash"
#define NOT_STRING "Input should be a valid string"

static const struct market	market = {
	.name = "kg",
	.payments = { { "card", "card" },
	    { "cash_on_delivery", "cash_on_delivery" },
	    { "cash", "cash_on_delivery" } },
	.payment_count = 3,
};

static struct arena		*arena;
static struct form		 form;
static struct order_request	 q;

static void
setup(void)
{
	arena = arena_new(8192);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(order_form, .init = setup, .fini = teardown);

/* Reads a body into the form and the request above. */
static enum order_source
read_body(const char *body)
{
	struct json_object	*value;
	const char		*why;

	cr_assert(json_read(arena, body, strlen(body), &value, &why), "%s: %s",
	    body, why);
	memset(&q, 0, sizeof(q));
	form_init(&form, arena);
	return order_form_read(&form, &market, value, &q);
}

/* The failures as "items.0.quantity: message", one a line, "" for none. */
static const char *
failures(void)
{
	struct json_object	*list, *loc;
	const char		*why, *text;
	struct buf		 b;

	buf_init(&b, arena, 256);
	if (form.count == 0)
		return "";
	text = arena_printf(arena, "%s]", buf_text(&form.failures));
	cr_assert(json_read(arena, text, strlen(text), &list, &why), "%s",
	    text);
	cr_assert_eq(json_object_array_length(list), form.count);
	for (size_t i = 0; i < form.count; i++) {
		struct json_object	*f = json_object_array_get_idx(list, i);

		loc = json_object_object_get(f, "loc");
		cr_expect_str_eq(json_object_get_string(
		    json_object_array_get_idx(loc, 0)), "body");
		for (size_t n = 1; n < json_object_array_length(loc); n++)
			buf_printf(&b, "%s%s", n > 1 ? "." : "",
			    json_object_get_string(
			    json_object_array_get_idx(loc, n)));
		buf_printf(&b, ": %s%s", json_object_get_string(
		    json_object_object_get(f, "msg")),
		    i + 1 < form.count ? "\n" : "");
		cr_expect_not_null(json_object_object_get(f, "type"));
	}
	return buf_text(&b);
}

/* A text of n characters, "Ж" each. */
static const char *
letters(size_t n)
{
	struct buf	b;

	buf_init(&b, arena, 64);
	while (n-- > 0)
		buf_puts(&b, "Ж");
	return buf_text(&b);
}

Test(order_form, a_good_body_fills_the_request)
{
	cr_expect_eq(read_body("{\"customer_name\":\" Ann\\u00a0\","
	    "\"customer_phone\":\" (312) 805-9851 \","
	    "\"customer_email\":\"a@b\","
	    "\"delivery_address\":\"\\t1 Main St\\n\","
	    "\"delivery_city\":\" Ош \","
	    "\"delivery_notes\":\"\",\"payment_method\":\" CASH \","
	    "\"items\":[{\"sku_id\":9223372036854775806,\"quantity\":100},"
	    "{\"sku_id\":1,\"quantity\":1,\"price\":0}],\"use_cart\":true,"
	    "\"unknown\":[{}]}"), ORDER_FROM_ITEMS);
	cr_expect_str_eq(failures(), "");
	cr_expect_str_eq(q.customer_name, "Ann");
	cr_expect_str_eq(q.customer_phone, "(312) 805-9851");
	cr_expect_str_eq(q.customer_email, "a@b");
	cr_expect_str_eq(q.delivery_address, "1 Main St");
	cr_expect_str_eq(q.delivery_city, "Ош");
	cr_expect_null(q.delivery_notes);	/* as if it were missing */
	cr_expect_str_eq(q.payment_method, "cash_on_delivery");
	cr_assert_eq(q.want_count, 2);
	cr_expect_eq(q.wants[0].sku_id, INT64_MAX - 1);
	cr_expect_eq(q.wants[0].quantity, 100);
	cr_expect_eq(q.wants[1].sku_id, 1);
	cr_expect_eq(q.wants[1].quantity, 1);
	cr_expect_not(q.from_cart);
	read_body("{" GOOD ",\"customer_email\":null,\"delivery_city\":null}");
	cr_expect_str_eq(failures(), "");
	cr_expect_null(q.customer_email);
	cr_expect_null(q.delivery_city);
	cr_expect_null(q.delivery_notes);
}

Test(order_form, items_win_over_the_cart)
{
	static const struct {
		const char		*rest;
		enum order_source	 source;
	} cases[] = {
		{ "", ORDER_FROM_CART },
		{ ",\"items\":null", ORDER_FROM_CART },
		{ ",\"items\":[]", ORDER_FROM_CART },
		{ ",\"items\":[],\"use_cart\":true", ORDER_FROM_CART },
		{ ",\"use_cart\":true," ITEMS, ORDER_FROM_ITEMS },
		{ ",\"use_cart\":false," ITEMS, ORDER_FROM_ITEMS },
		{ "," ITEMS, ORDER_FROM_ITEMS },
		{ ",\"use_cart\":false", ORDER_FROM_NOTHING },
		{ ",\"items\":[],\"use_cart\":false", ORDER_FROM_NOTHING },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_eq(read_body(arena_printf(arena, "{" NAME "," PHONE
		    "," ADDRESS "," PAY "%s}", cases[i].rest)),
		    cases[i].source, "%s", cases[i].rest);
		cr_expect_str_eq(failures(), "", "%s", cases[i].rest);
		cr_expect_eq(q.from_cart, cases[i].source == ORDER_FROM_CART);
		cr_expect_eq(q.want_count > 0,
		    cases[i].source == ORDER_FROM_ITEMS);
	}
}

Test(order_form, every_rule_of_a_text_is_kept)
{
	static const char	name_long[] = "String should have at most 255 "
	    "characters", blank[] = "String should have at least 1 character",
	    phone[] = "Invalid phone number",
	    address[] = "Delivery address is too short",
	    line[] = "String should have no control characters or line breaks",
	    lines[] = "String should have no control characters",
	    email[] = "Invalid email address",
	    methods[] = "Payment method must be one of: card, "
	    "cash_on_delivery, cash";
	static const struct {
		const char	*field;
		const char	*value;		/* NULL: "length" letters */
		size_t		 length;
		const char	*msg;		/* NULL: none */
	} cases[] = {
		{ "customer_name", "\"\"", 0, blank },
		{ "customer_name", "\" \\u2003\\n\"", 0, blank },
		{ "customer_name", NULL, 1, NULL },
		{ "customer_name", NULL, 255, NULL },
		{ "customer_name", NULL, 256, name_long },
		{ "customer_name", "null", 0, NOT_STRING },
		{ "customer_name", "7", 0, NOT_STRING },
		{ "customer_name", "[\"Ann\"]", 0, NOT_STRING },
		{ "customer_phone", "\"1234567890\"", 0, NULL },
		{ "customer_phone", "\"+1 (312) 805.98-51\"", 0, NULL },
		{ "customer_phone", "\"12345678901234567890\"", 0, NULL },
		{ "customer_phone", "\"123456789012345678901\"", 0, phone },
		{ "customer_phone", "\"123456789\"", 0, phone },
		{ "customer_phone", "\"123 456 789\"", 0, phone },
		{ "customer_phone", "\"1234567890x\"", 0, phone },
		{ "customer_phone", "\"1+234567890\"", 0, phone },
		{ "customer_phone", "\"++1234567890\"", 0, phone },
		{ "customer_phone", "\"12345\\n67890\"", 0, line },
		{ "customer_phone", "\"١٢٣٤٥٦٧٨٩٠\"", 0, phone },
		{ "customer_phone", "\"\"", 0, phone },
		{ "customer_phone", "1234567890", 0, NOT_STRING },
		{ "customer_name", "\"\\u200b\"", 0, blank },
		{ "customer_name", "\"\\u3164\\ufe0f\"", 0, blank },
		{ "customer_name", "\"Ann\\r\\nLee\"", 0, line },
		{ "customer_name", "\"Ann\\u0007\"", 0, line },
		{ "customer_name", "\"Ann\\u2028Lee\"", 0, line },
		{ "customer_name", "\"\U0001f468\u200d\U0001f467\"", 0, NULL },
		{ "customer_phone", "\"\u202d+13128059851\u202c\"", 0, NULL },
		{ "customer_phone", "\"+1\u200e \u200e\u200e(312) 805-9851\"",
		    0, NULL },
		{ "customer_email", "\"a@b\"", 0, NULL },
		{ "customer_email", "\"\"", 0, NULL },
		{ "customer_email", NULL, 255, email },
		{ "customer_email", "\"not an email\"", 0, email },
		{ "customer_email", "\"a@example.com\\r\\nBcc: b\"", 0, line },
		{ "customer_email", NULL, 256, name_long },
		{ "customer_email", "false", 0, NOT_STRING },
		{ "delivery_address", "\"12345\"", 0, NULL },
		{ "delivery_address", "\"1234\"", 0, address },
		{ "delivery_address", "\" 1234 \"", 0, address },
		{ "delivery_address", NULL, 4, address },
		{ "delivery_address", NULL, 5, NULL },
		{ "delivery_address", NULL, 500, NULL },
		{ "delivery_address", NULL, 501,
		    "String should have at most 500 characters" },
		{ "delivery_address", "\"a\u200b\u200b\u200b\u200bb\"", 0,
		    address },
		{ "delivery_address", "\"1 Main St\\nFloor 2\"", 0, NULL },
		{ "delivery_address", "\"1 Main\\u0007 St\"", 0, lines },
		{ "delivery_notes", "\"a\\nb\\tc\"", 0, NULL },
		{ "delivery_state", NULL, 100, NULL },
		{ "delivery_state", NULL, 101,
		    "String should have at most 100 characters" },
		{ "delivery_state", "\"a\\nb\"", 0, line },
		{ "delivery_postcode", NULL, 20, NULL },
		{ "delivery_postcode", NULL, 21,
		    "String should have at most 20 characters" },
		{ "delivery_postcode", "901", 0, NOT_STRING },
		{ "delivery_city", "\"a\\nb\"", 0, line },
		{ "delivery_city", NULL, 100, NULL },
		{ "delivery_city", NULL, 101,
		    "String should have at most 100 characters" },
		{ "delivery_notes", NULL, 500, NULL },
		{ "delivery_notes", NULL, 501,
		    "String should have at most 500 characters" },
		{ "payment_method", "\"Card\"", 0, NULL },
		{ "payment_method", "\"\"", 0, methods },
		{ "payment_method", "\"\\u200b\"", 0, methods },
		{ "payment_method", "null", 0, NOT_STRING },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		static const char *const	good[][2] = {
			{ "customer_name", NAME }, { "customer_phone", PHONE },
			{ "delivery_address", ADDRESS },
			{ "payment_method", PAY } };
		struct buf			b;

		buf_init(&b, arena, 512);
		for (size_t n = 0; n < COUNT(good); n++)
			if (strcmp(good[n][0], cases[i].field) != 0)
				buf_printf(&b, ",%s", good[n][1]);
		read_body(cases[i].value != NULL ? arena_printf(arena,
		    "{\"%s\":%s%s}", cases[i].field, cases[i].value,
		    buf_text(&b)) : arena_printf(arena, "{\"%s\":\"%s\"%s}",
		    cases[i].field, letters(cases[i].length), buf_text(&b)));
		cr_expect_str_eq(failures(), cases[i].msg == NULL ? "" :
		    arena_printf(arena, "%s: %s", cases[i].field,
		    cases[i].msg), "%zu: %s", i, failures());
	}
}

Test(order_form, all_failures_are_told_in_the_order_of_the_fields)
{
	static const struct {
		const char	*body;
		const char	*failures;
	} cases[] = {
		{ "{}", "customer_name: Field required\n"
		    "customer_phone: Field required\n"
		    "delivery_address: Field required\n"
		    "payment_method: Field required" },
		{ "{\"use_cart\":1,\"items\":{},\"payment_method\":\"gold\","
		    "\"delivery_notes\":1,\"delivery_city\":2,"
		    "\"delivery_address\":\"\",\"customer_email\":3,"
		    "\"customer_phone\":\"\",\"customer_name\":\"\"}",
		    "customer_name: String should have at least 1 character\n"
		    "customer_phone: Invalid phone number\n"
		    "customer_email: " NOT_STRING "\n"
		    "delivery_address: Delivery address is too short\n"
		    "delivery_city: " NOT_STRING "\n"
		    "delivery_notes: " NOT_STRING "\n" METHODS "\n"
		    "items: Input should be a valid list\n"
		    "use_cart: Input should be a valid boolean" },
		{ "{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":[7,null,"
		    "{},{\"sku_id\":0,\"quantity\":0},"
		    "{\"sku_id\":-1,\"quantity\":-1},"
		    "{\"sku_id\":\"1x\",\"quantity\":\" 1\"},"
		    "{\"sku_id\":1.0,\"quantity\":101},"
		    "{\"sku_id\":null,\"quantity\":null}]}",
		    "items.0: Input should be a valid dictionary\n"
		    "items.1: Input should be a valid dictionary\n"
		    "items.2.sku_id: Field required\n"
		    "items.2.quantity: Field required\n"
		    "items.3.sku_id: Input should be greater than or "
		    "equal to 1\n"
		    "items.3.quantity: Quantity must be at least 1\n"
		    "items.4.sku_id: Input should be greater than or "
		    "equal to 1\n"
		    "items.4.quantity: Quantity must be at least 1\n"
		    "items.5.sku_id: Input should be a valid integer, unable to "
		    "parse string as an integer\n"
		    "items.5.quantity: Input should be a valid integer, unable "
		    "to parse string as an integer\n"
		    "items.6.sku_id: Input should be a valid integer\n"
		    "items.6.quantity: Quantity cannot exceed 100\n"
		    "items.7.sku_id: Input should be a valid integer\n"
		    "items.7.quantity: Input should be a valid integer" },
		{ "[]", ": Input should be a valid dictionary" },
		{ "null", ": Input should be a valid dictionary" },
		{ "\"x\"", ": Input should be a valid dictionary" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		read_body(cases[i].body);
		cr_expect_str_eq(failures(), cases[i].failures, "%s:\n%s",
		    cases[i].body, failures());
		cr_expect_not_null(strstr(cases[i].failures, form.first));
	}
}

Test(order_form, a_quantity_beyond_any_integer_is_refused)
{
	static const char *const	numbers[] = { "9223372036854775807",
		"9223372036854775808", "18446744073709551617",
		"-9223372036854775809", "1e400", "36893488147419103233" };

	for (size_t i = 0; i < COUNT(numbers); i++) {
		read_body(arena_printf(arena, "{" NAME "," PHONE "," ADDRESS ","
		    PAY ",\"items\":[{\"sku_id\":1,\"quantity\":%s}]}",
		    numbers[i]));
		cr_expect_eq(form.count, 1, "%s", numbers[i]);
		cr_expect_eq(strncmp(failures(), "items.0.quantity: ", 18), 0);
	}
}

/* A body of n lines of SKU "first", "first" + step, ... */
static const char *
lines(size_t n, size_t first, size_t step, int quantity)
{
	struct buf	b;

	buf_init(&b, arena, 4096);
	buf_puts(&b, "{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s{\"sku_id\":%zu,\"quantity\":%d}",
		    i > 0 ? "," : "", first + i * step, quantity);
	buf_puts(&b, "]}");
	return buf_text(&b);
}

Test(order_form, lines_of_one_sku_are_one_line_and_100_are_the_most)
{
	read_body(lines(100, 7, 1, 100));
	cr_expect_str_eq(failures(), "");
	cr_assert_eq(q.want_count, 100);
	for (size_t i = 0; i < 100; i++)
		cr_expect(q.wants[i].sku_id == (int64_t)i + 7 &&
		    q.wants[i].quantity == 100);
	read_body(lines(101, 7, 1, 1));
	cr_expect_str_eq(failures(),
	    "items: List should have at most 100 items");
	read_body(lines(100, 7, 0, 1));
	cr_expect_str_eq(failures(), "");
	cr_assert_eq(q.want_count, 1);
	cr_expect_eq(q.wants[0].quantity, 100);
	read_body(lines(3, 7, 0, 50));
	cr_expect_str_eq(failures(),
	    "items.2.quantity: Quantity cannot exceed 100");
	read_body("{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":["
	    "{\"sku_id\":2,\"quantity\":1},{\"sku_id\":1,\"quantity\":5},"
	    "{\"sku_id\":2,\"quantity\":3}]}");
	cr_assert_eq(q.want_count, 2);
	cr_expect(q.wants[0].sku_id == 2 && q.wants[0].quantity == 4);
	cr_expect(q.wants[1].sku_id == 1 && q.wants[1].quantity == 5);
}

/* Whether two bodies have one hash. */
static bool
same_hash(const char *one, const char *other)
{
	unsigned char	hash[ORDER_HASH_BYTES];

	read_body(one);
	cr_assert_eq(form.count, 0, "%s", one);
	memcpy(hash, q.hash, sizeof(hash));
	read_body(other);
	cr_assert_eq(form.count, 0, "%s", other);
	return memcmp(hash, q.hash, sizeof(hash)) == 0;
}

Test(order_form, what_asks_for_the_same_order_has_the_same_hash)
{
	static const char *const	same[] = {
		"{" GOOD "}",
		"{" ITEMS "," PAY "," ADDRESS "," PHONE "," NAME "}",
		"{" GOOD ",\"use_cart\":false,\"unknown\":1}",
		"{" GOOD ",\"customer_email\":null,\"delivery_notes\":null}",
		"{" GOOD ",\"customer_email\":\"\",\"delivery_state\":\" \","
		    "\"delivery_postcode\":null,\"delivery_city\":\"\"}",
		"{\"customer_name\":\" \\u0041nn \"," PHONE "," ADDRESS
		    ",\"payment_method\":\"CARD\",\"items\":[{\"quantity\":1,"
		    "\"sku_id\":1},{\"sku_id\":1,\"quantity\":1}]}",
		"{" GOOD ",\"customer_email\":\"\",\"delivery_city\":\" \","
		    "\"delivery_notes\":\"\\u2003\"}",
		"{" NAME ",\"customer_phone\":\"+1 (312) 805-98.51\"," ADDRESS
		    "," PAY ",\"items\":[{\"sku_id\":\"1\","
		    "\"quantity\":\"2\"}]}",
	};
	static const char	 lines[] = "{" NAME "," PHONE "," ADDRESS ","
	    PAY ",\"items\":[{\"sku_id\":1,\"quantity\":2},"
	    "{\"sku_id\":7,\"quantity\":1},{\"sku_id\":3,\"quantity\":4}]}";
	static const char	 other_lines[] = "{" NAME "," PHONE ","
	    ADDRESS "," PAY ",\"items\":[{\"sku_id\":3,\"quantity\":3},"
	    "{\"sku_id\":1,\"quantity\":2},{\"sku_id\":7,\"quantity\":1},"
	    "{\"sku_id\":3,\"quantity\":1}]}";

	for (size_t i = 1; i < COUNT(same); i++)
		cr_expect(same_hash(same[0], same[i]), "%s", same[i]);
	cr_expect(same_hash(lines, other_lines));
	cr_expect_eq(q.wants[0].sku_id, 3, "the order of the lines is lost");
	cr_expect(same_hash(
	    "{" NAME "," PHONE "," ADDRESS ",\"payment_method\":\"cash\"}",
	    "{" NAME "," PHONE "," ADDRESS ","
	    "\"payment_method\":\"Cash_On_Delivery\",\"items\":[]}"));
}

Test(order_form, a_request_in_its_one_form_has_the_hash_it_always_had)
{
	read_body("{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":["
	    "{\"sku_id\":1,\"quantity\":2},{\"sku_id\":3,\"quantity\":4}],"
	    "\"delivery_city\":\"x\"}");
	cr_expect_eq(memcmp(q.hash, q.old_hash, ORDER_HASH_BYTES), 0);
	read_body("{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":["
	    "{\"sku_id\":3,\"quantity\":4},{\"sku_id\":1,\"quantity\":2}],"
	    "\"delivery_city\":\"x\"}");
	cr_expect_neq(memcmp(q.hash, q.old_hash, ORDER_HASH_BYTES), 0);
}

Test(order_form, what_asks_for_another_order_has_another_hash)
{
	static const char *const	all[] = {
		"{" GOOD "}",
		"{\"customer_name\":\"Anne\"," PHONE "," ADDRESS "," PAY ","
		    ITEMS "}",
		"{" NAME ",\"customer_phone\":\"+13128059852\"," ADDRESS ","
		    PAY "," ITEMS "}",
		"{" NAME "," PHONE ",\"delivery_address\":\"2 Main St\"," PAY
		    "," ITEMS "}",
		"{" NAME "," PHONE "," ADDRESS ",\"payment_method\":\"cash\","
		    ITEMS "}",
		"{" GOOD ",\"customer_email\":\"x@y\"}",
		"{" GOOD ",\"delivery_city\":\"x\"}",
		"{" GOOD ",\"delivery_notes\":\"x\"}",
		"{" GOOD ",\"delivery_state\":\"x\"}",
		"{" GOOD ",\"delivery_postcode\":\"x\"}",
		"{" GOOD ",\"delivery_city\":\"xy\",\"delivery_notes\":\"z\"}",
		"{" GOOD ",\"delivery_city\":\"x\",\"delivery_notes\":\"yz\"}",
		"{" NAME "," PHONE "," ADDRESS "," PAY "}",
		"{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":["
		    "{\"sku_id\":1,\"quantity\":3}]}",
		"{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":["
		    "{\"sku_id\":2,\"quantity\":2}]}",
		"{" NAME "," PHONE "," ADDRESS "," PAY ",\"items\":["
		    "{\"sku_id\":1,\"quantity\":2},"
		    "{\"sku_id\":2,\"quantity\":1}]}",
	};

	for (size_t i = 0; i < COUNT(all); i++)
		for (size_t n = 0; n < i; n++)
			cr_expect_not(same_hash(all[n], all[i]), "%s %s",
			    all[n], all[i]);
}

Test(order_form, an_idempotency_key_is_visible_ascii_bare_or_quoted)
{
	static const struct {
		const char	*header;
		const char	*key;	/* NULL = refused */
	} cases[] = {
		{ "a", "a" }, { "\"a\"", "a" }, { "!~", "!~" },
		{ "8e03978e-40d5", "8e03978e-40d5" }, { "a\"b", "a\"b" },
		{ "", NULL }, { "\"\"", NULL }, { "\"", NULL },
		{ "\"a", NULL }, { "a\"", NULL },
		{ "a b", NULL }, { " ", NULL }, { "\" \"", NULL },
		{ "auto 00", NULL }, { "a\tb", NULL }, { "a\x7f", NULL },
		{ "a\x1f", NULL }, { "Ж", NULL }, { "\xff", NULL },
	};
	char		 longest[300];
	const char	*key;

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_eq(order_form_key(arena, cases[i].header, &key),
		    cases[i].key != NULL, "%s", cases[i].header);
		if (cases[i].key != NULL)
			cr_expect_str_eq(key, cases[i].key);
	}
	cr_expect(order_form_key(arena, NULL, &key));
	cr_expect_null(key);
	memset(longest, 'k', sizeof(longest));
	longest[256] = '\0';
	cr_expect_not(order_form_key(arena, longest, &key));
	longest[255] = '\0';
	cr_expect(order_form_key(arena, longest, &key));
	cr_expect_str_eq(key, longest);
	longest[0] = longest[256] = '"';
	longest[255] = 'k';
	longest[257] = '\0';
	cr_expect(order_form_key(arena, longest, &key));
	cr_expect_eq(strlen(key), 255);
}
