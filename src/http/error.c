/*
 * error.c: the table of errors (see error.h).
 */
#include "base/buf.h"
#include "http/error.h"

const struct http_error_row http_errors[ERROR__MAX] = {
	[ERROR_NONE] = { 200, "", "" },
	[ERROR_BAD_REQUEST] = { 400, "bad_request", "Bad request" },
	[ERROR_BAD_JSON] = { 400, "invalid_json",
	    "The request body is not valid JSON" },
	[ERROR_NOT_FOUND] = { 404, "not_found", "Not Found" },
	[ERROR_METHOD] = { 405, "method_not_allowed", "Method Not Allowed" },
	[ERROR_BODY_TOO_LARGE] = { 413, "body_too_large",
	    "The request body is too large" },
	[ERROR_MEDIA_TYPE] = { 415, "unsupported_media_type",
	    "Content-Type must be application/json" },
	[ERROR_VALIDATION] = { 422, "validation_error", "Validation error" },
	[ERROR_NO_TOKEN] = { 401, "missing_token",
	    "Missing authorization header" },
	[ERROR_BAD_TOKEN] = { 401, "invalid_token", "Invalid token" },
	[ERROR_USER_NOT_FOUND] = { 404, "user_not_found", "User not found" },
	[ERROR_WRONG_CODE] = { 400, "invalid_code",
	    "Invalid or expired verification code" },
	[ERROR_TOO_MANY_CODES] = { 429, "too_many_codes",
	    "Too many verification codes. Please try again later." },
	[ERROR_DISABLED] = { 403, "account_disabled",
	    "This account is disabled" },
	[ERROR_FORBIDDEN] = { 403, "forbidden",
	    "This is not yours to see or change" },
	[ERROR_CART_ITEM_NOT_FOUND] = { 404, "cart_item_not_found",
	    "Cart item not found" },
	[ERROR_CART_EMPTY] = { 400, "cart_empty", "Your cart is empty" },
	[ERROR_CART_WRONG] = { 400, "cart_quantity",
	    "Quantities in the cart must be 1 to 100" },
	[ERROR_NO_ITEMS] = { 400, "no_items",
	    "No items to order. Please add items to cart or provide items." },
	[ERROR_OUT_OF_STOCK] = { 400, "out_of_stock", "Out of stock" },
	[ERROR_SKU_NOT_FOUND] = { 404, "sku_not_found", "SKU not found" },
	[ERROR_ORDER_NOT_FOUND] = { 404, "order_not_found",
	    "Order not found" },
	[ERROR_TOO_EXPENSIVE] = { 400, "amount_too_large",
	    "The amount of this order is too large" },
	[ERROR_TOO_MANY_LINES] = { 400, "too_many_lines",
	    "An order has at most 100 lines" },
	[ERROR_KEY_REUSED] = { 422, "idempotency_key_reused",
	    "This Idempotency-Key was used for another request" },
	[ERROR_TOO_MANY_ORDERS] = { 429, "too_many_orders",
	    "Too many orders. Please try again later." },
	[ERROR_CANNOT_CANCEL] = { 400, "cannot_cancel",
	    "This order cannot be cancelled any more" },
	[ERROR_PRECONDITION] = { 412, "precondition_failed",
	    "The order has changed since it was read, or If-Match names "
	    "another one" },
	[ERROR_INTERNAL] = { 500, "internal_error", "Internal server error" },
	[ERROR_MARKET_AWAY] = { 503, "market_unavailable",
	    "This market is not available at the moment. "
	    "Please try again later." },
	[ERROR_BUSY] = { 503, "busy",
	    "Somebody else is changing the same data. Please try again." },
	[ERROR_OUTCOME_UNKNOWN] = { 503, "outcome_unknown",
	    "The change could not be confirmed. Look whether it was made "
	    "before you repeat it." },
	[ERROR_TOO_LATE] = { 503, "overloaded",
	    "The service is overloaded. Please try again later." },
};

void
http_errors_list(struct buf *out)
{
	for (int e = ERROR_NONE + 1; e < ERROR__MAX; e++)
		buf_printf(out, "%d\t%s\t%s\n", http_errors[e].status,
		    http_errors[e].code, http_errors[e].text);
}

const char *
http_reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 204: return "No Content";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 412: return "Precondition Failed";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	case 422: return "Unprocessable Content";
	case 429: return "Too Many Requests";
	case 500: return "Internal Server Error";
	case 503: return "Service Unavailable";
	default: return "";
	}
}
