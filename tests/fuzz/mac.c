/*
 * mac.c: see mac.h.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/arena.h"
#include "mac.h"

#define MAC_BYTES 32

static void
mac_make(const struct token_key *key, const char *text, size_t n,
    unsigned char out[EVP_MAX_MD_SIZE])
{
	unsigned	 len = 0;

	MUST(HMAC(EVP_sha256(), key->bytes, (int)key->len,
	    (const unsigned char *)text, n, out, &len) != NULL);
	MUST(len == MAC_BYTES);
}

/* base64url without padding (RFC 7515, appendix C). */
static char *
encode(struct arena *arena, const void *bytes, size_t n)
{
	char	*text = arena_alloc(arena, n / 3 * 4 + 8), *p;

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	text[strcspn(text, "=")] = '\0';
	for (p = text; *p != '\0'; p++)
		*p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p);
	return text;
}

char *
mac_part(struct arena *arena, const char *token, int part, size_t *len)
{
	char	*text, *out;
	size_t	 n, padded;
	int	 got;

	for (; part > 0; part--)
		if ((token = strchr(token, '.')) == NULL)
			return NULL;
		else
			token++;
	n = strcspn(token, ".");
	padded = (n + 3) / 4 * 4;
	text = arena_printf(arena, "%.*s===", (int)n, token);
	text[padded] = '\0';
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(text[i] == '-' ? '+' :
		    text[i] == '_' ? '/' : text[i]);
	out = arena_alloc(arena, padded + 1);
	got = EVP_DecodeBlock((unsigned char *)out, (unsigned char *)text,
	    (int)padded);
	if (got < 0)
		return NULL;
	*len = (size_t)got - (padded - n);
	out[*len] = '\0';
	return out;
}

bool
mac_is(struct arena *arena, const struct token_key *key, const char *token)
{
	const char	*last = strrchr(token, '.');
	unsigned char	 mac[EVP_MAX_MD_SIZE];

	MUST(last != NULL);
	mac_make(key, token, (size_t)(last - token), mac);
	return strcmp(last + 1, encode(arena, mac, MAC_BYTES)) == 0;
}

char *
mac_sign(struct arena *arena, const struct token_key *key, const char *header,
    size_t header_len, const char *claims, size_t claims_len)
{
	unsigned char	 mac[EVP_MAX_MD_SIZE];
	char		*text;

	text = arena_printf(arena, "%s.%s",
	    encode(arena, header, header_len),
	    encode(arena, claims, claims_len));
	mac_make(key, text, strlen(text), mac);
	return arena_printf(arena, "%s.%s", text,
	    encode(arena, mac, MAC_BYTES));
}
