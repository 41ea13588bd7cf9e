/*
 * derived_key.h: keys for one use each, derived from a token key, so that there
 * is one secret to keep and to rotate.
 */
#ifndef ORDERMUX_DERIVED_KEY_H
#define ORDERMUX_DERIVED_KEY_H

#include <stddef.h>

struct token_key;

/* Fills n bytes (16 to 64) with the key for the use of this name. */
void	derived_key(unsigned char *out, size_t n, const char *use,
    const struct token_key *);

#endif
