/*
 * json_write.c: JSON out (see json_write.h). The list of orders spends most
 * of its time here, so strings are copied in runs between what needs escaping.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "base/money.h"

/* The comma before a value or a name, if one is due; the next one then is. */
static void
separate(struct json_out *j)
{
	if (j->comma)
		buf_putc(j->buf, ',');
	j->comma = true;
}

void
jw_begin(struct json_out *j, char bracket)
{
	separate(j);
	buf_putc(j->buf, bracket);
	j->comma = false;
}

void
jw_end(struct json_out *j, char bracket)
{
	buf_putc(j->buf, bracket);
	j->comma = true;
}

void
jw_name(struct json_out *j, const char *name)
{
	size_t	 n = strlen(name);
	char	*p;

	separate(j);
	p = buf_reserve(j->buf, n + 3);
	p[0] = '"';
	memcpy(p + 1, name, n);
	p[n + 1] = '"';
	p[n + 2] = ':';
	j->buf->len += n + 3;
	j->comma = false;
}

/* Writes the escape of a byte that cannot stand in a string as it is. */
static void
escape(struct buf *b, unsigned char c)
{
	static const char	 plain[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char			 hex[7];

	for (const char *p = plain; *p != '\0'; p += 2) {
		if ((unsigned char)*p == c) {
			buf_putc(b, '\\');
			buf_putc(b, p[1]);
			return;
		}
	}
	snprintf(hex, sizeof(hex), "\\u%04x", c);
	buf_puts(b, hex);
}

void
jw_string(struct json_out *j, const char *s, size_t n)
{
	size_t	 run = 0;

	separate(j);
	buf_reserve(j->buf, n + 2);
	buf_putc(j->buf, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char	 c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		buf_add(j->buf, s + run, i - run);
		escape(j->buf, c);
		run = i + 1;
	}
	buf_add(j->buf, s + run, n - run);
	buf_putc(j->buf, '"');
}

void
jw_text(struct json_out *j, const char *s)
{
	if (s == NULL)
		jw_null(j);
	else
		jw_string(j, s, strlen(s));
}

void
jw_int(struct json_out *j, int64_t n)
{
	separate(j);
	buf_put_int(j->buf, n);
}

void
jw_uint(struct json_out *j, uint64_t n)
{
	separate(j);
	buf_put_uint(j->buf, n);
}

void
jw_bool(struct json_out *j, bool b)
{
	separate(j);
	buf_puts(j->buf, b ? "true" : "false");
}

void
jw_null(struct json_out *j)
{
	separate(j);
	buf_puts(j->buf, "null");
}

void
jw_money(struct json_out *j, int64_t minor, unsigned digits)
{
	char	 text[MONEY_TEXT_MAX];
	size_t	 n = money_format(minor, digits, text);

	separate(j);
	buf_add(j->buf, text, n);
}

void
jw_decimal(struct json_out *j, int64_t units, unsigned digits)
{
	char	 text[32];
	int64_t	 one = 1;
	int	 n;

	for (unsigned i = 0; i < digits; i++)
		one *= 10;
	n = snprintf(text, sizeof(text), "%s%lld.%0*lld",
	    units < 0 ? "-" : "", llabs(units / one), (int)digits,
	    llabs(units % one));
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	separate(j);
	buf_add(j->buf, text, (size_t)n);
}

void
jw_raw(struct json_out *j, const char *s, size_t n)
{
	separate(j);
	buf_add(j->buf, s, n);
}

void
jw_put_text(struct json_out *j, const char *name, const char *s)
{
	jw_name(j, name);
	jw_text(j, s);
}

void
jw_put_int(struct json_out *j, const char *name, int64_t n)
{
	jw_name(j, name);
	jw_int(j, n);
}

void
jw_put_uint(struct json_out *j, const char *name, uint64_t n)
{
	jw_name(j, name);
	jw_uint(j, n);
}

void
jw_put_bool(struct json_out *j, const char *name, bool b)
{
	jw_name(j, name);
	jw_bool(j, b);
}

void
jw_put_money(struct json_out *j, const char *name, int64_t minor,
    unsigned digits)
{
	jw_name(j, name);
	jw_money(j, minor, digits);
}
