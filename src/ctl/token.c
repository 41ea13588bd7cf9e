/*
 * token.c: ordermuxctl token: a token as a login gives it, to try things.
 */
#include <stdlib.h>

#include "auth/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "config/ini.h"
#include "config/settings.h"
#include "ctl/ctl.h"
#include "market/market.h"

/* Reads the key that signs; ends the program if that is not possible. */
static struct token_keys *
need_signing_key(struct ctl *ctl)
{
	size_t		 before = ctl->errors->count;
	struct settings	*settings = ctl->loaded;
	struct token_key key;

	if (!settings_read_signing_key(settings, ctl->arena, ctl->errors)) {
		for (size_t i = before; i < ctl->errors->count; i++)
			ctl_error("%s", ctl->errors->text[i]);
		exit(CTL_ERROR);
	}
	key = (struct token_key){ .kid = settings->keys[0].kid,
	    .bytes = settings->keys[0].secret.bytes,
	    .len = settings->keys[0].secret.len };
	return token_keys_new(&key, 1);
}

int
ctl_token(struct ctl *ctl)
{
	const struct market	*market = ctl_market(ctl, ctl->args[0]);
	struct token_keys	*keys;
	const char		*token;
	int64_t			 now = clock_us(), id;

	if (!str_to_int64(ctl->args[1], &id) || id <= 0) {
		ctl_error("\"%s\" is no user's id", ctl->args[1]);
		return CTL_ERROR;
	}
	keys = need_signing_key(ctl);
	token = token_issue(keys, (uint64_t)id, market->name, now, now,
	    ctl->settings->token_lifetime / 1000, ctl->arena);
	token_keys_free(keys);
	if (token == NULL) {
		ctl_error("the token could not be signed");
		return CTL_ERROR;
	}
	puts(token);
	return CTL_DONE;
}
