/*
 * token.c: ordermuxctl token: a token as a login gives it, to try things.
 */
#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "market/market.h"

int
ctl_token(struct ctl *ctl)
{
	const struct market	*market = ctl_market(ctl, ctl->args[0]);
	const struct settings	*settings = ctl->settings;
	struct token_key	 key = { .kid = settings->keys[0].kid,
	    .bytes = settings->keys[0].secret.bytes,
	    .len = settings->keys[0].secret.len };
	struct token_keys	*keys;
	const char		*token;
	int64_t			 now = clock_us(), id;

	if (!str_to_int64(ctl->args[1], &id) || id <= 0) {
		ctl_error("\"%s\" is no user's id", ctl->args[1]);
		return CTL_ERROR;
	}
	keys = token_keys_new(&key, 1);
	token = token_issue(keys, (uint64_t)id, market->name, now, now,
	    settings->token_lifetime / 1000, ctl->arena);
	token_keys_free(keys);
	if (token == NULL) {
		ctl_error("the token could not be signed");
		return CTL_ERROR;
	}
	puts(token);
	return CTL_DONE;
}
