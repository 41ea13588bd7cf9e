/*
 * claims.c: what is inside a token that is signed as it should be. The input
 * is a header, a newline, and the claims; the target signs them.
 *
 * What must be so: only a header that says HS256 and the type of a token, and
 * nothing that must be understood, is accepted, and only claims with a user, a
 * beginning in the past and an end to come, for us if they name anybody;
 * what is given out is what stands in the claims; and a token like those that
 * we issue is never refused.
 */
#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "fuzz.h"
#include "mac.h"

#define NOW 1750000000
#define TIME_MAX 253402300800.0	/* the year 10000 */
#define CLOCKS_DIFFER 1		/* s */

static const char *const	 audience[] = { "shop", NULL };
static const struct token_rules	 rules = { .lifetime = 1800,
	.audience = audience };

/* The member of an object as a string; NULL when there is no such string. */
static const char *
text_of(struct json_object *object, const char *name)
{
	struct json_object	*value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static void
check_header(struct arena *arena, const char *text, size_t n)
{
	struct json_object	*header = fuzz_json(arena, text, n), *value;
	const char		*alg = text_of(header, "alg");

	MUST(alg != NULL && strcmp(alg, "HS256") == 0);
	MUST(!json_object_object_get_ex(header, "crit", &value));
	MUST(!json_object_object_get_ex(header, "typ", &value) ||
	    strcasecmp(text_of(header, "typ"), "JWT") == 0 ||
	    strcasecmp(text_of(header, "typ"), "at+jwt") == 0 ||
	    strcasecmp(text_of(header, "typ"), "application/at+jwt") == 0);
	MUST(!json_object_object_get_ex(header, "kid", &value) ||
	    strcmp(text_of(header, "kid"), fuzz_keys[0].kid) == 0);
}

/* A time that is there must be one, and at most this. */
static void
check_time(struct json_object *claims, const char *name, double latest)
{
	struct json_object	*value;

	if (!json_object_object_get_ex(claims, name, &value))
		return;
	MUST(json_object_is_type(value, json_type_int) ||
	    json_object_is_type(value, json_type_double));
	MUST(json_object_get_double(value) >= 0);
	MUST(json_object_get_double(value) <= latest);
}

/* Who is meant, if anybody is named, must be the shop. */
static void
check_audience(struct json_object *claims)
{
	struct json_object	*aud;
	bool			 found = false;

	if (!json_object_object_get_ex(claims, "aud", &aud))
		return;
	if (!json_object_is_type(aud, json_type_array)) {
		MUST(strcmp(text_of(claims, "aud"), audience[0]) == 0);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(aud); i++) {
		struct json_object	*name =
		    json_object_array_get_idx(aud, i);

		if (json_object_is_type(name, json_type_string) &&
		    strcmp(json_object_get_string(name), audience[0]) == 0)
			found = true;
	}
	MUST(found);
}

static void
check_claims(struct arena *arena, const char *text, size_t n,
    const struct token_claims *out)
{
	struct json_object	*claims, *value;
	const char		*why, *market, *sub;

	MUST(out->user_id > 0 && out->user_id <= INT64_MAX);
	MUST(out->expires_at > NOW && out->expires_at < TIME_MAX);
	MUST(out->issued_from >= 0 && out->issued_until >= out->issued_from);
	MUST(json_read(arena, text, n, &claims, &why));
	MUST(json_object_is_type(claims, json_type_object));
	MUST(json_object_object_get_ex(claims, "exp", &value));
	MUST(json_object_get_double(value) > NOW);
	check_time(claims, "nbf", NOW);
	check_time(claims, "iat", NOW + CLOCKS_DIFFER);
	check_audience(claims);
	market = text_of(claims, "market");
	MUST((market == NULL) == (out->market == NULL));
	MUST(market == NULL || strcmp(market, out->market) == 0);
	MUST(json_object_object_get_ex(claims, "market", &value) ==
	    out->has_market);
	sub = text_of(claims, "sub");
	if (sub != NULL)
		MUST(strcmp(sub, arena_printf(arena, "%llu",
		    (unsigned long long)out->user_id)) == 0);
	else {
		MUST(json_object_object_get_ex(claims, "sub", &value));
		MUST(json_object_is_type(value, json_type_int) &&
		    json_object_get_uint64(value) == out->user_id);
	}
}

/* Whether each member of the object is one of these (which end with NULL). */
static bool
has_only(struct json_object *object, const char *const *names)
{
	if (!json_object_is_type(object, json_type_object))
		return false;
	json_object_object_foreach(object, name, value) {
		const char *const	*n = names;

		(void)value;
		while (*n != NULL && strcmp(*n, name) != 0)
			n++;
		if (*n == NULL)
			return false;
	}
	return true;
}

/* Whether a header is as ours, and so are claims: nothing there that could be
 * refused, and nothing that an other library may see otherwise. */
static bool
is_ordinary(struct json_object *header, struct json_object *claims)
{
	static const char *const	 in_header[] = { "alg", "kid", NULL };
	static const char *const	 in_claims[] = { "sub", "market",
	    "exp", NULL };
	const char			*alg, *kid, *sub;
	struct json_object		*exp;
	int64_t				 end;

	if (!has_only(header, in_header) || !has_only(claims, in_claims))
		return false;
	alg = text_of(header, "alg");
	kid = text_of(header, "kid");
	sub = text_of(claims, "sub");
	return alg != NULL && strcmp(alg, "HS256") == 0 &&
	    kid != NULL && strcmp(kid, fuzz_keys[0].kid) == 0 &&
	    sub != NULL && *sub >= '1' && *sub <= '9' && strlen(sub) < 19 &&
	    strspn(sub, "0123456789") == strlen(sub) &&
	    json_object_object_get_ex(claims, "exp", &exp) &&
	    json_int64(exp, &end) && end > NOW && end < (int64_t)TIME_MAX;
}

static void
check_refused(struct arena *arena, const char *header, size_t header_len,
    const char *claims, size_t claims_len)
{
	struct json_object	*h, *c;
	const char		*why;

	if (json_read(arena, header, header_len, &h, &why) &&
	    json_read(arena, claims, claims_len, &c, &why))
		MUST(!is_ordinary(h, c));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct token_keys	*keys;
	struct arena			*arena = fuzz_arena();
	size_t				 header_len, claims_len;
	const char			*header, *claims, *token, *why;
	struct token_claims		 out;

	if (keys == NULL)
		keys = token_keys_new(fuzz_keys, 2);
	header = fuzz_part(arena, &data, &size, '\n', &header_len);
	claims_len = size;
	claims = arena_strndup(arena, (const char *)data, size);
	token = mac_sign(arena, &fuzz_keys[0], header, header_len, claims,
	    claims_len);
	if (!token_verify(keys, &rules, token, NOW, arena, &out, &why)) {
		MUST(why != NULL && *why != '\0');
		if (strlen(token) <= TOKEN_MAX)
			check_refused(arena, header, header_len, claims,
			    claims_len);
		return 0;
	}
	MUST(strlen(token) <= TOKEN_MAX);
	check_header(arena, header, header_len);
	check_claims(arena, claims, claims_len, &out);
	return 0;
}
