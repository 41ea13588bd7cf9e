/*
 * token.c: tokens by libjwt (see token.h). The order of the checks matters:
 * shape, header, signature, claims. Nothing of a token is trusted, or even
 * given to libjwt, before the check in front of it has passed.
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
#define TIME_MAX 253402300799.0	/* the end of the year 9999 */

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

/* The claims of a token that this key signed, to be freed; else NULL. */
static char *
signed_claims(const struct key *k, const char *token)
{
	jwt_t	*jwt = NULL;
	char	*claims = NULL;

	if (jwt_decode(&jwt, token, k->bytes, (int)k->len) != 0)
		return NULL;
	if (jwt_get_alg(jwt) == JWT_ALG_HS256)
		claims = jwt_get_grants_json(jwt, NULL);
	jwt_free(jwt);
	return claims;
}

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

/* Three segments of base64url, none empty, none of an impossible length.
 * libjwt 1.10 reads and writes out of bounds on what this refuses. */
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

/* The header as an object; NULL if it is not one. */
static struct json_object *
read_header(struct arena *arena, const char *token)
{
	size_t			 n = strcspn(token, "."), len;
	char			*text = arena_alloc(arena, n + 1);
	struct json_object	*header;
	const char		*why;

	if (sodium_base642bin((unsigned char *)text, n, token, n, NULL, &len,
	    NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return NULL;
	text[len] = '\0';
	if (!json_read(arena, text, len, &header, &why) ||
	    !json_object_is_type(header, json_type_object))
		return NULL;
	return header;
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

/* The claims of a token that one of the keys signed, in the arena; NULL if
 * none did. A kid names its key; without one, each key is tried. */
static char *
find_claims(const struct token_keys *set, const char *token,
    struct json_object *header, struct arena *arena)
{
	struct json_object	*unused;
	const char		*kid = string_member(header, "kid");
	char			*claims, *copy;

	if (kid == NULL && json_object_object_get_ex(header, "kid", &unused))
		return NULL;
	for (const struct key *k = set->keys; k < set->keys + set->count; k++) {
		if (kid != NULL && strcmp(kid, k->kid) != 0)
			continue;
		if ((claims = signed_claims(k, token)) != NULL) {
			copy = arena_strdup(arena, claims);
			free(claims);
			return copy;
		}
	}
	return NULL;
}

/* A NumericDate (RFC 7519): a number, maybe with a fraction. Returns false
 * when it is there and no number; *out is 0 when it is not there. */
static bool
read_time(struct json_object *claims, const char *name, double *out)
{
	struct json_object	*value;

	*out = 0;
	if (!json_object_object_get_ex(claims, name, &value))
		return true;
	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return false;
	*out = json_object_get_double(value);
	return true;
}

/* When a token was issued: by iat_us where that is the same second as iat,
 * else by iat. Returns false when iat is there and no time. */
static bool
read_issue(struct json_object *claims, int64_t *us)
{
	struct json_object	*value;
	int64_t			 exact;
	double			 iat;

	*us = 0;
	if (!read_time(claims, "iat", &iat) || !(iat >= 0 && iat < TIME_MAX))
		return false;
	*us = (int64_t)llround(iat * 1e6);
	/* Without an iat it would be a time of its own, perhaps before 1970. */
	if (iat > 0 && json_object_object_get_ex(claims, "iat_us", &value) &&
	    json_int64(value, &exact) && exact >= 0 &&
	    exact / 1000000 == (int64_t)iat)
		*us = exact;
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

/* Takes and checks the claims; NULL, or which check failed. */
static const char *
check_claims(struct json_object *claims, double now, double leeway,
    struct token_claims *out)
{
	struct json_object	*value;
	double			 not_before;

	if (!json_object_is_type(claims, json_type_object))
		return "claims are no object";
	if (!read_time(claims, "exp", &out->expires_at) ||
	    !json_object_object_get_ex(claims, "exp", &value))
		return "no exp";
	if (!(out->expires_at + leeway > now))
		return "expired";
	if (!read_time(claims, "nbf", &not_before) ||
	    !(not_before - leeway <= now))
		return "not valid yet";
	if (!read_issue(claims, &out->issued_at))
		return "iat is no time";
	if (!read_subject(claims, &out->user_id))
		return "sub is no user";
	out->has_market = json_object_object_get_ex(claims, "market", &value);
	out->market = string_member(claims, "market");
	return NULL;
}

bool
token_verify(const struct token_keys *set, const char *token, time_t now,
    unsigned leeway, struct arena *arena, struct token_claims *out,
    const char **why)
{
	struct json_object	*header, *claims, *unused;
	const char		*alg;
	char			*text;

	memset(out, 0, sizeof(*out));
	*why = "not a token";
	if (!shape_ok(token) || (header = read_header(arena, token)) == NULL)
		return false;
	*why = "not HS256";
	alg = string_member(header, "alg");
	if (alg == NULL || strcmp(alg, "HS256") != 0)
		return false;
	*why = "crit is not supported";
	if (json_object_object_get_ex(header, "crit", &unused))
		return false;
	*why = "no key of ours signed it";
	if ((text = find_claims(set, token, header, arena)) == NULL)
		return false;
	*why = "claims are no JSON";
	if (!json_read(arena, text, strlen(text), &claims, why))
		return false;
	*why = check_claims(claims, (double)now, leeway, out);
	return *why == NULL;
}

const char *
token_issue(const struct token_keys *set, uint64_t user_id,
    const char *market, int64_t now_us, unsigned lifetime,
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
	    (long long)(now_us / 1000000), (long long)now_us,
	    (long long)(now_us / 1000000) + lifetime, jti));
	if (token == NULL)
		return NULL;
	copy = arena_strdup(arena, token);
	free(token);
	return copy;
}
