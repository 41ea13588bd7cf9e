/*
 * test_login_code.c: login codes and their hashes, and what becomes of them when
 * the keys are rotated.
 */
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#include "auth/login_code.h"
#include "auth/token.h"
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
static struct login_code_keys	*a, *b, *both;	/* both: b makes, a is still live */

static void
setup(void)
{
	arena = arena_new(8192);
	a = login_code_keys_new(only_a, 1);
	b = login_code_keys_new(only_b, 1);
	both = login_code_keys_new(b_then_a, 2);
}

static void
teardown(void)
{
	login_code_keys_free(a);
	login_code_keys_free(b);
	login_code_keys_free(both);
	arena_free(arena);
}

TestSuite(login_code, .init = setup, .fini = teardown);

Test(login_code, a_code_is_six_digits_of_which_none_is_likelier)
{
	enum { CODES = 60000, USUAL = CODES / 10 };
	static unsigned	 seen[LOGIN_CODE_DIGITS][10];
	char		 code[LOGIN_CODE_DIGITS + 1];

	for (int n = 0; n < CODES; n++) {
		memset(code, 'x', sizeof(code));
		login_code_make(code);
		cr_assert_eq(strnlen(code, sizeof(code)), 6);
		cr_assert_eq(strspn(code, "0123456789"), 6, "%s", code);
		for (int i = 0; i < LOGIN_CODE_DIGITS; i++)
			seen[i][code[i] - '0']++;
	}
	/* More than six standard deviations (73) off is no accident. */
	for (int i = 0; i < LOGIN_CODE_DIGITS; i++) {
		for (int d = 0; d < 10; d++)
			cr_expect(seen[i][d] > USUAL - 450 &&
			    seen[i][d] < USUAL + 450,
			    "digit %d at place %d: %u of %d", d, i,
			    seen[i][d], CODES);
	}
}

Test(login_code, codes_do_not_come_again)
{
	enum { CODES = 1000 };
	static char	 codes[CODES][LOGIN_CODE_DIGITS + 1];
	int		 same = 0;

	for (int n = 0; n < CODES; n++) {
		login_code_make(codes[n]);
		for (int i = 0; i < n; i++)
			same += strcmp(codes[n], codes[i]) == 0;
	}
	/* Half a million pairs, a million codes: none or one is usual. */
	cr_expect_lt(same, 10);
}

/* ---- hashes ---- */

Test(login_code, a_hash_is_of_one_code_for_one_number_in_one_market_only)
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
	unsigned char	 hash[LOGIN_CODE_HASH_BYTES], other[LOGIN_CODE_HASH_BYTES];

	login_code_hash(a, "us", PHONE, CODE, hash);
	for (size_t i = 0; i < COUNT(cases); i++) {
		login_code_hash(a, cases[i].market, cases[i].phone,
		    cases[i].code, other);
		cr_expect_eq(memcmp(hash, other, sizeof(hash)) == 0,
		    cases[i].same, "%zu: hashes", i);
		cr_expect_eq(login_code_is(a, cases[i].market, cases[i].phone,
		    cases[i].code, hash), cases[i].same, "%zu: is it?", i);
	}
}

Test(login_code, no_bit_of_a_hash_is_without_meaning)
{
	unsigned char	 hash[LOGIN_CODE_HASH_BYTES];

	login_code_hash(a, "us", PHONE, CODE, hash);
	for (size_t i = 0; i < sizeof(hash) * 8; i++) {
		hash[i / 8] ^= (unsigned char)(1U << i % 8);
		cr_expect_not(login_code_is(a, "us", PHONE, CODE, hash),
		    "bit %zu", i);
		hash[i / 8] ^= (unsigned char)(1U << i % 8);
	}
	cr_expect(login_code_is(a, "us", PHONE, CODE, hash));
	memset(hash, 0, sizeof(hash));
	cr_expect_not(login_code_is(a, "us", PHONE, CODE, hash), "zeros");
}

/* Who has the database but no key must not find the code by trying all. */
Test(login_code, a_hash_needs_the_key)
{
	static const char	 text[] = "us\0" PHONE "\0" CODE;
	struct login_code_keys	*longer = login_code_keys_new(only_long, 1);
	unsigned char		 hash[LOGIN_CODE_HASH_BYTES], other[LOGIN_CODE_HASH_BYTES];

	login_code_hash(a, "us", PHONE, CODE, hash);
	cr_expect_not(login_code_is(b, "us", PHONE, CODE, hash), "one bit");
	cr_expect_not(login_code_is(longer, "us", PHONE, CODE, hash), "longer");
	crypto_generichash(other, sizeof(other), (const unsigned char *)text,
	    sizeof(text), NULL, 0);
	cr_expect_neq(memcmp(hash, other, sizeof(hash)), 0, "no key");
	/* The token key signs tokens and is used for nothing else. */
	crypto_generichash(other, sizeof(other), (const unsigned char *)text,
	    sizeof(text), key_a, 32);
	cr_expect_neq(memcmp(hash, other, sizeof(hash)), 0, "the token key");
	login_code_keys_free(longer);
}

Test(login_code, a_code_outlives_the_rotation_while_its_key_is_live)
{
	unsigned char	 old[LOGIN_CODE_HASH_BYTES], new[LOGIN_CODE_HASH_BYTES],
			 first[LOGIN_CODE_HASH_BYTES];

	login_code_hash(a, "us", PHONE, CODE, old);
	cr_expect(login_code_is(both, "us", PHONE, CODE, old));
	cr_expect_not(login_code_is(both, "us", PHONE, "048214", old));
	cr_expect_not(login_code_is(b, "us", PHONE, CODE, old));
	/* The first key makes. */
	login_code_hash(both, "us", PHONE, CODE, new);
	login_code_hash(b, "us", PHONE, CODE, first);
	cr_expect_eq(memcmp(new, first, sizeof(new)), 0);
	cr_expect_not(login_code_is(a, "us", PHONE, CODE, new));
}
