/*
 * token.c: a token as it comes in a header: any bytes.
 *
 * What must be so: a token that is accepted has a signature that OpenSSL
 * makes of the same text with one of our keys, the one that it names; and is
 * not accepted any more with another key, or behind its end.
 */
#include <json-c/json.h>
#include <string.h>

#include "base/arena.h"
#include "fuzz.h"
#include "mac.h"

#define NOW	1750000000	/* the corpus's tokens end in 2100 */
#define LEEWAY	60
#define TIME_MAX 253402300800.0	/* the year 10000 */

static const char *const	 nobody[] = { NULL };
static const struct token_rules	 rules = { .leeway = LEEWAY,
	.lifetime = 1800, .audience = nobody };

static const struct token_key	 strangers[] = {
	{ "main", (const unsigned char *)
	    "another secret of thirty-two bytes", 32 }
};

/* Which of our keys made it, if the header names none or that one. */
static const struct token_key *
signer(struct arena *arena, const char *token)
{
	size_t			 n;
	struct json_object	*header, *kid;
	const char		*text = mac_part(arena, token, 0, &n);

	MUST(text != NULL);
	header = fuzz_json(arena, text, n);
	MUST(json_object_object_get_ex(header, "alg", &kid));
	MUST(strcmp(json_object_get_string(kid), "HS256") == 0);
	MUST(!json_object_object_get_ex(header, "crit", &kid));
	if (!json_object_object_get_ex(header, "kid", &kid))
		kid = NULL;
	for (size_t i = 0; i < 2; i++)
		if (mac_is(arena, &fuzz_keys[i], token) && (kid == NULL ||
		    strcmp(json_object_get_string(kid),
		    fuzz_keys[i].kid) == 0))
			return &fuzz_keys[i];
	return NULL;
}

static void
check_accepted(struct arena *arena, const struct token_keys *keys,
    const char *token, const struct token_claims *claims)
{
	static struct token_keys	*others;
	struct token_claims		 again;
	const char			*why;

	if (others == NULL)
		others = token_keys_new(strangers, 1);
	MUST(signer(arena, token) != NULL);
	MUST(claims->user_id > 0 && claims->user_id <= INT64_MAX);
	MUST(claims->issued_from >= 0);
	MUST(claims->issued_until >= claims->issued_from);
	MUST(claims->has_market || claims->market == NULL);
	MUST(claims->expires_at + LEEWAY > NOW);
	MUST(claims->expires_at < TIME_MAX);
	MUST(!token_verify(others, &rules, token, NOW, arena, &again, &why));
	MUST(!token_verify(keys, &rules, token, (time_t)claims->expires_at +
	    LEEWAY + 1, arena, &again, &why));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct token_keys	*keys;
	struct arena			*arena = fuzz_arena();
	struct token_claims		 claims;
	const char			*token, *why;

	if (keys == NULL)
		keys = token_keys_new(fuzz_keys, 2);
	token = fuzz_part(arena, &data, &size, '\0', NULL);
	if (token_verify(keys, &rules, token, NOW, arena, &claims, &why))
		check_accepted(arena, keys, token, &claims);
	else
		MUST(why != NULL && *why != '\0');
	return 0;
}
