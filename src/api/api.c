/*
 * api.c: what the handlers share (see api.h): the one mapping of the results of
 * the database, and of the customer's state, to the errors that clients see.
 */
#include <time.h>

#include "api/api.h"
#include "base/arena.h"
#include "base/log.h"
#include "market/market.h"

/* What a client is told of a result of the database. */
static const enum http_error db_errors[] = {
	[DB_OK] = ERROR_INTERNAL,	/* these two are no errors: a bug */
	[DB_REFUSED] = ERROR_INTERNAL,
	[DB_DUPLICATE] = ERROR_INTERNAL,
	[DB_NULL] = ERROR_INTERNAL,
	[DB_AGAIN] = ERROR_MARKET_AWAY,
	[DB_BUSY] = ERROR_BUSY,
	[DB_LOST] = ERROR_MARKET_AWAY,
	[DB_AWAY] = ERROR_MARKET_AWAY,
	[DB_UNKNOWN] = ERROR_OUTCOME_UNKNOWN,
	[DB_CROWDED] = ERROR_MARKET_AWAY,
	[DB_FAILED] = ERROR_INTERNAL
};

/* What a client is told of the customer. */
static const enum http_error customer_errors[CUSTOMER_STATE__MAX] = {
	[CUSTOMER_UNKNOWN] = ERROR_USER_NOT_FOUND,
	[CUSTOMER_DEAD_TOKEN] = ERROR_BAD_TOKEN,
	[CUSTOMER_LIVE] = ERROR_NONE
};

void
api_db_error(struct response *res, enum db_result result)
{
	/* The store has dealt with these where it expects them. */
	if (result == DB_DUPLICATE || result == DB_NULL)
		log_error("the database rejected a value",
		    log_int("result", result));
	response_error(res, db_errors[result], NULL);
}

bool
api_admit(struct response *res, enum db_result result,
    enum customer_state customer)
{
	if (result != DB_OK && result != DB_REFUSED) {
		api_db_error(res, result);
		return false;
	}
	if (customer == CUSTOMER_DEAD_TOKEN)
		res->error_why = "logged out since, or disabled";
	if (customer_errors[customer] != ERROR_NONE) {
		response_error(res, customer_errors[customer], NULL);
		return false;
	}
	return true;
}

void
api_log_authenticated(struct arena *arena, const struct market *market,
    int64_t user_id, const char *by)
{
	log_set_user(user_id);
	log_info(arena_printf(arena,
	    "User authenticated successfully: ID=%lld, Market=%s",
	    (long long)user_id, market->name), log_str("by", by));
}

void
api_put_time(struct json_out *j, const char *name, int64_t us)
{
	/* Of the last time: an order has three, and mostly they are one. Making
	 * the text anew each time was 3 % of a list. */
	static time_t	 last = INT64_MIN;
	static char	 text[32];
	time_t		 seconds = (time_t)(us / 1000000);
	struct tm	 tm;

	if (us == 0) {
		jw_put_text(j, name, NULL);
		return;
	}
	if (seconds != last) {
		gmtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		last = seconds;
	}
	jw_put_text(j, name, text);
}
