/*
 * secretbox.c: see secretbox.h.
 */
#include <sodium.h>

#include "auth/derived_key.h"
#include "auth/secretbox.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/log.h"

struct secretbox_keys {
	size_t		count;
	unsigned char	keys[TOKEN_KEYS_MAX][crypto_secretbox_KEYBYTES];
};

struct secretbox_keys *
secretbox_keys_new(const struct token_key *keys, size_t count)
{
	struct secretbox_keys	*set;

	if (sodium_init() == -1 || count == 0 || count > TOKEN_KEYS_MAX ||
	    (set = sodium_malloc(sizeof(*set))) == NULL)
		panic("cannot set up the keys of messages");
	set->count = count;
	for (size_t i = 0; i < count; i++)
		derived_key(set->keys[i], sizeof(set->keys[i]),
		    "ordermux message", &keys[i]);
	return set;
}

void
secretbox_keys_free(struct secretbox_keys *set)
{
	sodium_free(set);
}

unsigned char *
secretbox_seal(const struct secretbox_keys *set, const void *p, size_t n,
    struct arena *arena, size_t *sealed_len)
{
	unsigned char	*out;

	*sealed_len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES +
	    n;
	out = arena_alloc(arena, *sealed_len);
	randombytes_buf(out, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, p, n, out,
	    set->keys[0]);
	return out;
}

char *
secretbox_open(const struct secretbox_keys *set, const unsigned char *p,
    size_t n, struct arena *arena, size_t *len)
{
	char	*out;

	if (n < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
		return NULL;
	*len = n - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
	out = arena_alloc(arena, *len + 1);
	for (size_t i = 0; i < set->count; i++)
		if (crypto_secretbox_open_easy((unsigned char *)out,
		    p + crypto_secretbox_NONCEBYTES,
		    n - crypto_secretbox_NONCEBYTES, p, set->keys[i]) == 0)
			return out;
	return NULL;
}
