/*
 * login.c: POST /auth/send-code and POST /auth/verify-code. The dispatcher has
 * chosen the market by the phone number before.
 *
 * No answer tells whether a number is a customer's: a code is sent to any
 * number of the market, and who logs in first becomes one.
 */
#include <json-c/json.h>
#include <string.h>

#include "api/api.h"
#include "auth/seal.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/outbox_signal.h"
#include "http/form.h"
#include "market/market.h"
#include "store/login_store.h"

#define MINUTE_MS 60000

/* ---- sending ---- */

/* What the courier makes the SMS of, sealed. */
static void
seal_message(const struct session *s, const char *code,
    struct outbox_message *m)
{
	struct buf	 b;
	struct json_out	 j = { .buf = &b };

	buf_init(&b, s->arena, 128);
	jw_begin(&j, '{');
	jw_put_text(&j, "to", s->phone);
	jw_put_text(&j, "template", "login_code");
	jw_name(&j, "values");
	jw_begin(&j, '{');
	jw_put_text(&j, "code", code);
	jw_put_text(&j, "minutes", arena_printf(s->arena, "%u",
	    s->market->login.code_lifetime / MINUTE_MS));
	jw_end(&j, '}');
	jw_end(&j, '}');
	m->kind = OUTBOX_KIND_SMS;
	m->payload = seal_box(s->seal, b.data, b.len, s->arena,
	    &m->payload_len);
}

/* A new code, its hash and its message. */
static void
make_code(const struct session *s, struct login_code *c)
{
	const struct market_login	*rules = &s->market->login;
	char				 code[SEAL_CODE_DIGITS + 1];

	memset(c, 0, sizeof(*c));
	c->phone = s->phone;
	c->address = str_client(s->client,
	    arena_alloc(s->arena, STR_CLIENT_MAX));
	c->lifetime = (int64_t)rules->code_lifetime * 1000;
	c->per_phone = rules->per_phone;
	c->per_address = rules->per_address;
	c->per_day = rules->per_day;
	seal_make_code(code);
	seal_hash_code(s->seal, s->market->name, s->phone, code, c->hash);
	seal_message(s, code, &c->message);
	c->message.expires_at = clock_us() + c->lifetime;
}

static void
answer_sent(const struct session *s, struct json_out *j)
{
	char	 display[64];

	phone_display(s->market, s->phone, display);
	jw_begin(j, '{');
	jw_put_bool(j, "success", true);
	jw_put_text(j, "message", "Verification code sent successfully");
	jw_put_text(j, "phone_number", display);
	jw_put_text(j, "market", s->market->name);
	jw_put_text(j, "language", s->market->language);
	jw_put_uint(j, "expires_in_minutes",
	    s->market->login.code_lifetime / MINUTE_MS);
	jw_end(j, '}');
}

void
login_send(struct session *s, struct request *req, struct response *res,
    struct json_object *body)
{
	struct login_code	 code;
	enum db_result		 result;
	unsigned		 retry_after;

	(void)req;
	(void)body;
	make_code(s, &code);
	result = login_store_send(s->db, &code, &retry_after);
	if (result == DB_REFUSED) {
		log_notice("login codes limited", log_str("client", s->client),
		    log_uint("retry_after", retry_after));
		response_header(res, "Retry-After",
		    arena_printf(s->arena, "%u", retry_after));
		response_error(res, ERROR_TOO_MANY_CODES, NULL);
	} else if (result != DB_OK)
		api_db_error(res, result);
	else {
		outbox_signal_raise(s->market->index);
		answer_sent(s, &res->json);
	}
}

/* ---- verifying ---- */

#define CODE_DIGITS_MIN 4
#define CODE_DIGITS_MAX 8

/* The code of a body under either of its names; the name in *name. */
static struct json_object *
find_code(struct json_object *body, const char **name)
{
	struct json_object	*value = NULL;

	*name = "verification_code";
	if (!json_object_object_get_ex(body, *name, &value) &&
	    json_object_object_get_ex(body, "code", &value))
		*name = "code";
	return value;
}

void
login_check_code(struct form *f, struct json_object *body)
{
	const char		*name, *text;
	struct json_object	*value = find_code(body, &name);
	const struct form_loc	*loc = FORM_IN(FORM_BODY, name);
	struct json_object	*unused;
	size_t			 n;

	if (!json_object_object_get_ex(body, name, &unused)) {
		form_fail(f, loc, "Field required", "missing");
		return;
	}
	if (!json_object_is_type(value, json_type_string)) {
		form_fail(f, loc, "Input should be a valid string",
		    "string_type");
		return;
	}
	text = json_object_get_string(value);
	n = strlen(text);
	if (strspn(text, "0123456789") != n || n < CODE_DIGITS_MIN ||
	    n > CODE_DIGITS_MAX)
		form_fail(f, loc, "Verification code must be 4 to 8 digits",
		    "value_error");
}

/* What a hash is compared with. */
struct entered {
	const struct session	*session;
	const char		*code;
};

static bool
code_matches(const unsigned char *hash, void *arg)
{
	const struct entered	*e = arg;

	return seal_code_is(e->session->seal, e->session->market->name,
	    e->session->phone, e->code, hash);
}

static void
put_user(const struct session *s, struct json_out *j, const struct user *u)
{
	jw_name(j, "user");
	jw_begin(j, '{');
	jw_put_text(j, "id", arena_printf(s->arena, "%lld",
	    (long long)u->id));
	jw_put_text(j, "name", u->full_name);
	jw_put_text(j, "full_name", u->full_name);
	jw_put_text(j, "phone", u->phone);
	jw_put_text(j, "email", u->email);
	jw_put_bool(j, "is_active", u->is_active);
	jw_put_bool(j, "is_verified", u->is_verified);
	jw_put_text(j, "market", s->market->name);
	jw_end(j, '}');
}

/* Answers a right code with a token. */
static void
answer_token(struct session *s, struct response *res,
    const struct login_result *r)
{
	struct json_out	*j = &res->json;
	const char	*token = token_issue(s->keys, (uint64_t)r->user.id,
	    s->market->name, r->at, s->token_lifetime, s->arena);

	if (token == NULL) {
		log_error("a token could not be signed");
		response_error(res, ERROR_INTERNAL, NULL);
		return;
	}
	log_info(arena_printf(s->arena,
	    "User authenticated successfully: ID=%lld, Market=%s",
	    (long long)r->user.id, s->market->name),
	    log_str("by", "code"), log_str("new", r->is_new ? "yes" : "no"));
	jw_begin(j, '{');
	jw_put_bool(j, "success", true);
	jw_put_text(j, "message", "Phone number verified successfully");
	jw_put_text(j, "access_token", token);
	jw_put_text(j, "token_type", "bearer");
	jw_put_uint(j, "expires_in", s->token_lifetime);
	put_user(s, j, &r->user);
	jw_put_text(j, "market", s->market->name);
	jw_put_bool(j, "is_new_user", r->is_new);
	jw_end(j, '}');
}

/* What a login that is refused is to a client. */
static const enum http_error login_errors[LOGIN_OUTCOME__MAX] = {
	[LOGIN_WRONG_CODE] = ERROR_WRONG_CODE,
	[LOGIN_DISABLED] = ERROR_DISABLED
};

void
login_verify(struct session *s, struct request *req, struct response *res,
    struct json_object *body)
{
	const char		*name;
	struct entered		 entered = { .session = s,
	    .code = json_object_get_string(find_code(body, &name)) };
	struct login_attempt	 attempt = { .phone = s->phone,
	    .matches = code_matches, .arg = &entered };
	struct login_result	 r;
	enum db_result		 result;

	(void)req;
	result = login_store_verify(s->db, s->arena, &attempt, &r);
	if (result != DB_OK) {
		api_db_error(res, result);
		return;
	}
	if (r.outcome == LOGIN_WRONG_CODE)
		log_info("wrong login code", log_str("client", s->client));
	if (r.outcome == LOGIN_DONE)
		answer_token(s, res, &r);
	else
		response_error(res, login_errors[r.outcome], NULL);
}
