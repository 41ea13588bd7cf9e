/*
 * derived_key.c: see derived_key.h.
 */
#include <sodium.h>
#include <string.h>

#include "auth/derived_key.h"
#include "auth/token.h"

/* It is the hash of the use's name and the secret. */
void
derived_key(unsigned char *out, size_t n, const char *use,
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
