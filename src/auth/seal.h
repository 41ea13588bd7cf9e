/*
 * seal.h: secrets that the service keeps in databases: the hash of a login
 * code, and the payload of a message while it waits.
 *
 * The keys are derived from the token keys, each for one use, so that there is
 * one secret to keep and to rotate: the first key makes, all live keys are
 * tried when something is read.
 */
#ifndef ORDERMUX_SEAL_H
#define ORDERMUX_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/token.h"

#define SEAL_CODE_DIGITS 6
#define SEAL_HASH_BYTES	 32

struct arena;
struct seal_keys;

/* From the same keys as token_keys_new(). Freed by seal_keys_free(). */
struct seal_keys *seal_keys_new(const struct token_key *, size_t count);
void	seal_keys_free(struct seal_keys *);

/* A login code: SEAL_CODE_DIGITS digits, each equally likely, and a NUL. */
void	seal_make_code(char out[SEAL_CODE_DIGITS + 1]);

/* The keyed hash of a code for one number in one market. */
void	seal_hash_code(const struct seal_keys *, const char *market,
    const char *phone, const char *code,
    unsigned char out[SEAL_HASH_BYTES]);

/* Whether a hash is that of the code, by any live key; in constant time. */
bool	seal_code_is(const struct seal_keys *, const char *market,
    const char *phone, const char *code,
    const unsigned char hash[SEAL_HASH_BYTES]);

/* Encrypts n bytes (authenticated; crypto_secretbox with a random nonce in
 * front). In the arena; *sealed_len is the result's length. */
unsigned char *	seal_box(const struct seal_keys *, const void *, size_t n,
    struct arena *, size_t *sealed_len);

/* What was sealed, with a NUL behind it, in the arena; NULL if no live key
 * opens it. */
char *	seal_open(const struct seal_keys *, const unsigned char *, size_t n,
    struct arena *, size_t *len);

#endif
