/*
 * profile.c: the customer's own data, and logout:
 * GET and PUT /auth/profile, GET /auth/verify-token, POST /auth/logout.
 */
#include <json-c/json.h>
#include <string.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/text.h"
#include "http/form.h"
#include "http/language.h"
#include "market/market.h"
#include "store/user_store.h"

static const struct form_text_rule full_name_rule = {
	.name = "full_name", .min = 1, .max = 255
};
static const struct form_text_rule image_url_rule = {
	.name = "profile_image_url", .min = 0, .max = 500
};

static const struct form_text_rule email_rule = {
	.name = "email", .min = 0, .max = 255, .valid = text_is_email,
	.invalid = "Invalid email address"
};

/* Reads what is to be changed. An email of null is cleared, as one of "". */
static void
read_change(struct form *f, struct json_object *body, struct user_change *c)
{
	struct json_object	*email;

	c->full_name = form_text(f, body, &full_name_rule);
	c->profile_image_url = form_text(f, body, &image_url_rule);
	c->email = form_text(f, body, &email_rule);
	if (json_object_object_get_ex(body, "email", &email) && email == NULL)
		c->email = "";
}

/* Writes a customer as the contract shows it. */
static void
put_profile(const struct session *s, struct json_out *j,
    const struct user *u)
{
	char		 display[64];
	const char	*language;

	phone_display(s->market, u->phone, display);
	jw_begin(j, '{');
	jw_put_text(j, "id", arena_printf(s->arena, "%lld",
	    (long long)u->id));
	jw_put_text(j, "phone_number", u->phone);
	jw_put_text(j, "formatted_phone", display);
	jw_put_text(j, "name", u->full_name);
	jw_put_text(j, "full_name", u->full_name);
	jw_put_text(j, "email", u->email);
	jw_put_text(j, "profile_image_url", u->profile_image_url);
	jw_put_bool(j, "is_active", u->is_active);
	jw_put_bool(j, "is_verified", u->is_verified);
	jw_put_text(j, "market", s->market->name);
	language = language_pick(s->market->languages, u->language);
	jw_put_text(j, "language", language != NULL ? language :
	    s->market->language);
	jw_put_text(j, "country", s->market->country);
	jw_put_text(j, "currency", s->market->currency.symbol);
	jw_put_text(j, "currency_code", s->market->currency.code);
	api_put_time(j, "last_login", u->last_login);
	api_put_time(j, "created_at", u->created_at);
	jw_end(j, '}');
}

void
profile_show(struct session *s, struct request *req, struct response *res)
{
	enum customer_state	 state = CUSTOMER_UNKNOWN;
	struct user		 user;
	enum db_result		 result;

	(void)req;
	result = user_store_find(s->db, s->arena, &s->customer, &state,
	    &user);
	if (api_admit(res, result, state))
		put_profile(s, &res->json, &user);
}

void
profile_change(struct session *s, struct request *req, struct response *res)
{
	enum customer_state	 state = CUSTOMER_UNKNOWN;
	struct user		 user;
	struct user_change	 change;
	struct form		 f;
	enum db_result		 result;

	form_init(&f, s->arena);
	if (form_object(&f, FORM_BODY, req->body))
		read_change(&f, req->body, &change);
	if (f.count > 0) {
		form_answer(&f, res);
		return;
	}
	result = user_store_update(s->db, s->arena, &s->customer, &change,
	    &state, &user);
	if (!api_admit(res, result, state))
		return;
	jw_begin(&res->json, '{');
	jw_put_bool(&res->json, "success", true);
	jw_put_text(&res->json, "message", "Profile updated successfully");
	jw_name(&res->json, "user");
	put_profile(s, &res->json, &user);
	jw_end(&res->json, '}');
}

void
profile_verify_token(struct session *s, struct request *req,
    struct response *res)
{
	enum customer_state	 state = CUSTOMER_UNKNOWN;
	struct user		 user;
	struct json_out		*j = &res->json;
	char			 display[64];
	enum db_result		 result;

	(void)req;
	result = user_store_find(s->db, s->arena, &s->customer, &state,
	    &user);
	if (!api_admit(res, result, state))
		return;
	phone_display(s->market, user.phone, display);
	jw_begin(j, '{');
	jw_put_bool(j, "valid", true);
	jw_put_int(j, "user_id", user.id);
	jw_put_text(j, "phone_number", user.phone);
	jw_put_text(j, "formatted_phone", display);
	jw_put_text(j, "market", s->market->name);
	jw_put_text(j, "currency", s->market->currency.symbol);
	jw_end(j, '}');
}

void
profile_logout(struct session *s, struct request *req, struct response *res)
{
	enum customer_state	 state = CUSTOMER_UNKNOWN;
	enum db_result		 result;

	(void)req;
	result = user_store_logout(s->db, &s->customer, &state);
	if (!api_admit(res, result, state))
		return;
	jw_begin(&res->json, '{');
	jw_put_bool(&res->json, "success", true);
	jw_put_text(&res->json, "message",
	    "Logged out successfully. User is now inactive.");
	jw_end(&res->json, '}');
}
