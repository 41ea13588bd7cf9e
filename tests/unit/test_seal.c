/*
 * test_seal.c: login codes and their hashes, sealed messages, and what becomes
 * of both when the keys are rotated.
 */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "auth/seal.h"
#include "base/arena.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PHONE	"+13128059851"
#define CODE	"048213"

static const unsigned char	key_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const unsigned char	key_b[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
static const unsigned char	key_long[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static const struct token_key	only_a[] = { { "a", key_a, 32 } };
static const struct token_key	only_b[] = { { "b", key_b, 32 } };
static const struct token_key	only_long[] = { { "a", key_long, 33 } };
static const struct token_key	b_then_a[] = {
	{ "b", key_b, 32 }, { "a", key_a, 32 } };

static struct arena	*arena;
static struct seal_keys	*a, *b, *both;	/* both: b makes, a is still live */

static void
setup(void)
{
	arena = arena_new(8192);
	a = seal_keys_new(only_a, 1);
	b = seal_keys_new(only_b, 1);
	both = seal_keys_new(b_then_a, 2);
}

static void
teardown(void)
{
	seal_keys_free(a);
	seal_keys_free(b);
	seal_keys_free(both);
	arena_free(arena);
}

TestSuite(seal, .init = setup, .fini = teardown);

/* ---- codes ---- */

Test(seal, a_code_is_six_digits_of_which_none_is_likelier)
{
	enum { CODES = 60000, USUAL = CODES / 10 };
	static unsigned	 seen[SEAL_CODE_DIGITS][10];
	char		 code[SEAL_CODE_DIGITS + 1];

	for (int n = 0; n < CODES; n++) {
		memset(code, 'x', sizeof(code));
		seal_make_code(code);
		cr_assert_eq(strnlen(code, sizeof(code)), 6);
		cr_assert_eq(strspn(code, "0123456789"), 6, "%s", code);
		for (int i = 0; i < SEAL_CODE_DIGITS; i++)
			seen[i][code[i] - '0']++;
	}
	/* More than six standard deviations (73) off is no accident. */
	for (int i = 0; i < SEAL_CODE_DIGITS; i++) {
		for (int d = 0; d < 10; d++)
			cr_expect(seen[i][d] > USUAL - 450 &&
			    seen[i][d] < USUAL + 450,
			    "digit %d at place %d: %u of %d", d, i,
			    seen[i][d], CODES);
	}
}

Test(seal, codes_do_not_come_again)
{
	enum { CODES = 1000 };
	static char	 codes[CODES][SEAL_CODE_DIGITS + 1];
	int		 same = 0;

	for (int n = 0; n < CODES; n++) {
		seal_make_code(codes[n]);
		for (int i = 0; i < n; i++)
			same += strcmp(codes[n], codes[i]) == 0;
	}
	/* Half a million pairs, a million codes: none or one is usual. */
	cr_expect_lt(same, 10);
}

/* ---- hashes ---- */

Test(seal, a_hash_is_of_one_code_for_one_number_in_one_market_only)
{
	static const struct {
		const char	*market, *phone, *code;
		bool		 same;
	} cases[] = {
		{ "us", PHONE, CODE, true },
		{ "kg", PHONE, CODE, false },
		{ "", PHONE, CODE, false },
		{ "US", PHONE, CODE, false },
		{ "us", "+13128059852", CODE, false },
		{ "us", "13128059851", CODE, false },
		{ "us", "", CODE, false },
		{ "us", PHONE, "048214", false },
		{ "us", PHONE, "48213", false },
		{ "us", PHONE, "0048213", false },
		{ "us", PHONE, "04821", false },
		{ "us", PHONE, "", false },
		/* The same letters, cut elsewhere. */
		{ "us+", "13128059851", CODE, false },
		{ "u", "s" PHONE, CODE, false },
		{ "us", PHONE "0", "48213", false },
		{ "us", "+1312805985", "1" CODE, false },
		{ "us" PHONE, "", CODE, false },
		{ "us", PHONE CODE, "", false },
	};
	unsigned char	 hash[SEAL_HASH_BYTES], other[SEAL_HASH_BYTES];

	seal_hash_code(a, "us", PHONE, CODE, hash);
	for (size_t i = 0; i < COUNT(cases); i++) {
		seal_hash_code(a, cases[i].market, cases[i].phone,
		    cases[i].code, other);
		cr_expect_eq(memcmp(hash, other, sizeof(hash)) == 0,
		    cases[i].same, "%zu: hashes", i);
		cr_expect_eq(seal_code_is(a, cases[i].market, cases[i].phone,
		    cases[i].code, hash), cases[i].same, "%zu: is it?", i);
	}
}

Test(seal, no_bit_of_a_hash_is_without_meaning)
{
	unsigned char	 hash[SEAL_HASH_BYTES];

	seal_hash_code(a, "us", PHONE, CODE, hash);
	for (size_t i = 0; i < sizeof(hash) * 8; i++) {
		hash[i / 8] ^= (unsigned char)(1U << i % 8);
		cr_expect_not(seal_code_is(a, "us", PHONE, CODE, hash),
		    "bit %zu", i);
		hash[i / 8] ^= (unsigned char)(1U << i % 8);
	}
	cr_expect(seal_code_is(a, "us", PHONE, CODE, hash));
	memset(hash, 0, sizeof(hash));
	cr_expect_not(seal_code_is(a, "us", PHONE, CODE, hash), "zeros");
}

/* Who has the database but no key must not find the code by trying all. */
Test(seal, a_hash_needs_the_key)
{
	static const char	 text[] = "us\0" PHONE "\0" CODE;
	struct seal_keys	*longer = seal_keys_new(only_long, 1);
	unsigned char		 hash[SEAL_HASH_BYTES], other[SEAL_HASH_BYTES];

	seal_hash_code(a, "us", PHONE, CODE, hash);
	cr_expect_not(seal_code_is(b, "us", PHONE, CODE, hash), "one bit");
	cr_expect_not(seal_code_is(longer, "us", PHONE, CODE, hash), "longer");
	crypto_generichash(other, sizeof(other), (const unsigned char *)text,
	    sizeof(text), NULL, 0);
	cr_expect_neq(memcmp(hash, other, sizeof(hash)), 0, "no key");
	/* The token key signs tokens and is used for nothing else. */
	crypto_generichash(other, sizeof(other), (const unsigned char *)text,
	    sizeof(text), key_a, 32);
	cr_expect_neq(memcmp(hash, other, sizeof(hash)), 0, "the token key");
	seal_keys_free(longer);
}

Test(seal, a_code_outlives_the_rotation_while_its_key_is_live)
{
	unsigned char	 old[SEAL_HASH_BYTES], new[SEAL_HASH_BYTES],
			 first[SEAL_HASH_BYTES];

	seal_hash_code(a, "us", PHONE, CODE, old);
	cr_expect(seal_code_is(both, "us", PHONE, CODE, old));
	cr_expect_not(seal_code_is(both, "us", PHONE, "048214", old));
	cr_expect_not(seal_code_is(b, "us", PHONE, CODE, old));
	/* The first key makes. */
	seal_hash_code(both, "us", PHONE, CODE, new);
	seal_hash_code(b, "us", PHONE, CODE, first);
	cr_expect_eq(memcmp(new, first, sizeof(new)), 0);
	cr_expect_not(seal_code_is(a, "us", PHONE, CODE, new));
}

/* ---- messages ---- */

static bool
opens_as(const struct seal_keys *keys, const unsigned char *sealed, size_t n,
    const void *p, size_t len)
{
	size_t	 got = 0;
	char	*out = seal_open(keys, sealed, n, arena, &got);

	if (out == NULL)
		return false;
	cr_assert_eq(got, len);
	cr_assert_eq(memcmp(out, p, len), 0);
	cr_assert_eq(out[len], '\0');
	return true;
}

Test(seal, what_was_sealed_is_opened_as_it_was)
{
	static const size_t	 lengths[] = { 0, 1, 15, 16, 17, 31, 32, 33,
	    100, 4096, 65535 };
	unsigned char		*plain = arena_alloc(arena, 65535), *sealed;
	size_t			 n;

	for (size_t i = 0; i < 65535; i++)
		plain[i] = (unsigned char)i;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		sealed = seal_box(a, plain, lengths[i], arena, &n);
		cr_expect_geq(n, lengths[i] + crypto_secretbox_MACBYTES);
		cr_expect(opens_as(a, sealed, n, plain, lengths[i]), "%zu",
		    lengths[i]);
	}
}

Test(seal, a_sealed_message_shows_nothing_and_never_looks_the_same)
{
	static const char	 text[] = "{\"to\":\"" PHONE "\",\"code\":\""
	    CODE "\"}";
	unsigned char		*one, *two;
	size_t			 n, m;

	one = seal_box(a, text, strlen(text), arena, &n);
	two = seal_box(a, text, strlen(text), arena, &m);
	cr_assert_eq(n, m);
	cr_expect_null(memmem(one, n, CODE, strlen(CODE)));
	cr_expect_null(memmem(one, n, PHONE, strlen(PHONE)));
	/* Neither the nonce nor what is behind it. */
	cr_expect_neq(memcmp(one, two, crypto_secretbox_NONCEBYTES), 0);
	cr_expect_neq(memcmp(one + crypto_secretbox_NONCEBYTES,
	    two + crypto_secretbox_NONCEBYTES,
	    n - crypto_secretbox_NONCEBYTES), 0);
}

Test(seal, a_changed_or_cut_message_is_not_opened)
{
	unsigned char	*sealed;
	size_t		 n, len;

	sealed = seal_box(a, "hello", 5, arena, &n);
	for (size_t i = 0; i < n * 8; i++) {
		sealed[i / 8] ^= (unsigned char)(1U << i % 8);
		cr_expect_null(seal_open(a, sealed, n, arena, &len),
		    "bit %zu", i);
		sealed[i / 8] ^= (unsigned char)(1U << i % 8);
	}
	for (size_t i = 0; i < n; i++) {
		cr_expect_null(seal_open(a, sealed, i, arena, &len),
		    "cut at %zu", i);
		cr_expect_null(seal_open(a, sealed + n - i, i, arena, &len),
		    "the last %zu", i);
	}
	cr_expect(opens_as(a, sealed, n, "hello", 5));
}

Test(seal, a_message_needs_the_key_and_not_the_tokens)
{
	unsigned char	*sealed, plain[5];
	size_t		 n, len;

	sealed = seal_box(a, "hello", 5, arena, &n);
	cr_expect_null(seal_open(b, sealed, n, arena, &len));
	cr_expect_neq(crypto_secretbox_open_easy(plain,
	    sealed + crypto_secretbox_NONCEBYTES,
	    n - crypto_secretbox_NONCEBYTES, sealed, key_a), 0);
}

Test(seal, a_message_outlives_the_rotation_while_its_key_is_live)
{
	unsigned char	*old, *new;
	size_t		 n, m, len;

	old = seal_box(a, "old", 3, arena, &n);
	new = seal_box(both, "new", 3, arena, &m);
	cr_expect(opens_as(both, old, n, "old", 3));
	cr_expect(opens_as(both, new, m, "new", 3));
	cr_expect(opens_as(b, new, m, "new", 3), "the first key makes");
	cr_expect_null(seal_open(a, new, m, arena, &len));
	cr_expect_null(seal_open(b, old, n, arena, &len));
}
