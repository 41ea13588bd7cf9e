/*
 * token.c: tokens (see token.h). The order of the checks matters: shape,
 * header, signature, claims. Nothing of a token is trusted, and the claims are
 * not even read, before the check in front of it has passed.
 */
#include <jwt.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "base/arena.h"
#include "base/json_read.h"
#include "base/log.h"
#include "base/str.h"

#define JTI_BYTES 16
#define MAC_BYTES crypto_auth_hmacsha256_BYTES
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define SECOND_US INT64_C(1000000)
#define TIME_MAX 253402300800.0	/* the year 10000 begins */
#define CLOCKS_DIFFER 1		/* s, at least: by whole seconds, and chrony */

struct key {
	const char		*kid;
	const unsigned char	*bytes;
	size_t			 len;
};

struct token_keys {
	struct key	keys[TOKEN_KEYS_MAX];
	size_t		count;
};

/* ---- libjwt ---- */

/* A token of these claims, signed with the key, to be freed; else NULL. */
static char *
sign_claims(const struct key *k, const char *claims)
{
	jwt_t	*jwt = NULL;
	char	*token = NULL;

	if (jwt_new(&jwt) != 0)
		return NULL;
	if (jwt_set_alg(jwt, JWT_ALG_HS256, k->bytes, (int)k->len) == 0 &&
	    jwt_add_header(jwt, "kid", k->kid) == 0 &&
	    jwt_add_grants_json(jwt, claims) == 0)
		token = jwt_encode_str(jwt);
	jwt_free(jwt);
	return token;
}

/* ---- the keys ---- */

struct token_keys *
token_keys_new(const struct token_key *keys, size_t count)
{
	struct token_keys	*set = calloc(1, sizeof(*set));

	if (set == NULL || sodium_init() == -1)
		panic("cannot set up token keys");
	if (count == 0 || count > TOKEN_KEYS_MAX)
		panic("%zu token keys", count);
	for (size_t i = 0; i < count; i++) {
		struct key	*k = &set->keys[set->count++];

		k->kid = keys[i].kid;
		k->bytes = keys[i].bytes;
		k->len = keys[i].len;
		if (k->len < TOKEN_KEY_MIN)
			panic("token key %s is not usable", k->kid);
	}
	return set;
}

void
token_keys_free(struct token_keys *set)
{
	free(set);
}

/* ---- verification ---- */

/* Three segments of base64url, none empty, none of an impossible length. */
static bool
shape_ok(const char *token)
{
	static const char	 alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char		*p = token;

	for (int segment = 0; segment < 3; segment++) {
		size_t	 n = strspn(p, alphabet);

		if (n == 0 || n % 4 == 1)
			return false;
		p += n;
		if (segment < 2 && *p++ != '.')
			return false;
	}
	return *p == '\0' && p - token <= TOKEN_MAX;
}

/* The segment that begins here, as an object; NULL if it is not one. */
static struct json_object *
read_segment(struct arena *arena, const char *segment)
{
	size_t			 n = strcspn(segment, "."), len;
	char			*text = arena_alloc(arena, n + 1);
	struct json_object	*object;
	const char		*why;

	if (sodium_base642bin((unsigned char *)text, n, segment, n, NULL,
	    &len, NULL, BASE64) != 0)
		return NULL;
	text[len] = '\0';
	if (!json_read(arena, text, len, &object, &why) ||
	    !json_object_is_type(object, json_type_object))
		return NULL;
	return object;
}

/* The string member of an object; NULL when it is missing or no string. */
static const char *
string_member(struct json_object *object, const char *name)
{
	struct json_object	*value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* What of the header cannot be accepted, or NULL. The types of a token are
 * those of RFC 7519 and RFC 9068. */
static const char *
check_header(struct json_object *header)
{
	static const char *const	 types[] = { "JWT", "at+jwt",
	    "application/at+jwt" };
	const char			*alg = string_member(header, "alg");
	const char			*typ = string_member(header, "typ");
	struct json_object		*unused;

	if (alg == NULL || strcmp(alg, "HS256") != 0)
		return "not HS256";
	if (json_object_object_get_ex(header, "crit", &unused))
		return "crit is not supported";
	if (!json_object_object_get_ex(header, "typ", &unused))
		return NULL;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (typ != NULL && str_equal_nocase(typ, types[i]))
			return NULL;
	return "typ is not JWT or at+jwt";
}

/* Whether this key makes the MAC for the first n bytes. */
static bool
is_mac_of(const struct key *k, const char *signed_text, size_t n,
    const unsigned char mac[MAC_BYTES])
{
	crypto_auth_hmacsha256_state	 state;
	unsigned char			 right[MAC_BYTES];

	crypto_auth_hmacsha256_init(&state, k->bytes, k->len);
	crypto_auth_hmacsha256_update(&state,
	    (const unsigned char *)signed_text, n);
	crypto_auth_hmacsha256_final(&state, right);
	sodium_memzero(&state, sizeof(state));
	return sodium_memcmp(mac, right, MAC_BYTES) == 0;
}

/* Whether one of the keys signed the token. A kid names its key; without one,
 * each key is tried. */
static bool
is_signed(const struct token_keys *set, const char *token,
    struct json_object *header)
{
	const char		*kid = string_member(header, "kid");
	const char		*dot = strrchr(token, '.');
	unsigned char		 mac[MAC_BYTES];
	struct json_object	*unused;
	size_t			 len;

	if (kid == NULL && json_object_object_get_ex(header, "kid", &unused))
		return false;
	if (sodium_base642bin(mac, sizeof(mac), dot + 1, strlen(dot + 1), NULL,
	    &len, NULL, BASE64) != 0 || len != sizeof(mac))
		return false;
	for (const struct key *k = set->keys; k < set->keys + set->count; k++)
		if ((kid == NULL || strcmp(kid, k->kid) == 0) &&
		    is_mac_of(k, token, (size_t)(dot - token), mac))
			return true;
	return false;
}

/* A NumericDate (RFC 7519): a number, maybe with a fraction. Returns false
 * when it is there and no time before the year 10000; *out is -1 when it is not
 * there. */
static bool
read_time(struct json_object *claims, const char *name, double *out)
{
	struct json_object	*value;

	*out = -1;
	if (!json_object_object_get_ex(claims, name, &value))
		return true;
	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return false;
	*out = json_object_get_double(value);
	return *out >= 0 && *out < TIME_MAX;
}

/* Takes the time of issue from iat_us, which is not before iat, or else from
 * iat, or else from exp. Returns false if iat is no time, or to come. */
static bool
read_issue(struct json_object *claims, double now,
    const struct token_rules *rules, struct token_claims *out)
{
	struct json_object	*value;
	int64_t			 exact;
	double			 iat, leeway = rules->leeway + CLOCKS_DIFFER;

	if (!read_time(claims, "iat", &iat) || !(iat <= now + leeway))
		return false;
	if (iat < 0) {
		double	 from = out->expires_at - rules->lifetime;

		out->issued_until = (int64_t)(out->expires_at * 1e6);
		if (from > 0 && from <= now + leeway)
			out->issued_from = (int64_t)(from * 1e6);
		return true;
	}
	out->issued_from = (int64_t)llround(iat * 1e6);
	out->issued_until = out->issued_from + SECOND_US;
	if (json_object_object_get_ex(claims, "iat_us", &value) &&
	    json_int64(value, &exact) && exact >= 0 &&
	    exact / SECOND_US >= (int64_t)iat &&
	    exact / SECOND_US + 1 < (int64_t)TIME_MAX)
		out->issued_from = out->issued_until = exact;
	return true;
}

/* sub: a positive integer, as a string of digits or as a number. */
static bool
read_subject(struct json_object *claims, uint64_t *user_id)
{
	struct json_object	*value;
	int64_t			 id;

	if (!json_object_object_get_ex(claims, "sub", &value))
		return false;
	if (json_object_is_type(value, json_type_string)) {
		const char	*text = json_object_get_string(value);

		if (*text < '1' || *text > '9' || !str_to_int64(text, &id))
			return false;
	} else if (!json_int64(value, &id))
		return false;
	*user_id = (uint64_t)id;
	return id > 0;
}

/* Whether this is the name of one for whom tokens may be meant. */
static bool
is_audience(const struct token_rules *rules, struct json_object *name)
{
	if (!json_object_is_type(name, json_type_string))
		return false;
	for (const char *const *a = rules->audience; *a != NULL; a++)
		if (strcmp(*a, json_object_get_string(name)) == 0)
			return true;
	return false;
}

/* Whether a token is meant for us: by aud, a name or a list of them. */
static bool
is_meant_for_us(struct json_object *claims, const struct token_rules *rules)
{
	struct json_object	*aud;

	if (!json_object_object_get_ex(claims, "aud", &aud))
		return true;
	if (!json_object_is_type(aud, json_type_array))
		return is_audience(rules, aud);
	for (size_t i = 0; i < json_object_array_length(aud); i++)
		if (is_audience(rules, json_object_array_get_idx(aud, i)))
			return true;
	return false;
}

/* Takes and checks the claims; NULL, or which check failed. */
static const char *
check_claims(struct json_object *claims, double now,
    const struct token_rules *rules, struct token_claims *out)
{
	struct json_object	*value;
	double			 not_before;

	if (!read_time(claims, "exp", &out->expires_at))
		return "exp is no time in seconds";
	if (out->expires_at < 0)
		return "no exp";
	if (!(out->expires_at + rules->leeway > now))
		return "expired";
	if (!read_time(claims, "nbf", &not_before) ||
	    !(not_before - rules->leeway <= now))
		return "not valid yet";
	if (!read_issue(claims, now, rules, out))
		return "iat is no time in the past";
	if (!is_meant_for_us(claims, rules))
		return "aud is somebody else";
	if (!read_subject(claims, &out->user_id))
		return "sub is no user";
	out->has_market = json_object_object_get_ex(claims, "market", &value);
	out->market = string_member(claims, "market");
	return NULL;
}

bool
token_verify(const struct token_keys *set, const struct token_rules *rules,
    const char *token, time_t now, struct arena *arena,
    struct token_claims *out, const char **why)
{
	struct json_object	*header, *claims;

	memset(out, 0, sizeof(*out));
	*why = "not a token";
	if (!shape_ok(token) || (header = read_segment(arena, token)) == NULL)
		return false;
	if ((*why = check_header(header)) != NULL)
		return false;
	*why = "no key of ours signed it";
	if (!is_signed(set, token, header))
		return false;
	*why = "claims are no object";
	if ((claims = read_segment(arena, strchr(token, '.') + 1)) == NULL)
		return false;
	*why = check_claims(claims, (double)now, rules, out);
	return *why == NULL;
}

const char *
token_issue(const struct token_keys *set, uint64_t user_id,
    const char *market, int64_t now_us, int64_t issued_us, unsigned lifetime,
    struct arena *arena)
{
	unsigned char	 random[JTI_BYTES];
	char		 jti[JTI_BYTES * 2 + 1];
	char		*token, *copy;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(jti, sizeof(jti), random, sizeof(random));
	/* A market's name is [a-z0-9_-]: nothing in it needs escaping. */
	token = sign_claims(&set->keys[0], arena_printf(arena,
	    "{\"sub\":\"%llu\",\"market\":\"%s\",\"iat\":%lld,"
	    "\"iat_us\":%lld,\"exp\":%lld,\"jti\":\"%s\"}",
	    (unsigned long long)user_id, market,
	    (long long)(now_us / SECOND_US), (long long)issued_us,
	    (long long)(now_us / SECOND_US) + lifetime, jti));
	if (token == NULL)
		return NULL;
	copy = arena_strdup(arena, token);
	free(token);
	return copy;
}
