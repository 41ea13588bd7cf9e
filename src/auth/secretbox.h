/*
 * secretbox.h: the payload of a message while it waits in a database:
 * encrypted and authenticated (crypto_secretbox).
 *
 * The keys are derived from the token keys: the first one seals, all live ones
 * are tried to open.
 */
#ifndef ORDERMUX_SECRETBOX_H
#define ORDERMUX_SECRETBOX_H

#include <stddef.h>

struct arena;
struct secretbox_keys;
struct token_key;

/* From the same keys as token_keys_new(). Freed by secretbox_keys_free(). */
struct secretbox_keys *secretbox_keys_new(const struct token_key *,
    size_t count);
void	secretbox_keys_free(struct secretbox_keys *);

/* Encrypts n bytes, with a random nonce in front. In the arena; *sealed_len is
 * the result's length. */
unsigned char *	secretbox_seal(const struct secretbox_keys *, const void *,
    size_t n, struct arena *, size_t *sealed_len);

/* What was sealed, with a NUL after it, in the arena; NULL if no live key
 * opens it. */
char *	secretbox_open(const struct secretbox_keys *, const unsigned char *,
    size_t n, struct arena *, size_t *len);

#endif
