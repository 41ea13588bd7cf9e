/*
 * login_form.c: what a login's body must be (see login_form.h).
 */
#include <ctype.h>
#include <json-c/json.h>
#include <string.h>

#include "api/login_form.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/text.h"
#include "http/form.h"
#include "market/market.h"

#define CODE_DIGITS_MIN 4
#define CODE_DIGITS_MAX 8

/* "Phone number must be in format +996XXXXXXXXX (KG) or +1XXXXXXXXXX (US)": of
 * the markets that are not shut. */
static const char *
phone_formats(const struct market_registry *r, struct arena *arena)
{
	struct buf	 b;
	size_t		 last = 0;
	bool		 first = true;

	buf_init(&b, arena, 128);
	buf_puts(&b, "Phone number must be in format ");
	for (size_t i = 0; i < r->count; i++)
		last = r->markets[i].shut ? last : i;
	for (size_t i = 0; i < r->count; i++) {
		const struct market	*m = &r->markets[i];

		if (m->shut)
			continue;
		if (!first)
			buf_puts(&b, i < last ? ", " : " or ");
		first = false;
		buf_puts(&b, m->phone.example);
		buf_puts(&b, " (");
		for (const char *p = m->name; *p != '\0'; p++)
			buf_putc(&b, (char)toupper((unsigned char)*p));
		buf_putc(&b, ')');
	}
	return buf_text(&b);
}

/* The text of a member that has two names; *name is the one that the body
 * uses. NULL, and a failure, if it is missing or no text. */
static const char *
read_login_text(struct form *f, struct json_object *body, const char **name,
    const char *alias)
{
	const struct form_loc	*loc;
	struct json_object	*value;

	if (!json_object_object_get_ex(body, *name, &value) &&
	    json_object_object_get_ex(body, alias, &value))
		*name = alias;
	loc = FORM_IN(FORM_BODY, *name);
	if (!json_object_object_get_ex(body, *name, &value)) {
		form_fail(f, loc, "Field required", "missing");
		return NULL;
	}
	if (!json_object_is_type(value, json_type_string)) {
		form_fail(f, loc, "Input should be a valid string",
		    "string_type");
		return NULL;
	}
	return json_object_get_string(value);
}

/* The number, and the market that it decides. */
static void
read_login_phone(struct form *f, const struct market_registry *r,
    struct json_object *body, struct login_form *out)
{
	const char	*name = "phone";
	const char	*text = read_login_text(f, body, &name,
	    "phone_number");
	char		*phone = arena_alloc(f->arena, PHONE_MAX + 1);

	if (text == NULL)
		return;
	if (!phone_normalise(r, text, phone) ||
	    !phone_valid(phone_market(r, phone), phone)) {
		form_fail(f, FORM_IN(FORM_BODY, name),
		    phone_formats(r, f->arena), "value_error");
		return;
	}
	out->market = phone_market(r, phone);
	out->phone = phone;
}

/* Takes the digits of a code, of which there are at most CODE_DIGITS_MAX,
 * without white space and what nobody sees. Returns how many; 0 if there is
 * anything else. */
static size_t
take_code(const char *text, char *code)
{
	size_t		 n = strlen(text), count = 0, len;
	enum text_class	 class;
	int32_t		 digit;

	for (; n > 0; text += len, n -= len) {
		len = text_next(text, n, &class, &digit);
		if (class == TEXT_SPACE || class == TEXT_BREAK ||
		    class >= TEXT_TURN)
			continue;
		if (digit < '0' || digit > '9' || count == CODE_DIGITS_MAX)
			return 0;
		code[count++] = (char)digit;
	}
	return count;
}

static void
read_login_code(struct form *f, struct json_object *body,
    struct login_form *out)
{
	const char	*name = "verification_code";
	const char	*text = read_login_text(f, body, &name, "code");
	char		 code[CODE_DIGITS_MAX + 1];
	size_t		 n;

	if (text == NULL)
		return;
	n = take_code(text, code);
	if (n < CODE_DIGITS_MIN || n > CODE_DIGITS_MAX)
		form_fail(f, FORM_IN(FORM_BODY, name),
		    "Verification code must be 4 to 8 digits", "value_error");
	else
		out->code = arena_strndup(f->arena, code, n);
}

/* The language that the client wants, if it says so. */
static void
read_login_language(struct form *f, struct json_object *body,
    struct login_form *out)
{
	struct json_object	*value;

	if (!json_object_object_get_ex(body, "language", &value) ||
	    value == NULL)
		return;
	if (json_object_is_type(value, json_type_string))
		out->language = json_object_get_string(value);
	else
		form_fail(f, FORM_IN(FORM_BODY, "language"),
		    "Input should be a valid string", "string_type");
}

void
login_form_read(struct form *f, const struct market_registry *r,
    struct json_object *body, bool with_code, const char *said,
    struct login_form *out)
{
	memset(out, 0, sizeof(*out));
	if (form_object(f, FORM_BODY, body)) {
		read_login_phone(f, r, body, out);
		if (with_code)
			read_login_code(f, body, out);
		else
			read_login_language(f, body, out);
	}
	if (out->market != NULL && said != NULL &&
	    !str_equal_nocase(said, out->market->name))
		form_fail(f, FORM_IN(FORM_HEADER, "X-Market"),
		    "X-Market does not match the phone number", "value_error");
}
