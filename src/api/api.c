/*
 * api.c: what the handlers share (see api.h): the one mapping of the store's
 * results to the errors that clients see.
 */
#include <time.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/log.h"
#include "market/market.h"

void
api_db_error(struct response *res, enum db_result result)
{
	switch (result) {
	case DB_AWAY:
	case DB_LOST:
	case DB_AGAIN:
	case DB_UNKNOWN:
		response_error(res, ERROR_MARKET_AWAY, NULL);
		break;
	case DB_DUPLICATE:
	case DB_NULL:
		/* Where one can be expected, the store has dealt with it. */
		log_error("a value that the database does not take",
		    log_int("result", result));
		response_error(res, ERROR_INTERNAL, NULL);
		break;
	case DB_OK:
	case DB_REFUSED:
	case DB_FAILED:
		response_error(res, ERROR_INTERNAL, NULL);
		break;
	}
}

bool
api_admit(const struct session *s, struct response *res,
    enum db_result result, enum customer_state customer)
{
	if (result != DB_OK && result != DB_REFUSED) {
		api_db_error(res, result);
		return false;
	}
	if (customer != CUSTOMER_LIVE) {
		response_error(res, customer == CUSTOMER_UNKNOWN ?
		    ERROR_USER_NOT_FOUND : ERROR_BAD_TOKEN, NULL);
		return false;
	}
	log_info(arena_printf(s->arena,
	    "User authenticated successfully: ID=%lld, Market=%s",
	    (long long)s->customer.user_id, s->market->name));
	return true;
}

void
api_put_time(struct json_out *j, const char *name, int64_t us)
{
	time_t		 seconds = (time_t)(us / 1000000);
	struct tm	 tm;
	char		 text[32];

	if (us == 0) {
		jw_put_text(j, name, NULL);
		return;
	}
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	jw_put_text(j, name, text);
}
