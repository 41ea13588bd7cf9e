/*
 * login_code.c: see login_code.h.
 */
#include <sodium.h>
#include <string.h>

#include "auth/derived_key.h"
#include "auth/login_code.h"
#include "auth/token.h"
#include "base/log.h"

_Static_assert(LOGIN_CODE_HASH_BYTES == crypto_generichash_BYTES, "hash size");

struct login_code_keys {
	size_t		count;
	unsigned char	keys[TOKEN_KEYS_MAX][crypto_generichash_KEYBYTES];
};

struct login_code_keys *
login_code_keys_new(const struct token_key *keys, size_t count)
{
	struct login_code_keys	*set;

	if (sodium_init() == -1 || count == 0 || count > TOKEN_KEYS_MAX ||
	    (set = sodium_malloc(sizeof(*set))) == NULL)
		panic("cannot set up the keys of login codes");
	set->count = count;
	for (size_t i = 0; i < count; i++)
		derived_key(set->keys[i], sizeof(set->keys[i]),
		    "ordermux login code", &keys[i]);
	return set;
}

void
login_code_keys_free(struct login_code_keys *set)
{
	sodium_free(set);
}

void
login_code_make(char out[LOGIN_CODE_DIGITS + 1])
{
	for (int i = 0; i < LOGIN_CODE_DIGITS; i++)
		out[i] = (char)('0' + randombytes_uniform(10));
	out[LOGIN_CODE_DIGITS] = '\0';
}

/* The hash by one key. The parts are told apart by their NULs. */
static void
hash_code_with(const unsigned char key[crypto_generichash_KEYBYTES],
    const char *market, const char *phone, const char *code,
    unsigned char out[LOGIN_CODE_HASH_BYTES])
{
	crypto_generichash_state	 h;

	crypto_generichash_init(&h, key, crypto_generichash_KEYBYTES,
	    LOGIN_CODE_HASH_BYTES);
	crypto_generichash_update(&h, (const unsigned char *)market,
	    strlen(market) + 1);
	crypto_generichash_update(&h, (const unsigned char *)phone,
	    strlen(phone) + 1);
	crypto_generichash_update(&h, (const unsigned char *)code,
	    strlen(code) + 1);
	crypto_generichash_final(&h, out, LOGIN_CODE_HASH_BYTES);
}

void
login_code_hash(const struct login_code_keys *set, const char *market,
    const char *phone, const char *code,
    unsigned char out[LOGIN_CODE_HASH_BYTES])
{
	hash_code_with(set->keys[0], market, phone, code, out);
}

bool
login_code_is(const struct login_code_keys *set, const char *market,
    const char *phone, const char *code,
    const unsigned char hash[LOGIN_CODE_HASH_BYTES])
{
	unsigned char	 own[LOGIN_CODE_HASH_BYTES];
	bool		 same = false;

	for (size_t i = 0; i < set->count; i++) {
		hash_code_with(set->keys[i], market, phone, code, own);
		same |= sodium_memcmp(own, hash, sizeof(own)) == 0;
	}
	return same;
}
