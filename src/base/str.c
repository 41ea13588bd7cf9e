/*
 * str.c: small functions over text (see str.h).
 */
#include <arpa/inet.h>
#include <locale.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>

#include "base/log.h"
#include "base/str.h"

/* Decodes one code point at s, where n >= 1 bytes are left. Returns its
 * length, 0 if it is not valid UTF-8. */
static size_t
utf8_decode(const unsigned char *s, size_t n, uint32_t *cp)
{
	static const uint32_t	 smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t			 len, i;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	*cp = s[0] & (0xffU >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < smallest[len] || *cp > 0x10ffff ||
	    (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return len;
}

/* Writes a code point; returns its length, at most 4. */
static size_t
utf8_encode(uint32_t cp, char *out)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool
str_utf8_valid(const char *s, size_t n)
{
	const unsigned char	*p = (const unsigned char *)s;
	uint32_t		 cp;
	size_t			 len;

	while (n > 0) {
		if ((len = utf8_decode(p, n, &cp)) == 0)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

size_t
str_utf8_count(const char *s, size_t n)
{
	size_t	 count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

/* Unicode's White_Space property. */
static bool
is_space(uint32_t cp)
{
	return (cp >= 9 && cp <= 13) || cp == ' ' || cp == 0x85 ||
	    cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
	    cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
	    cp == 0x3000;
}

void
str_trim(const char **s, size_t *n)
{
	const unsigned char	*p = (const unsigned char *)*s;
	size_t			 len, end = 0, left = *n, start;
	uint32_t		 cp;
	bool			 leading = true;

	for (start = 0; left > 0; left -= len, p += len) {
		if ((len = utf8_decode(p, left, &cp)) == 0)
			len = 1, cp = 0;	/* not ours to judge: text */
		if (!is_space(cp)) {
			leading = false;
			end = *n - left + len;
		} else if (leading)
			start += len;
	}
	*s += start;
	*n = end > start ? end - start : 0;
}

bool
str_to_int64(const char *s, int64_t *out)
{
	bool	 negative = *s == '-';
	int64_t	 value = 0;

	if (negative)
		s++;
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, *s - '0', &value))
			return false;
	}
	/* Counted downwards, where there is room for one more. */
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return false;
	*out = value;
	return true;
}

bool
str_equal_nocase(const char *a, const char *b)
{
	static locale_t	 c;

	if (c == 0)
		c = newlocale(LC_ALL_MASK, "C", 0);
	return strcasecmp_l(a, b, c) == 0;
}

/* The lower case of a code point. */
static uint32_t
fold_letter(uint32_t cp)
{
	static locale_t	 utf8;

	if (utf8 == 0 && (utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", 0)) == 0)
		fatal("the C.UTF-8 locale is missing (package libc-bin)");
	return (uint32_t)towlower_l((wint_t)cp, utf8);
}

bool
str_fold(const char *s, char *out, size_t cap)
{
	const unsigned char	*p = (const unsigned char *)s;
	size_t			 n = strlen(s), len;
	uint32_t		 cp;
	char			 one[4];

	while (n > 0) {
		if ((len = utf8_decode(p, n, &cp)) == 0)
			return false;
		p += len;
		n -= len;
		len = utf8_encode(fold_letter(cp), one);
		if (cap <= len)
			return false;
		memcpy(out, one, len);
		out += len;
		cap -= len;
	}
	if (cap < 1)
		return false;
	*out = '\0';
	return true;
}

const char *
str_client(const char *address, char buf[STR_CLIENT_MAX])
{
	char			 net[INET6_ADDRSTRLEN];
	struct in6_addr		 a;

	if (inet_pton(AF_INET6, address, &a) != 1)
		return address;
	if (IN6_IS_ADDR_V4MAPPED(&a)) {
		inet_ntop(AF_INET, &a.s6_addr[12], buf, STR_CLIENT_MAX);
		return buf;
	}
	memset(&a.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &a, net, sizeof(net));
	snprintf(buf, STR_CLIENT_MAX, "%s/64", net);
	return buf;
}
