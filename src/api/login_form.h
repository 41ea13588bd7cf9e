/*
 * login_form.h: the body of a login: a phone number, which decides the market,
 * and a code where the route takes one.
 */
#ifndef ORDERMUX_LOGIN_FORM_H
#define ORDERMUX_LOGIN_FORM_H

#include <stdbool.h>

struct form;
struct json_object;
struct market;
struct market_registry;

struct login_form {
	const struct market	*market;
	const char		*phone;		/* normalised, in the arena */
	const char		*code;		/* 4 to 8 digits, or NULL */
	const char		*language;	/* as sent, or NULL */
};

/*
 * Reads "phone" (or "phone_number"), and with_code "verification_code" (or
 * "code"), else "language", which may be missing. The number alone decides the
 * market. "said" is the market that the
 * client names by X-Market, or NULL: a mistake of the storefront if it is
 * another one, better told than followed. What is wrong is added to the form;
 * the result is then not to be used.
 */
void	login_form_read(struct form *, const struct market_registry *,
    struct json_object *body, bool with_code, const char *said,
    struct login_form *);

#endif
