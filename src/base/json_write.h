/*
 * json_write.h: JSON out, straight into a buffer. Commas are put by the
 * writer; nesting is the caller's to get right. Strings must be valid UTF-8
 * (what the database gives is: the connection is utf8mb4); quotes, backslashes
 * and control characters are escaped.
 */
#ifndef ORDERMUX_JSON_WRITE_H
#define ORDERMUX_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct json_out {
	struct buf	*buf;
	bool		 comma;		/* one is due before the next value */
};

void	jw_begin(struct json_out *, char bracket);	/* '{' or '[' */
void	jw_end(struct json_out *, char bracket);	/* '}' or ']' */
/* The name must need no escaping: names are ours. */
void	jw_name(struct json_out *, const char *name);

/* Values: in an array, or behind a name. */
void	jw_string(struct json_out *, const char *, size_t);
void	jw_text(struct json_out *, const char *);	/* NULL = null */
void	jw_int(struct json_out *, int64_t);
void	jw_uint(struct json_out *, uint64_t);
void	jw_bool(struct json_out *, bool);
void	jw_null(struct json_out *);
/* Exact decimal number of an amount of minor units: 2499, 2 -> 24.99. */
void	jw_money(struct json_out *, int64_t minor, unsigned digits);
/* The shortest number for units of 10^-digits: 80000, 6 -> 0.08. */
void	jw_decimal(struct json_out *, int64_t units, unsigned digits);
/* Bytes that are JSON already. */
void	jw_raw(struct json_out *, const char *, size_t);

/* name + value in one call. */
void	jw_put_text(struct json_out *, const char *name, const char *);
void	jw_put_int(struct json_out *, const char *name, int64_t);
void	jw_put_uint(struct json_out *, const char *name, uint64_t);
void	jw_put_bool(struct json_out *, const char *name, bool);
void	jw_put_money(struct json_out *, const char *name, int64_t minor,
    unsigned digits);

#endif
