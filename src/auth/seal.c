/*
 * seal.c: see seal.h.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auth/seal.h"
#include "base/arena.h"
#include "base/log.h"

_Static_assert(SEAL_HASH_BYTES == crypto_generichash_BYTES, "hash size");

struct pair {
	unsigned char	code[crypto_generichash_KEYBYTES];
	unsigned char	box[crypto_secretbox_KEYBYTES];
};

struct seal_keys {
	size_t		count;
	struct pair	pairs[TOKEN_KEYS_MAX];
};

/* A key of n bytes for one use: the hash of the use's name and the secret. */
static void
derive(unsigned char *out, size_t n, const char *use,
    const struct token_key *key)
{
	crypto_generichash_state	 h;

	crypto_generichash_init(&h, NULL, 0, n);
	/* With its NUL, so that no name is the beginning of another. */
	crypto_generichash_update(&h, (const unsigned char *)use,
	    strlen(use) + 1);
	crypto_generichash_update(&h, key->bytes, key->len);
	crypto_generichash_final(&h, out, n);
	sodium_memzero(&h, sizeof(h));
}

struct seal_keys *
seal_keys_new(const struct token_key *keys, size_t count)
{
	struct seal_keys	*set;

	if (sodium_init() == -1 || count == 0 || count > TOKEN_KEYS_MAX ||
	    (set = sodium_malloc(sizeof(*set))) == NULL)
		panic("cannot set up sealing keys");
	set->count = count;
	for (size_t i = 0; i < count; i++) {
		derive(set->pairs[i].code, sizeof(set->pairs[i].code),
		    "ordermux login code", &keys[i]);
		derive(set->pairs[i].box, sizeof(set->pairs[i].box),
		    "ordermux message", &keys[i]);
	}
	return set;
}

void
seal_keys_free(struct seal_keys *set)
{
	sodium_free(set);
}

void
seal_make_code(char out[SEAL_CODE_DIGITS + 1])
{
	for (int i = 0; i < SEAL_CODE_DIGITS; i++)
		out[i] = (char)('0' + randombytes_uniform(10));
	out[SEAL_CODE_DIGITS] = '\0';
}

/* The hash by one key; the parts are told apart by their NULs. */
static void
hash_with(const struct pair *pair, const char *market, const char *phone,
    const char *code, unsigned char out[SEAL_HASH_BYTES])
{
	crypto_generichash_state	 h;

	crypto_generichash_init(&h, pair->code, sizeof(pair->code),
	    SEAL_HASH_BYTES);
	crypto_generichash_update(&h, (const unsigned char *)market,
	    strlen(market) + 1);
	crypto_generichash_update(&h, (const unsigned char *)phone,
	    strlen(phone) + 1);
	crypto_generichash_update(&h, (const unsigned char *)code,
	    strlen(code) + 1);
	crypto_generichash_final(&h, out, SEAL_HASH_BYTES);
}

void
seal_hash_code(const struct seal_keys *set, const char *market,
    const char *phone, const char *code, unsigned char out[SEAL_HASH_BYTES])
{
	hash_with(&set->pairs[0], market, phone, code, out);
}

bool
seal_code_is(const struct seal_keys *set, const char *market,
    const char *phone, const char *code,
    const unsigned char hash[SEAL_HASH_BYTES])
{
	unsigned char	 own[SEAL_HASH_BYTES];
	bool		 same = false;

	for (size_t i = 0; i < set->count; i++) {
		hash_with(&set->pairs[i], market, phone, code, own);
		same |= sodium_memcmp(own, hash, sizeof(own)) == 0;
	}
	return same;
}

unsigned char *
seal_box(const struct seal_keys *set, const void *p, size_t n,
    struct arena *arena, size_t *sealed_len)
{
	unsigned char	*out;

	*sealed_len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES +
	    n;
	out = arena_alloc(arena, *sealed_len);
	randombytes_buf(out, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, p, n, out,
	    set->pairs[0].box);
	return out;
}

char *
seal_open(const struct seal_keys *set, const unsigned char *p, size_t n,
    struct arena *arena, size_t *len)
{
	char	*out;

	if (n < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
		return NULL;
	*len = n - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
	out = arena_alloc(arena, *len + 1);
	for (size_t i = 0; i < set->count; i++) {
		if (crypto_secretbox_open_easy((unsigned char *)out,
		    p + crypto_secretbox_NONCEBYTES,
		    n - crypto_secretbox_NONCEBYTES, p,
		    set->pairs[i].box) == 0)
			return out;
	}
	return NULL;
}
