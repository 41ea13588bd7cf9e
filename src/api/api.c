/*
 * api.c: what the handlers share (see api.h): the one mapping of the store's
 * results to the errors that clients see.
 */
#include "api/api.h"

void
api_db_error(struct response *res, enum db_result result)
{
	switch (result) {
	case DB_AWAY:
	case DB_LOST:
	case DB_AGAIN:
		response_error(res, ERROR_MARKET_AWAY, NULL);
		break;
	case DB_UNKNOWN:
		response_error(res, ERROR_OUTCOME_UNKNOWN, NULL);
		break;
	case DB_OK:
	case DB_DUPLICATE:
	case DB_NULL:
	case DB_FAILED:
		response_error(res, ERROR_INTERNAL, NULL);
		break;
	}
}

bool
api_customer_error(struct response *res, enum order_outcome outcome)
{
	switch (outcome) {
	case ORDER_NO_USER:
		response_error(res, ERROR_USER_NOT_FOUND, NULL);
		return true;
	case ORDER_DEAD_TOKEN:
		response_error(res, ERROR_BAD_TOKEN, NULL);
		return true;
	case ORDER_NOT_FOUND:
		response_error(res, ERROR_ORDER_NOT_FOUND, NULL);
		return true;
	default:
		return false;
	}
}
