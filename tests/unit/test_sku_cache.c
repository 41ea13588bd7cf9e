/*
 * test_sku_cache.c: what is remembered of SKUs, and what is forgotten.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "store/sku_cache.h"

static struct sku
make_sku(int64_t id)
{
	return (struct sku){ .id = id, .price = id * 10, .title = "T-Shirt",
	    .code = "TEE-1", .size = "", .color = "Red" };
}

static bool
knows(const struct sku_cache *c, int64_t id)
{
	struct sku	 out;

	return sku_cache_find(c, id, &out);
}

Test(sku_cache, gives_back_what_was_kept)
{
	struct sku_cache	*c = sku_cache_new();
	struct sku		 sku = make_sku(7), out;

	cr_assert(!knows(c, 7));
	sku_cache_keep(c, &sku);
	cr_assert(sku_cache_find(c, 7, &out));
	cr_assert_eq(out.id, 7);
	cr_assert_eq(out.price, 70);
	cr_assert_str_eq(out.title, "T-Shirt");
	cr_assert_str_eq(out.code, "TEE-1");
	cr_assert_str_eq(out.size, "");
	cr_assert_str_eq(out.color, "Red");
	cr_assert(!knows(c, 8));
	sku_cache_free(c);
}

Test(sku_cache, keeps_a_copy_and_the_newest)
{
	struct sku_cache	*c = sku_cache_new();
	char			 title[] = "old";
	struct sku		 sku = make_sku(7), out;

	sku.title = title;
	sku_cache_keep(c, &sku);
	memcpy(title, "new", 3);
	cr_assert(sku_cache_find(c, 7, &out));
	cr_assert_str_eq(out.title, "old");
	sku.price = 5;
	sku_cache_keep(c, &sku);
	cr_assert(sku_cache_find(c, 7, &out));
	cr_assert_str_eq(out.title, "new");
	cr_assert_eq(out.price, 5);
	sku_cache_free(c);
}

Test(sku_cache, forgets_what_is_dropped_and_nothing_else)
{
	struct sku_cache	*c = sku_cache_new();
	struct sku		 one = make_sku(1), two = make_sku(2);

	sku_cache_keep(c, &one);
	sku_cache_keep(c, &two);
	sku_cache_drop(c, 1 + SKU_CACHE_SIZE);
	cr_assert(knows(c, 1) && knows(c, 2));
	sku_cache_drop(c, 1);
	cr_assert(!knows(c, 1) && knows(c, 2));
	sku_cache_free(c);
}

Test(sku_cache, gives_a_place_to_the_last_one)
{
	struct sku_cache	*c = sku_cache_new();
	struct sku		 one = make_sku(1);
	struct sku		 other = make_sku(1 + SKU_CACHE_SIZE);

	sku_cache_keep(c, &one);
	sku_cache_keep(c, &other);
	cr_assert(!knows(c, 1));
	cr_assert(knows(c, 1 + SKU_CACHE_SIZE));
	sku_cache_free(c);
}

/* The four NULs count. A SKU that grew too long is not known as it was. */
Test(sku_cache, keeps_texts_that_just_fit_and_none_that_do_not)
{
	struct sku_cache	*c = sku_cache_new();
	char			 title[SKU_CACHE_TEXT];
	struct sku		 sku = { .id = 1, .title = title, .code = "ab",
	    .size = "c", .color = "d" }, out;

	memset(title, 'x', sizeof(title));
	title[SKU_CACHE_TEXT - 8] = '\0';
	sku_cache_keep(c, &sku);
	cr_assert(sku_cache_find(c, 1, &out));
	cr_assert_str_eq(out.title, title);
	cr_assert_str_eq(out.color, "d");
	title[SKU_CACHE_TEXT - 8] = 'x';
	title[SKU_CACHE_TEXT - 7] = '\0';
	sku_cache_keep(c, &sku);
	cr_assert(!knows(c, 1));
	sku_cache_free(c);
}

Test(sku_cache, knows_no_id_that_is_none)
{
	static const int64_t	 ids[] = { 0, -1, INT64_MIN, INT64_MAX };
	struct sku_cache	*c = sku_cache_new();

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		cr_assert(!knows(c, ids[i]));
		sku_cache_drop(c, ids[i]);
	}
	sku_cache_free(c);
}
