/*
 * str.c: small functions over text (see str.h).
 */
#include <arpa/inet.h>
#include <locale.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/str.h"

bool
str_utf8_valid(const char *s, size_t n)
{
	utf8proc_int32_t	 cp;
	utf8proc_ssize_t	 len;

	for (; n > 0; s += len, n -= (size_t)len) {
		len = (unsigned char)*s < 0x80 ? 1 : utf8proc_iterate(
		    (const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &cp);
		if (len < 1)
			return false;
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
