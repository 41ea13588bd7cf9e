/*
 * str.h: small functions over text. Text is UTF-8 with a length; it may hold
 * no NUL. What people type is for text.h.
 */
#ifndef ORDERMUX_STR_H
#define ORDERMUX_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STR_CLIENT_MAX 64	/* bytes, with the NUL */

/* Valid UTF-8 by RFC 3629: no overlong form, no surrogate, at most U+10FFFF. */
bool	str_utf8_valid(const char *, size_t);

/* Code points in valid UTF-8. */
size_t	str_utf8_count(const char *, size_t);

/* Decimal digits with an optional '-', nothing else, whole string.
 * False on anything else and on overflow; *out is then as before. */
bool	str_to_int64(const char *, int64_t *out);

bool	str_equal_nocase(const char *, const char *);	/* ASCII */

/* Whom an address stands for where clients are counted: of IPv6 its /64, as a
 * customer has a whole one ("2001:db8:0:1::/64"); IPv4, also within IPv6
 * (::ffff:192.0.2.1), is itself; so is what is no address. The result is in buf
 * or the text itself. */
const char *	str_client(const char *address, char buf[STR_CLIENT_MAX]);

#endif
