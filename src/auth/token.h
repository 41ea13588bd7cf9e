/*
 * token.h: the one file that knows what a token is.
 *
 * HS256 and nothing else. libjwt makes tokens, but does not check them:
 * libjwt 1.10 refuses the typ of RFC 9068 (at+jwt), ignores exp, takes any
 * token with an empty key, and HS512 where HS256 is meant, and writes out of
 * bounds at an empty segment. What is left to check is one HMAC by libsodium.
 */
#ifndef ORDERMUX_TOKEN_H
#define ORDERMUX_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TOKEN_MAX	4096	/* bytes of a token */
#define TOKEN_KEY_MIN	32	/* bytes of a key */
#define TOKEN_KEYS_MAX	8

struct arena;
struct token_keys;

/* A key and its name. The bytes must outlive the set. */
struct token_key {
	const char		*kid;
	const unsigned char	*bytes;
	size_t			 len;
};

/* By what a token is judged. */
struct token_rules {
	unsigned	 leeway;	/* s by which clocks may differ */
	unsigned	 lifetime;	/* s; of a token that has no iat */
	/* Who may be meant by aud; ends with NULL. A token that has an aud,
	 * and none of these in it, is for somebody else (RFC 7519, 4.1.3). */
	const char *const *audience;
};

/*
 * When it was issued is known to be in an interval (µs, both ends in it). Our
 * own say it to the microsecond. An iat in whole seconds leaves a second open.
 * Without an iat it was at the earliest a lifetime before the end; 0 if that is
 * still to come, which means that nothing is known; and at the latest the end.
 */
struct token_claims {
	uint64_t	 user_id;	/* sub: > 0 */
	bool		 has_market;
	const char	*market;	/* NULL: not there, or no string */
	int64_t		 issued_from;
	int64_t		 issued_until;
	double		 expires_at;
};

/* The live keys; the first one signs. A key under TOKEN_KEY_MIN bytes, or no
 * key, is a panic: the configuration refuses them. */
struct token_keys *token_keys_new(const struct token_key *, size_t count);
void	token_keys_free(struct token_keys *);

/*
 * True if the token was signed by one of the keys (the one that its kid names;
 * each is tried when it has none) and is valid now by the rules. The claims'
 * strings are in the arena. Else false, with *why for the log: which check
 * failed, nothing of the token.
 *
 * A time (exp, nbf, iat) is in seconds, from 1970 to 9999: one in milliseconds
 * is refused. An iat that is still to come is refused too, beyond the leeway
 * and one second, by which clocks always differ.
 */
bool	token_verify(const struct token_keys *, const struct token_rules *,
    const char *token, time_t now, struct arena *, struct token_claims *,
    const char **why);

/*
 * A signed token, in the arena: sub, market, iat, exp, jti and the kid. NULL
 * when the library failed. The lifetime is in seconds, from now_us on. A claim
 * of our own, iat_us, has issued_us: a place in the order of logins and
 * logouts, in microseconds. It is the time of issue, unless the last logout was
 * later, by a host whose clock is ahead: then it is behind that.
 */
const char *	token_issue(const struct token_keys *, uint64_t user_id,
    const char *market, int64_t now_us, int64_t issued_us, unsigned lifetime,
    struct arena *);

#endif
