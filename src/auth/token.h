/*
 * token.h: the one file that knows what a token is.
 *
 * HS256 and nothing else. libjwt checks the signature; everything that it does
 * not check (measured: an empty key accepts any token, exp is ignored, HS512
 * passes where HS256 is meant, an empty segment is written out of bounds) is
 * checked here, before and after. Compiles on libjwt 1.10 to 3.
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

struct token_claims {
	uint64_t	 user_id;	/* sub: > 0 */
	bool		 has_market;
	const char	*market;	/* NULL: not there, or no string */
	int64_t		 issued_at;	/* µs: iat_us or iat; 0: neither */
	double		 expires_at;
};

/* The live keys; the first one signs. A key under TOKEN_KEY_MIN bytes, or no
 * key, is a panic: the configuration refuses them. */
struct token_keys *token_keys_new(const struct token_key *, size_t count);
void	token_keys_free(struct token_keys *);

/*
 * True if the token was signed by one of the keys (the one that its kid names;
 * each is tried when it has none) and is valid now, give or take the leeway
 * (seconds). The claims' strings are in the arena. Else false, with *why for
 * the log: which check failed, nothing of the token.
 */
bool	token_verify(const struct token_keys *, const char *token, time_t now,
    unsigned leeway, struct arena *, struct token_claims *,
    const char **why);

/*
 * A signed token, in the arena: sub, market, iat, exp, jti and the kid. NULL
 * when the library failed. The lifetime is in seconds. A claim of our own,
 * iat_us, has the time of issue in microseconds: a token of a login in the
 * second of a logout must be told from those that the logout ended. (iat may
 * have a fraction by RFC 7519, but not by all libraries that check it.)
 */
const char *	token_issue(const struct token_keys *, uint64_t user_id,
    const char *market, int64_t now_us, unsigned lifetime, struct arena *);

#endif
