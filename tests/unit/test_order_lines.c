/*
 * test_order_lines.c: the text of an order's lines says what its lines say.
 */
#include "scratch.h"

#include <string.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "store/order_lines.h"

static struct scratch	 scratch;

static void
setup(void)
{
	scratch_init(&scratch);
}

static void
teardown(void)
{
	scratch_free(&scratch);
}

TestSuite(order_lines, .init = setup, .fini = teardown);

/* The lines as an array of the API. */
static const char *
written(const struct order *o, unsigned digits)
{
	struct buf	 b;
	struct json_out	 j = { .buf = &b };

	buf_init(&b, scratch.arena, 64);
	order_lines_write(&j, o, digits);
	return buf_text(&b);
}

/* An order of so many lines, whose texts are those. */
static struct order
order_of(size_t count, const char *title, const char *color)
{
	struct order	 o = { .id = 41, .line_count = count };

	o.lines = arena_array(scratch.arena, count, sizeof(*o.lines));
	for (size_t i = 0; i < count; i++)
		o.lines[i] = (struct order_line){
			.line_no = (unsigned)i + 1, .sku_id = 7,
			.product_name = title, .sku_code = "S-1",
			.size = "", .color = color,
			.unit_price = 2499, .quantity = (int64_t)i + 1,
			.total = 2499 * ((int64_t)i + 1) };
	return o;
}

Test(order_lines, the_text_is_written_as_the_lines_are)
{
	static const char *const texts[] = {
		"Shirt", "", "a \"b\" \\ c", "two\nlines\r\n\x7f\x01",
		"{\"product_name\":\"x\"},\n{", "]\n]", ",", "Кыргыз 🐎 ё"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		for (size_t n = 1; n <= 5; n++) {
			struct order	 o = order_of(n, texts[i], texts[i]);
			const char	*by_lines = written(&o, 2);

			order_lines_render(scratch.arena, &o, 2);
			cr_assert_not_null(o.lines_json);
			cr_expect(order_lines_usable(o.lines_json,
			    o.lines_json_len));
			o.line_count = 0;	/* nothing but the text */
			cr_expect_str_eq(written(&o, 2), by_lines);
		}
	}
}

Test(order_lines, the_text_is_as_the_manual_says)
{
	struct order	 o = order_of(2, "Shirt", "Red");

	order_lines_render(scratch.arena, &o, 2);
	cr_expect_str_eq(o.lines_json, "[\n"
	    "{\"product_name\":\"Shirt\",\"sku_code\":\"S-1\",\"size\":\"\","
	    "\"color\":\"Red\",\"unit_price\":24.99,\"quantity\":1,"
	    "\"total_price\":24.99},\n"
	    "{\"product_name\":\"Shirt\",\"sku_code\":\"S-1\",\"size\":\"\","
	    "\"color\":\"Red\",\"unit_price\":24.99,\"quantity\":2,"
	    "\"total_price\":49.98}\n"
	    "]");
	cr_expect_str_eq(written(&o, 2), "["
	    "{\"id\":4100,\"product_name\":\"Shirt\",\"sku_code\":\"S-1\","
	    "\"size\":\"\",\"color\":\"Red\",\"unit_price\":24.99,"
	    "\"quantity\":1,\"total_price\":24.99},"
	    "{\"id\":4101,\"product_name\":\"Shirt\",\"sku_code\":\"S-1\","
	    "\"size\":\"\",\"color\":\"Red\",\"unit_price\":24.99,"
	    "\"quantity\":2,\"total_price\":49.98}]");
}

Test(order_lines, there_is_no_text_that_the_column_does_not_hold)
{
	char		 title[256];
	struct order	 o;
	size_t		 longest = 0;

	memset(title, '"', 255);	/* two bytes each */
	title[255] = '\0';
	for (size_t n = 1; n <= ORDER_LINES_MAX; n++) {
		o = order_of(n, title, "Red");
		order_lines_render(scratch.arena, &o, 2);
		if (o.lines_json == NULL)
			continue;
		cr_expect_leq(o.lines_json_len, (size_t)ORDER_LINES_JSON_MAX);
		cr_expect_eq(longest, n - 1);
		longest = n;
	}
	cr_expect(longest > 5 && longest < 20, "%zu", longest);
	/* Then its lines are shown. */
	cr_expect_eq(strncmp(written(&o, 2), "[{\"id\":4100,", 12), 0);
}

Test(order_lines, an_order_without_lines_has_none_to_show)
{
	struct order	 o = { .id = 1 };

	order_lines_render(scratch.arena, &o, 2);
	cr_expect_not(o.lines_json != NULL && order_lines_usable(o.lines_json,
	    o.lines_json_len));
	o.lines_json = NULL;
	cr_expect_str_eq(written(&o, 2), "[]");
}

Test(order_lines, a_text_of_another_form_is_not_used)
{
	static const char *const texts[] = {
		"", "[]", "[\n]", "[\n\n]", "null", "{}",
		"[{\"product_name\":\"x\"}]",
		"[{\"product_name\": \"x\"}, {\"product_name\": \"y\"}]",
		"[\n{\"product_name\":\"x\"}]", "[{\"product_name\":\"x\"}\n]",
		"[\n{\"id\":1,\"product_name\":\"x\"}\n]",
		"[\n{\"product_name\":", "[\n{\"product_name\":\"x\"},\n]",
		"[\n{\"product_name\":\"x\"},\n\n]",
		"[\n{\"product_name\":\"x\"},\n\n"
		    "{\"product_name\":\"x\"}\n]",
		"[\n{\"product_name\":\"x\"},\n{}\n]",
		"[\n{\"product_name\":\"x\"}\n{\"product_name\":\"x\"}\n]",
		"[\n{\"product_name\":\"x\"}\n]\n",
		"[\n{\"product_name\":\"x\"}\n]]",
		"[\n{\"product_name\":\"x\n]", "[\n{\"product_name\":}]",
		"[\n{\"product_name\":\n]"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_expect_not(order_lines_usable(texts[i], strlen(texts[i])),
		    "%s", texts[i]);
}
