/*
 * test_token.c: tokens made by hand, each good or wrong in one way.
 */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "auth/token.h"
#include "base/arena.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW	1730506363
#define NOW_US	(NOW * INT64_C(1000000))
#define LIFETIME 1800	/* s */
#define HS256	"{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define GOOD	"{\"sub\":\"19\",\"market\":\"us\",\"exp\":1730508163}"
#define B64	sodium_base64_VARIANT_URLSAFE_NO_PADDING

static const unsigned char	key_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const unsigned char	key_b[] =
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
static const unsigned char	key_c[] = "cccccccccccccccccccccccccccccccc";

static struct arena		*arena;
static struct token_keys	*keys;	/* a and b */

static const char *const	 audience[] = { "shop", "https://x", NULL };
static struct token_rules	 rules = { .lifetime = LIFETIME,
	.audience = audience };

static void
setup(void)
{
	static const struct token_key	two[] = {
		{ "a", key_a, 32 }, { "b", key_b, 36 } };

	cr_assert_geq(sodium_init(), 0);
	arena = arena_new(8192);
	keys = token_keys_new(two, 2);
}

static void
teardown(void)
{
	token_keys_free(keys);
	arena_free(arena);
}

TestSuite(token, .init = setup, .fini = teardown);

static char *
base64(const void *bytes, size_t len)
{
	size_t	 cap = sodium_base64_encoded_len(len, B64);
	char	*text = arena_alloc(arena, cap);

	return sodium_bin2base64(text, cap, bytes, len, B64);
}

/* A token of this header and these claims, signed with HMAC-SHA-256. */
static char *
sign(const unsigned char *key, const char *header, const char *claims)
{
	char				*text = arena_printf(arena, "%s.%s",
	    base64(header, strlen(header)), base64(claims, strlen(claims)));
	unsigned char			 mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state	 state;

	crypto_auth_hmacsha256_init(&state, key, strlen((const char *)key));
	crypto_auth_hmacsha256_update(&state, (unsigned char *)text,
	    strlen(text));
	crypto_auth_hmacsha256_final(&state, mac);
	return arena_printf(arena, "%s.%s", text, base64(mac, sizeof(mac)));
}

/* Verifies with a leeway; a refusal must have a reason. */
static bool
verify_at(const char *token, time_t now, unsigned leeway,
    struct token_claims *out)
{
	const char	*why = NULL;
	bool		 ok;

	rules.leeway = leeway;
	ok = token_verify(keys, &rules, token, now, arena, out, &why);
	cr_expect_eq(why == NULL, ok, "%s: %s", token, why);
	return ok;
}

static bool
verify(const char *token)
{
	struct token_claims	out;

	return verify_at(token, NOW, 0, &out);
}

/* Verifies a token of these claims, signed as it should be. */
static bool
verify_claims(const char *claims, unsigned leeway, struct token_claims *out)
{
	return verify_at(sign(key_a, HS256, claims), NOW, leeway, out);
}

Test(token, a_good_one_gives_its_claims)
{
	struct token_claims	out;

	cr_assert(verify_claims("{\"sub\":\"19\",\"market\":\"us\","
	    "\"iat\":1730506363.25,\"exp\":1730508163.5,\"x\":[{}]}", 0, &out));
	cr_expect_eq(out.user_id, 19);
	cr_expect(out.has_market);
	cr_expect_str_eq(out.market, "us");
	cr_expect_eq(out.issued_from, NOW_US + 250000);
	cr_expect_eq(out.issued_until, NOW_US + 1250000);
	cr_expect_eq(out.expires_at, 1730508163.5);
	cr_assert(verify_claims(GOOD, 0, &out));
	cr_expect_eq(out.issued_from, NOW_US);
	cr_expect_eq(out.issued_until, NOW_US + 1800 * INT64_C(1000000));
}

Test(token, no_character_of_one_can_be_changed_or_left_out)
{
	char	*token = sign(key_a, HS256, GOOD);
	size_t	 n = strlen(token);

	cr_assert(verify(token));
	for (size_t i = 0; i < n; i++) {
		char	good = token[i];

		/* 'B' and 'Q' differ from 'A' in bits that a last character
		 * does not use, and in one that it does. */
		for (const char *c = "ABQ-.=\n "; *c != '\0'; c++) {
			token[i] = *c;
			cr_expect(*c == good || !verify(token), "%zu: %s", i,
			    token);
		}
		token[i] = '\0';
		cr_expect_not(verify(token), "cut at %zu", i);
		token[i] = good;
	}
	cr_expect_not(verify(arena_printf(arena, "%sA", token)));
	cr_expect_not(verify(arena_printf(arena, "%s.", token)));
	cr_expect_not(verify(arena_printf(arena, " %s", token)));
	cr_expect(verify(token));
}

Test(token, what_has_not_the_shape_of_one_is_refused)
{
	static const char *const	cases[] = {
		"", ".", "..", "...", "a.b.c", "aa.bb.cc", "aaaa", "aaaa.bbbb",
		"aaaa.bbbb.", ".bbbb.cccc", "aaaa..cccc", "aaaa.bbbb.cccc.dddd",
		"aaaa.bbbb.c", "aa=.bbbb.cccc", "aaaa.bb+b.cccc",
		"aaaa.bb/b.cccc", "e30.e30.e30", "aaaaa.bbbb.cccc",
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxOSJ9.",
	};
	char	*big = arena_alloc(arena, TOKEN_MAX + 1);

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_not(verify(cases[i]), "%s", cases[i]);
	memset(big, 'x', TOKEN_MAX);
	cr_expect_not(verify(sign(key_a, HS256, arena_printf(arena,
	    "{\"x\":\"%s\",%s", big, GOOD + 1))), "too long");
	big[2000] = '\0';
	cr_expect(verify(sign(key_a, HS256, arena_printf(arena,
	    "{\"x\":\"%s\",%s", big, GOOD + 1))), "long");
}

Test(token, any_header_but_one_of_hs256_is_refused)
{
	static const char *const	cases[] = {
		"{\"alg\":\"none\"}", "{\"alg\":\"HS384\"}",
		"{\"alg\":\"HS512\"}", "{\"alg\":\"RS256\"}",
		"{\"alg\":\"ES256\"}", "{\"alg\":\"hs256\"}",
		"{\"alg\":\"HS256 \"}", "{\"alg\":\"\"}", "{\"alg\":null}",
		"{\"alg\":256}", "{\"alg\":[\"HS256\"]}", "{}",
		"{\"typ\":\"JWT\"}", "{\"ALG\":\"HS256\"}",
		"[\"alg\",\"HS256\"]", "\"HS256\"", "null", "7", "{", " ",
		"{\"alg\":\"HS256\"}x", "{'alg':'HS256'}",
		"{\"alg\":\"none\",\"alg\":\"HS256\"}",
		"{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}",
		"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"crit\":null}",
		"{\"alg\":\"HS256\",\"x\":\"\xff\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
		"{\"alg\":\"HS256\",\"typ\":\"dpop+jwt\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT \"}",
		"{\"alg\":\"HS256\",\"typ\":\"\"}",
		"{\"alg\":\"HS256\",\"typ\":null}",
		"{\"alg\":\"HS256\",\"typ\":[\"JWT\"]}",
	};
	unsigned char			 mac[crypto_auth_hmacsha512_BYTES];
	crypto_auth_hmacsha512_state	 state;
	char				*text;

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_not(verify(sign(key_a, cases[i], GOOD)), "%s",
		    cases[i]);
	/* A right signature by another algorithm. */
	text = arena_printf(arena, "%s.%s", base64("{\"alg\":\"HS512\"}", 15),
	    base64(GOOD, strlen(GOOD)));
	crypto_auth_hmacsha512_init(&state, key_a, 32);
	crypto_auth_hmacsha512_update(&state, (unsigned char *)text,
	    strlen(text));
	crypto_auth_hmacsha512_final(&state, mac);
	cr_expect_not(verify(arena_printf(arena, "%s.%s", text, base64(mac,
	    sizeof(mac)))));
}

Test(token, the_types_of_access_tokens_are_taken_in_any_case_or_none)
{
	static const char *const	types[] = { "JWT", "jwt", "at+jwt",
		"AT+JWT", "application/at+jwt", "Application/at+JWT" };

	cr_expect(verify(sign(key_a, "{\"alg\":\"HS256\"}", GOOD)));
	for (size_t i = 0; i < COUNT(types); i++)
		cr_expect(verify(sign(key_a, arena_printf(arena,
		    "{\"typ\":\"%s\",\"alg\":\"HS256\"}", types[i]), GOOD)),
		    "%s", types[i]);
}

Test(token, one_for_somebody_else_is_refused)
{
	static const struct {
		const char	*aud;
		bool		 ok;
	} cases[] = {
		{ "\"shop\"", true }, { "\"https://x\"", true },
		{ "[\"shop\"]", true }, { "[\"a\",\"shop\"]", true },
		{ "[7,\"shop\"]", true },
		{ "\"warehouse-admin\"", false }, { "\"\"", false },
		{ "\"Shop\"", false }, { "\"shop \"", false },
		{ "\"shop,x\"", false }, { "[]", false },
		{ "[\"a\"]", false }, { "[[\"shop\"]]", false },
		{ "null", false }, { "7", false }, { "true", false },
		{ "{\"shop\":1}", false },
	};
	static const char *const	nobody[] = { NULL };
	struct token_claims		out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*claims = arena_printf(arena, "{\"sub\":\"1\","
		    "\"exp\":1730508163,\"aud\":%s}", cases[i].aud);

		cr_expect_eq(verify_claims(claims, 0, &out), cases[i].ok, "%s",
		    claims);
		rules.audience = nobody;
		cr_expect_not(verify_claims(claims, 0, &out), "%s", claims);
		rules.audience = audience;
	}
}

Test(token, when_it_was_issued_is_known_within_an_interval)
{
#define S INT64_C(1000000)
	static const struct {
		const char	*times;
		int64_t		 from, until;	/* µs, after NOW */
	} cases[] = {
		/* Whole seconds. */
		{ "\"exp\":1730508163,\"iat\":1730506000", -363 * S,
		    -362 * S },
		/* To the microsecond. */
		{ "\"exp\":1730508163,\"iat\":1730506363,"
		    "\"iat_us\":1730506363123456", 123456, 123456 },
		/* Behind a logout by a host whose clock is ahead. */
		{ "\"exp\":1730508163,\"iat\":1730506363,"
		    "\"iat_us\":1730506400000001", 37 * S + 1, 37 * S + 1 },
		/* No such thing as before its own second. */
		{ "\"exp\":1730508163,\"iat\":1730506363,"
		    "\"iat_us\":1730506362999999", 0, S },
		{ "\"exp\":1730508163,\"iat\":1730506363,"
		    "\"iat_us\":\"1730506363123456\"", 0, S },
		{ "\"exp\":1730508163,\"iat\":0.5,\"iat_us\":-190",
		    500000 - NOW_US, 1500000 - NOW_US },
		{ "\"exp\":1730508163,\"iat\":1730506363,"
		    "\"iat_us\":253402300800000000", 0, S },
		/* A lifetime before the end, and not known. */
		{ "\"exp\":1730507000", -1163 * S, 637 * S },
		{ "\"exp\":1730507000,\"iat_us\":1730506363123456",
		    -1163 * S, 637 * S },
		{ "\"exp\":1730510000", -NOW_US, 3637 * S },
		{ "\"exp\":4102444800", -NOW_US, 4102444800 * S - NOW_US },
	};
	struct token_claims	out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_assert(verify_claims(arena_printf(arena,
		    "{\"sub\":\"19\",%s}", cases[i].times), 0, &out), "%s",
		    cases[i].times);
		cr_expect_eq(out.issued_from - NOW_US, cases[i].from,
		    "%s: %lld", cases[i].times, (long long)out.issued_from);
		cr_expect_eq(out.issued_until - NOW_US, cases[i].until,
		    "%s: %lld", cases[i].times, (long long)out.issued_until);
	}
#undef S
}

Test(token, a_kid_names_the_one_key_that_may_have_signed)
{
	static const struct {
		const char		*kid;	/* NULL = none */
		const unsigned char	*key;
		bool			 ok;
	} cases[] = {
		{ "\"a\"", key_a, true }, { "\"b\"", key_b, true },
		{ NULL, key_a, true }, { NULL, key_b, true },
		{ NULL, key_c, false },
		{ "\"a\"", key_b, false }, { "\"b\"", key_a, false },
		{ "\"a\"", key_c, false },
		{ "\"c\"", key_a, false }, { "\"c\"", key_c, false },
		{ "\"\"", key_a, false }, { "\"A\"", key_a, false },
		{ "\"ab\"", key_a, false },
		{ "null", key_a, false }, { "7", key_a, false },
		{ "[\"a\"]", key_a, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*header = HS256;

		if (cases[i].kid != NULL)
			header = arena_printf(arena,
			    "{\"alg\":\"HS256\",\"kid\":%s}", cases[i].kid);
		cr_expect_eq(verify(sign(cases[i].key, header, GOOD)),
		    cases[i].ok, "%zu: %s", i, header);
	}
}

Test(token, a_token_lives_on_while_its_key_is_in_the_set)
{
	static const struct token_key	next[] = {
		{ "c", key_c, 32 }, { "a", key_a, 32 } };
	const char			*old, *fresh;

	old = token_issue(keys, 19, "us",
	    NOW_US, NOW_US, 1800, arena);
	token_keys_free(keys);
	keys = token_keys_new(next, 2);
	fresh = token_issue(keys, 19, "us",
	    NOW_US, NOW_US, 1800, arena);
	cr_expect(verify(old));
	cr_expect(verify(fresh));
	token_keys_free(keys);
	keys = token_keys_new(next, 1);
	cr_expect_not(verify(old));
	cr_expect(verify(fresh));
}

Test(token, its_times_are_kept_give_or_take_the_leeway)
{
	static const struct {
		const char	*times;
		unsigned	 leeway;
		bool		 ok;
	} cases[] = {
		{ "\"exp\":1730506364", 0, true },
		{ "\"exp\":1730506363.5", 0, true },
		{ "\"exp\":1.7305063635e9", 0, true },
		{ "\"exp\":1730506363", 0, false },
		{ "\"exp\":1730506362.9", 0, false },
		{ "\"exp\":1730506304", 60, true },
		{ "\"exp\":1730506303", 60, false },
		{ "\"exp\":1", 0, false }, { "\"exp\":-1", 0, false },
		{ "\"exp\":0", 0, false },
		{ "\"x\":1", 0, false }, { "\"exp\":null", 0, false },
		{ "\"exp\":true", 0, false }, { "\"exp\":[]", 0, false },
		{ "\"exp\":\"1730508163\"", 0, false },
		{ "\"exp\":1730508163,\"nbf\":1730506363", 0, true },
		{ "\"exp\":1730508163,\"nbf\":1730506363.5", 0, false },
		{ "\"exp\":1730508163,\"nbf\":1730506364", 0, false },
		{ "\"exp\":1730508163,\"nbf\":1730506423", 60, true },
		{ "\"exp\":1730508163,\"nbf\":1730506424", 60, false },
		{ "\"exp\":1730508163,\"nbf\":\"1\"", 0, false },
		{ "\"exp\":1730508163,\"nbf\":null", 0, false },
		{ "\"exp\":1730508163,\"iat\":1730506363", 0, true },
		{ "\"exp\":1730508163,\"iat\":\"1730506363\"", 0, false },
		{ "\"exp\":1730508163,\"iat\":null", 0, false },
		{ "\"exp\":1730508163,\"iat\":-1", 0, false },
		/* To come; clocks differ by a second, and by the leeway. */
		{ "\"exp\":1730508163,\"iat\":1730506364", 0, true },
		{ "\"exp\":1730508163,\"iat\":1730506365", 0, false },
		{ "\"exp\":1730508163,\"iat\":1730506424", 60, true },
		{ "\"exp\":1730508163,\"iat\":1730506425", 60, false },
		/* Milliseconds, and years of five digits. */
		{ "\"exp\":1730508163000", 0, false },
		{ "\"exp\":253402300799", 0, true },
		{ "\"exp\":253402300800", 0, false },
		{ "\"exp\":1e30", 0, false },
		{ "\"exp\":9223372036854775807", 0, false },
		{ "\"exp\":1730508163,\"iat\":1730506363000", 0, false },
		{ "\"exp\":1730508163,\"nbf\":1730506363000", 0, false },
		{ "\"exp\":1730508163,\"nbf\":-1", 0, false },
	};
	struct token_claims	out;

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(verify_claims(arena_printf(arena,
		    "{\"sub\":\"19\",%s}", cases[i].times), cases[i].leeway,
		    &out), cases[i].ok, "%s, leeway %u", cases[i].times,
		    cases[i].leeway);
}

Test(token, sub_is_a_positive_integer_as_text_or_number)
{
	static const struct {
		const char	*sub;
		uint64_t	 id;	/* 0 = refused */
	} cases[] = {
		{ "\"19\"", 19 }, { "19", 19 }, { "\"1\"", 1 },
		{ "\"9223372036854775807\"", 9223372036854775807 },
		{ "9223372036854775806", 9223372036854775806 },
		{ "\"0\"", 0 }, { "0", 0 }, { "\"-1\"", 0 }, { "-1", 0 },
		{ "\"\"", 0 }, { "\" 19\"", 0 }, { "\"19 \"", 0 },
		{ "\"+19\"", 0 }, { "\"019\"", 0 }, { "\"0x13\"", 0 },
		{ "\"19.0\"", 0 }, { "\"1e3\"", 0 }, { "\"abc\"", 0 },
		{ "\"19,20\"", 0 }, { "\"\\u0661\"", 0 },
		{ "19.0", 0 }, { "19.5", 0 }, { "1e3", 0 }, { "null", 0 },
		{ "true", 0 }, { "[19]", 0 }, { "{\"id\":19}", 0 },
		{ "\"9223372036854775808\"", 0 }, { "9223372036854775808", 0 },
		{ "-9223372036854775808", 0 },
		{ "\"18446744073709551635\"", 0 },
		{ "18446744073709551635", 0 }, { "19,\"exp\":1", 0 },
	};
	struct token_claims	out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char	*claims = arena_printf(arena,
		    "{\"exp\":1730508163,\"sub\":%s}", cases[i].sub);

		cr_assert_eq(verify_claims(claims, 0, &out), cases[i].id > 0,
		    "%s", claims);
		cr_expect(cases[i].id == 0 || out.user_id == cases[i].id, "%s",
		    claims);
	}
	cr_expect_not(verify_claims("{\"exp\":1730508163}", 0, &out));
}

Test(token, a_market_that_is_there_is_told_from_none)
{
	static const struct {
		const char	*member;
		bool		 there;
		const char	*market;
	} cases[] = {
		{ "", false, NULL },
		{ ",\"Market\":\"us\"", false, NULL },
		{ ",\"market\":\"us\"", true, "us" },
		{ ",\"market\":\"fr\"", true, "fr" },
		{ ",\"market\":\"\"", true, "" },
		{ ",\"market\":\"us \"", true, "us " },
		{ ",\"market\":7", true, NULL },
		{ ",\"market\":null", true, NULL },
		{ ",\"market\":[\"us\"]", true, NULL },
	};
	struct token_claims	out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_assert(verify_claims(arena_printf(arena, "{\"sub\":\"1\","
		    "\"exp\":1730508163%s}", cases[i].member), 0, &out));
		cr_expect_eq(out.has_market, cases[i].there, "%s",
		    cases[i].member);
		if (cases[i].market == NULL)
			cr_expect_null(out.market, "%s", cases[i].member);
		else
			cr_expect_str_eq(out.market, cases[i].market);
	}
}

Test(token, claims_that_are_no_object_are_refused)
{
	static const char *const	cases[] = {
		"[]", "[\"sub\",\"19\"]", "null", "\"x\"", "19", "{", "x", " ",
		GOOD "x", "{\"sub\":\"19\",\"exp\":1730508163,}",
		"{\"sub\":\"19\",\"exp\":NaN}",
		"{\"sub\":\"19\",\"exp\":1e999}",
		"{\"sub\":\"1\\u0000\",\"exp\":1730508163}",
		"{\"sub\":\"\xff\",\"exp\":1730508163}",
	};
	struct token_claims	out;

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_not(verify_claims(cases[i], 0, &out), "%s",
		    cases[i]);
}

Test(token, one_that_we_issue_is_good_until_it_ends)
{
	const char		*token, *other;
	struct token_claims	 out;
	unsigned char		 header[128];
	size_t			 len;

	token = token_issue(keys, 19, "us",
	    NOW_US, NOW_US, 1800, arena);
	other = token_issue(keys, 19, "us",
	    NOW_US, NOW_US, 1800, arena);
	cr_assert(token != NULL && other != NULL);
	cr_expect_str_neq(token, other, "jti");
	cr_assert(verify_at(token, NOW, 0, &out));
	cr_expect_eq(out.user_id, 19);
	cr_expect_str_eq(out.market, "us");
	cr_expect_eq(out.issued_from, NOW_US);
	cr_expect_eq(out.issued_until, NOW_US);
	cr_expect_eq(out.expires_at, NOW + 1800);
	cr_expect(verify_at(token, NOW + 1799, 0, &out));
	cr_expect_not(verify_at(token, NOW + 1800, 0, &out));
	cr_assert_eq(sodium_base642bin(header, sizeof(header) - 1, token,
	    strcspn(token, "."), NULL, &len, NULL, B64), 0);
	header[len] = '\0';
	cr_expect_not_null(strstr((char *)header, "\"kid\":\"a\""), "%s",
	    header);
}
