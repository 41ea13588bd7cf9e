/*
 * test_secretbox.c: sealed messages, and what becomes of them when the keys are
 * rotated.
 */
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#include "auth/secretbox.h"
#include "auth/token.h"
#include "base/arena.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define PHONE	"+13128059851"
#define CODE	"048213"

static const unsigned char	key_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const unsigned char	key_b[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";

static const struct token_key	only_a[] = { { "a", key_a, 32 } };
static const struct token_key	only_b[] = { { "b", key_b, 32 } };
static const struct token_key	b_then_a[] = {
	{ "b", key_b, 32 }, { "a", key_a, 32 } };

static struct arena	*arena;
static struct secretbox_keys	*a, *b, *both;	/* both: b makes, a is still live */

static void
setup(void)
{
	arena = arena_new(8192);
	a = secretbox_keys_new(only_a, 1);
	b = secretbox_keys_new(only_b, 1);
	both = secretbox_keys_new(b_then_a, 2);
}

static void
teardown(void)
{
	secretbox_keys_free(a);
	secretbox_keys_free(b);
	secretbox_keys_free(both);
	arena_free(arena);
}

TestSuite(secretbox, .init = setup, .fini = teardown);

static bool
opens_as(const struct secretbox_keys *keys, const unsigned char *sealed, size_t n,
    const void *p, size_t len)
{
	size_t	 got = 0;
	char	*out = secretbox_open(keys, sealed, n, arena, &got);

	if (out == NULL)
		return false;
	cr_assert_eq(got, len);
	cr_assert_eq(memcmp(out, p, len), 0);
	cr_assert_eq(out[len], '\0');
	return true;
}

Test(secretbox, what_was_sealed_is_opened_as_it_was)
{
	static const size_t	 lengths[] = { 0, 1, 15, 16, 17, 31, 32, 33,
	    100, 4096, 65535 };
	unsigned char		*plain = arena_alloc(arena, 65535), *sealed;
	size_t			 n;

	for (size_t i = 0; i < 65535; i++)
		plain[i] = (unsigned char)i;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		sealed = secretbox_seal(a, plain, lengths[i], arena, &n);
		cr_expect_geq(n, lengths[i] + crypto_secretbox_MACBYTES);
		cr_expect(opens_as(a, sealed, n, plain, lengths[i]), "%zu",
		    lengths[i]);
	}
}

Test(secretbox, a_sealed_message_shows_nothing_and_never_looks_the_same)
{
	static const char	 text[] = "{\"to\":\"" PHONE "\",\"code\":\""
	    CODE "\"}";
	unsigned char		*one, *two;
	size_t			 n, m;

	one = secretbox_seal(a, text, strlen(text), arena, &n);
	two = secretbox_seal(a, text, strlen(text), arena, &m);
	cr_assert_eq(n, m);
	cr_expect_null(memmem(one, n, CODE, strlen(CODE)));
	cr_expect_null(memmem(one, n, PHONE, strlen(PHONE)));
	/* Neither the nonce nor what is behind it. */
	cr_expect_neq(memcmp(one, two, crypto_secretbox_NONCEBYTES), 0);
	cr_expect_neq(memcmp(one + crypto_secretbox_NONCEBYTES,
	    two + crypto_secretbox_NONCEBYTES,
	    n - crypto_secretbox_NONCEBYTES), 0);
}

Test(secretbox, a_changed_or_cut_message_is_not_opened)
{
	unsigned char	*sealed;
	size_t		 n, len;

	sealed = secretbox_seal(a, "hello", 5, arena, &n);
	for (size_t i = 0; i < n * 8; i++) {
		sealed[i / 8] ^= (unsigned char)(1U << i % 8);
		cr_expect_null(secretbox_open(a, sealed, n, arena, &len),
		    "bit %zu", i);
		sealed[i / 8] ^= (unsigned char)(1U << i % 8);
	}
	for (size_t i = 0; i < n; i++) {
		cr_expect_null(secretbox_open(a, sealed, i, arena, &len),
		    "cut at %zu", i);
		cr_expect_null(secretbox_open(a, sealed + n - i, i, arena, &len),
		    "the last %zu", i);
	}
	cr_expect(opens_as(a, sealed, n, "hello", 5));
}

Test(secretbox, a_message_needs_the_key_and_not_the_tokens)
{
	unsigned char	*sealed, plain[5];
	size_t		 n, len;

	sealed = secretbox_seal(a, "hello", 5, arena, &n);
	cr_expect_null(secretbox_open(b, sealed, n, arena, &len));
	cr_expect_neq(crypto_secretbox_open_easy(plain,
	    sealed + crypto_secretbox_NONCEBYTES,
	    n - crypto_secretbox_NONCEBYTES, sealed, key_a), 0);
}

Test(secretbox, a_message_outlives_the_rotation_while_its_key_is_live)
{
	unsigned char	*old, *new;
	size_t		 n, m, len;

	old = secretbox_seal(a, "old", 3, arena, &n);
	new = secretbox_seal(both, "new", 3, arena, &m);
	cr_expect(opens_as(both, old, n, "old", 3));
	cr_expect(opens_as(both, new, m, "new", 3));
	cr_expect(opens_as(b, new, m, "new", 3), "the first key makes");
	cr_expect_null(secretbox_open(a, new, m, arena, &len));
	cr_expect_null(secretbox_open(b, old, n, arena, &len));
}
