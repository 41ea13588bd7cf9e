/*
 * login.c: POST /auth/send-code and POST /auth/verify-code. The dispatcher has
 * chosen the market by the phone number before.
 *
 * No answer tells whether a number is a customer's: a code is sent to any
 * number of the market, and who logs in first becomes one.
 */
#include <string.h>

#include "api/api.h"
#include "auth/login_code.h"
#include "auth/secretbox.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/outbox_signal.h"
#include "base/str.h"
#include "http/language.h"
#include "market/market.h"
#include "store/login_store.h"

#define MINUTE_MS 60000

/* ---- sending ---- */

/* What the courier makes the SMS of, sealed. */
static void
seal_message(const struct login *l, const char *code, const char *language,
    struct outbox_message *m)
{
	struct buf	 b;
	struct json_out	 j = { .buf = &b };

	buf_init(&b, l->arena, 128);
	jw_begin(&j, '{');
	jw_put_text(&j, "to", l->phone);
	jw_put_text(&j, "template", "login_code");
	jw_put_text(&j, "language", language);
	jw_name(&j, "values");
	jw_begin(&j, '{');
	jw_put_text(&j, "code", code);
	jw_put_text(&j, "minutes", arena_printf(l->arena, "%u",
	    l->market->login.code_lifetime / MINUTE_MS));
	jw_end(&j, '}');
	jw_end(&j, '}');
	m->kind = OUTBOX_KIND_SMS;
	m->payload = secretbox_seal(l->message_keys, b.data, b.len, l->arena,
	    &m->payload_len);
}

/* A new code, its hash and its message in this language. */
static void
make_code(const struct login *l, const char *language, struct login_code *c)
{
	const struct market_login	*rules = &l->market->login;
	char				 code[LOGIN_CODE_DIGITS + 1];

	memset(c, 0, sizeof(*c));
	c->phone = l->phone;
	c->address = str_client(l->client,
	    arena_alloc(l->arena, STR_CLIENT_MAX));
	c->lifetime = (int64_t)rules->code_lifetime * 1000;
	c->per_phone = rules->per_phone;
	c->per_address = rules->per_address;
	c->per_day = rules->per_day;
	login_code_make(code);
	login_code_hash(l->code_keys, l->market->name, l->phone, code,
	    c->hash);
	c->language = l->language;
	seal_message(l, code, language, &c->message);
	c->message.expires_at = clock_us() + c->lifetime;
}

/* The language of the SMS: the one that was asked for, or that the customer
 * asked for at an earlier login, or the market's. */
static enum db_result
choose_language(const struct login *l, const char **language)
{
	enum db_result	 result = DB_OK;

	*language = l->language;
	if (*language == NULL && l->market->languages[1] != NULL) {
		result = login_store_language(l->db, l->arena, l->phone,
		    language);
		*language = language_pick(l->market->languages, *language);
	}
	if (*language == NULL)
		*language = l->market->language;
	return result;
}

/* Says the language that was asked for, and not the one of an earlier login:
 * nobody must learn from it whether the number is a customer's. */
static void
answer_sent(const struct login *l, struct json_out *j)
{
	char	 display[64];

	phone_display(l->market, l->phone, display);
	jw_begin(j, '{');
	jw_put_bool(j, "success", true);
	jw_put_text(j, "message", "Verification code sent successfully");
	jw_put_text(j, "phone_number", display);
	jw_put_text(j, "market", l->market->name);
	jw_put_text(j, "language", l->language != NULL ? l->language :
	    l->market->language);
	jw_put_uint(j, "expires_in_minutes",
	    l->market->login.code_lifetime / MINUTE_MS);
	jw_end(j, '}');
}

void
login_send(struct login *l, struct request *req, struct response *res)
{
	struct login_code	 code;
	enum db_result		 result;
	unsigned		 retry_after = 1;
	const char		*language;

	(void)req;
	result = choose_language(l, &language);
	if (result == DB_OK) {
		make_code(l, language, &code);
		result = login_store_send(l->db, &code, &retry_after);
	}
	if (result == DB_REFUSED) {
		response_header(res, "Retry-After",
		    arena_printf(l->arena, "%u", retry_after));
		response_error(res, ERROR_TOO_MANY_CODES, NULL);
	} else if (result != DB_OK)
		api_db_error(res, result);
	else {
		outbox_signal_raise(l->market->index);
		answer_sent(l, &res->json);
	}
}

/* ---- verifying ---- */

static bool
code_matches(const unsigned char *hash, void *arg)
{
	const struct login	*l = arg;

	return login_code_is(l->code_keys, l->market->name, l->phone,
	    l->code, hash);
}

static void
put_user(const struct login *l, struct json_out *j, const struct user *u)
{
	jw_name(j, "user");
	jw_begin(j, '{');
	jw_put_text(j, "id", arena_printf(l->arena, "%lld",
	    (long long)u->id));
	jw_put_text(j, "name", u->full_name);
	jw_put_text(j, "full_name", u->full_name);
	jw_put_text(j, "phone", u->phone);
	jw_put_text(j, "email", u->email);
	jw_put_bool(j, "is_active", u->is_active);
	jw_put_bool(j, "is_verified", u->is_verified);
	jw_put_text(j, "market", l->market->name);
	jw_end(j, '}');
}

/* Answers a right code with a token. */
static void
answer_token(struct login *l, struct response *res,
    const struct login_result *r)
{
	struct json_out	*j = &res->json;
	const char	*token = token_issue(l->token_keys,
	    (uint64_t)r->user.id, l->market->name, r->at,
	    r->issued_at, l->token_lifetime, l->arena);

	if (token == NULL) {
		log_error("a token could not be signed");
		response_error(res, ERROR_INTERNAL, NULL);
		return;
	}
	api_log_authenticated(l->arena, l->market, r->user.id,
	    r->is_new ? "first code" : "code");
	jw_begin(j, '{');
	jw_put_bool(j, "success", true);
	jw_put_text(j, "message", "Phone number verified successfully");
	jw_put_text(j, "access_token", token);
	jw_put_text(j, "token_type", "bearer");
	jw_put_uint(j, "expires_in", l->token_lifetime);
	put_user(l, j, &r->user);
	jw_put_text(j, "market", l->market->name);
	jw_put_bool(j, "is_new_user", r->is_new);
	jw_end(j, '}');
}

/* What a login that is refused is to a client. */
static const enum http_error login_errors[LOGIN_OUTCOME__MAX] = {
	[LOGIN_WRONG_CODE] = ERROR_WRONG_CODE,
	[LOGIN_DISABLED] = ERROR_DISABLED
};

void
login_verify(struct login *l, struct request *req, struct response *res)
{
	struct login_attempt	 attempt = { .phone = l->phone,
	    .matches = code_matches, .arg = l };
	struct login_result	 r;
	enum db_result		 result;

	(void)req;
	result = login_store_verify(l->db, l->arena, &attempt, &r);
	if (result != DB_OK) {
		api_db_error(res, result);
		return;
	}
	if (r.outcome == LOGIN_DONE)
		answer_token(l, res, &r);
	else
		response_error(res, login_errors[r.outcome], NULL);
}
