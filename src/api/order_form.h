/*
 * order_form.h: the body of POST /orders/create, by its rules, as a request to
 * the store.
 */
#ifndef ORDERMUX_ORDER_FORM_H
#define ORDERMUX_ORDER_FORM_H

#include <stdbool.h>

#include "store/order_request.h"

struct form;
struct json_object;
struct market;

/* What the items and use_cart of a body come to. */
enum order_source {
	ORDER_FROM_ITEMS,
	ORDER_FROM_CART,
	ORDER_FROM_NOTHING	/* no items, and the cart is not to be used */
};

/*
 * Fills what the body says into the request (all but customer, key, window),
 * and its hash, which is equal for two bodies that ask for the same order
 * whatever the order of their members and of their lines, and however they
 * write the payment method, the phone number, or that an optional field is
 * empty. All that is wrong is added to the form; the request is then not to be
 * used.
 */
enum order_source	order_form_read(struct form *, const struct market *,
    struct json_object *body, struct order_request *);

/*
 * Idempotency-Key: 1 to 255 visible ASCII characters, bare or between quotes
 * (as the IETF draft has it). NULL = no header; false = not that.
 */
bool	order_form_key(struct arena *, const char *header, const char **key);

#endif
