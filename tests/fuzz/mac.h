/*
 * mac.h: tokens as OpenSSL sees them: the second opinion about a signature.
 */
#ifndef ORDERMUX_FUZZ_MAC_H
#define ORDERMUX_FUZZ_MAC_H

#include "fuzz.h"

struct arena;

/* Whether the third part of a token is the HMAC-SHA256 of what stands in
 * front of it, by the key. */
bool	mac_is(struct arena *, const struct token_key *, const char *token);

/* A token of this header and these claims, signed with the key. */
char *	mac_sign(struct arena *, const struct token_key *, const char *header,
    size_t header_len, const char *claims, size_t claims_len);

/* A part of a token (0 = header, 1 = claims), decoded; NULL if it is not
 * there or not base64url. */
char *	mac_part(struct arena *, const char *token, int part, size_t *len);

#endif
