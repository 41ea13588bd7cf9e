/*
 * request.c: a request with arbitrary parameters, through the whole
 * dispatcher: routes, token gate, phone gate, headers, CORS, answers.
 *
 * The input is a parameter a line, NAME=value, then an empty line and the
 * body. A line that begins with a blank goes on with the value of the one in
 * front of it, behind a newline: nginx decodes %0a in a path. The target packs
 * all that as nginx does.
 *
 * What must be so, besides what shop.h says of each answer: a handler gets the
 * connection of the market that the token names, which OpenSSL must agree is
 * ours, or of the phone number of a login; and no other.
 */
#include <fastcgi.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "mac.h"
#include "market/market.h"
#include "shop.h"

#define PARAMS_MAX 64

struct input {
	const char	*params[PARAMS_MAX];	/* NAME=value */
	size_t		 count;
	const char	*body;
	size_t		 body_len;
};

/* The value of the first parameter of this name; "" when there is none. */
static const char *
param(const struct input *in, const char *name)
{
	size_t	 n = strlen(name);

	for (size_t i = 0; i < in->count; i++)
		if (strncmp(in->params[i], name, n) == 0 &&
		    in->params[i][n] == '=')
			return in->params[i] + n + 1;
	return "";
}

static void
input_read(struct arena *arena, const uint8_t *data, size_t size,
    struct input *in)
{
	const char	*line;

	memset(in, 0, sizeof(*in));
	while (size > 0) {
		line = fuzz_part(arena, &data, &size, '\n', NULL);
		if (*line == '\0')
			break;
		if (*line == ' ' && in->count > 0)
			in->params[in->count - 1] = arena_printf(arena,
			    "%s\n%s", in->params[in->count - 1], line + 1);
		else if (in->count < PARAMS_MAX && strchr(line, '=') != NULL)
			in->params[in->count++] = line;
	}
	in->body = (const char *)data;
	in->body_len = size;
}

/* ---- as nginx sends it ---- */

static void
put_record(struct buf *b, int type, const char *bytes, size_t n)
{
	size_t	 part;

	do {
		part = n > 0xffff ? 0xffff : n;
		buf_putc(b, FCGI_VERSION_1);
		buf_putc(b, (char)type);
		buf_add(b, "\0\1", 2);		/* the request's id */
		buf_putc(b, (char)(part >> 8));
		buf_putc(b, (char)part);
		buf_add(b, "\0\0", 2);		/* no padding */
		buf_add(b, bytes, part);
		bytes += part;
		n -= part;
	} while (n > 0);
}

static void
put_length(struct buf *b, size_t n)
{
	if (n > 127) {
		buf_putc(b, (char)(n >> 24 | 0x80));
		buf_putc(b, (char)(n >> 16));
		buf_putc(b, (char)(n >> 8));
	}
	buf_putc(b, (char)n);
}

static void
put_request(struct arena *arena, const struct input *in, struct buf *b)
{
	struct buf	 params;
	size_t		 name, value;

	buf_init(&params, arena, 1024);
	for (size_t i = 0; i < in->count; i++) {
		name = strcspn(in->params[i], "=");
		value = strlen(in->params[i]) - name - 1;
		put_length(&params, name);
		put_length(&params, value);
		buf_add(&params, in->params[i], name);
		buf_add(&params, in->params[i] + name + 1, value);
	}
	put_record(b, FCGI_BEGIN_REQUEST, "\0\1\0\0\0\0\0", 8);
	if (params.len > 0)
		put_record(b, FCGI_PARAMS, params.data, params.len);
	put_record(b, FCGI_PARAMS, "", 0);
	if (in->body_len > 0)
		put_record(b, FCGI_STDIN, in->body, in->body_len);
	put_record(b, FCGI_STDIN, "", 0);
}

/* ---- the second opinion about the market ---- */

/* The market that the token names; NULL if it is no token of ours. */
static const struct market *
market_of_token(struct arena *arena, const struct input *in)
{
	const char		*token = param(in, "HTTP_AUTHORIZATION"), *text;
	struct json_object	*claims, *name;
	size_t			 n;

	if (strncasecmp(token, "Bearer ", 7) != 0)
		return NULL;
	token += 7 + strspn(token + 7, " ");
	if (strchr(token, '.') == NULL ||
	    (!mac_is(arena, &fuzz_keys[0], token) &&
	    !mac_is(arena, &fuzz_keys[1], token)))
		return NULL;
	text = mac_part(arena, token, 1, &n);
	MUST(text != NULL);
	claims = fuzz_json(arena, text, n);
	if (!json_object_object_get_ex(claims, "market", &name))
		return shop_markets()->default_market;
	return market_find(shop_markets(), json_object_get_string(name));
}

/* The market of the phone number in the body of a login. */
static const struct market *
market_of_phone(struct arena *arena, const struct input *in)
{
	char			 number[PHONE_MAX + 1];
	struct json_object	*body, *phone;

	MUST(strtoul(param(in, "CONTENT_LENGTH"), NULL, 10) == in->body_len);
	body = fuzz_json(arena, arena_strndup(arena, in->body, in->body_len),
	    in->body_len);
	if (!json_object_object_get_ex(body, "phone", &phone))
		MUST(json_object_object_get_ex(body, "phone_number", &phone));
	MUST(phone_normalise(shop_markets(),
	    json_object_get_string(phone), number));
	return phone_market(shop_markets(), number);
}

static bool
is_login(const char *path)
{
	return strncmp(path, "/api/v1/auth/send-", 18) == 0 ||
	    strncmp(path, "/api/v1/auth/verify-code", 24) == 0;
}

static void
check_market(struct arena *arena, const struct input *in,
    const struct shop_answer *a)
{
	if (a->market == NULL)
		return;
	MUST(a->status == 503);
	MUST(a->market == (is_login(param(in, "DOCUMENT_URI")) ?
	    market_of_phone(arena, in) : market_of_token(arena, in)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena		*arena = fuzz_arena();
	struct input		 in;
	struct buf		 b;
	struct shop_answer	 answer;

	input_read(arena, data, size, &in);
	buf_init(&b, arena, 4096);
	put_request(arena, &in, &b);
	MUST(shop_serve(arena, b.data, b.len, false, &answer));
	check_market(arena, &in, &answer);
	return 0;
}
