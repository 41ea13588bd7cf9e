/*
 * str.h: small functions over text. Text is UTF-8 with a length; it may hold
 * no NUL. No locale is used but where it is said.
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

/* Moves *p and *n to what is left without white space (Unicode's White_Space)
 * at both ends. */
void	str_trim(const char **p, size_t *n);

/* Decimal digits with an optional '-', nothing else, whole string.
 * False on anything else and on overflow; *out is then as before. */
bool	str_to_int64(const char *, int64_t *out);

bool	str_equal_nocase(const char *, const char *);	/* ASCII */

/* Lower case by Unicode's simple mapping (the C.UTF-8 locale), for comparing
 * names of cities. Writes at most cap bytes with the NUL; false if the text
 * is not valid UTF-8 or does not fit. */
bool	str_fold(const char *, char *out, size_t cap);

/* Whom an address stands for where clients are counted: of IPv6 its /64, as a
 * customer has a whole one ("2001:db8:0:1::/64"); IPv4, also within IPv6
 * (::ffff:192.0.2.1), is itself; so is what is no address. The result is in buf
 * or the text itself. */
const char *	str_client(const char *address, char buf[STR_CLIENT_MAX]);

#endif
