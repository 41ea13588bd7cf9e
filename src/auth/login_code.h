/*
 * login_code.h: the codes by which customers log in, and their keyed hashes,
 * which are all that a database keeps of them.
 *
 * The keys are derived from the token keys: the first one makes a hash, all
 * live ones are tried when a code is compared with a hash.
 */
#ifndef ORDERMUX_LOGIN_CODE_H
#define ORDERMUX_LOGIN_CODE_H

#include <stdbool.h>
#include <stddef.h>

#define LOGIN_CODE_DIGITS 6
#define LOGIN_CODE_HASH_BYTES 32

struct login_code_keys;
struct token_key;

/* From the same keys as token_keys_new(). Freed by login_code_keys_free(). */
struct login_code_keys *login_code_keys_new(const struct token_key *,
    size_t count);
void	login_code_keys_free(struct login_code_keys *);

/* LOGIN_CODE_DIGITS digits, each equally likely, and a NUL. */
void	login_code_make(char out[LOGIN_CODE_DIGITS + 1]);

/* The keyed hash of a code for one number in one market. */
void	login_code_hash(const struct login_code_keys *, const char *market,
    const char *phone, const char *code,
    unsigned char out[LOGIN_CODE_HASH_BYTES]);

/* Whether a hash is that of the code, by any live key; in constant time. */
bool	login_code_is(const struct login_code_keys *, const char *market,
    const char *phone, const char *code,
    const unsigned char hash[LOGIN_CODE_HASH_BYTES]);

#endif
