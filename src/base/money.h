/*
 * money.h: amounts as integers. An amount is an int64_t of minor units
 * (cents, tyiyn); the number of digits behind the point is the currency's
 * (ISO 4217: 0 to 4). No floating point anywhere. Pure.
 */
#ifndef ORDERMUX_MONEY_H
#define ORDERMUX_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONEY_DIGITS_MAX 4
#define MONEY_TEXT_MAX	 24	/* longest text of an amount, with its NUL */

/* A tax rate in millionths: 8.875 % = 88750. */
#define MONEY_RATE_ONE 1000000

/* "9.99" with 2 digits -> 999; "5000" -> 500000. False on anything but an
 * optional '-', digits and at most "digits" digits behind a point, and on
 * overflow. */
bool	money_parse(const char *, unsigned digits, int64_t *out);

/* Exact: 999 with 2 digits -> "9.99", 100 -> "1.00", 5 with 0 digits -> "5".
 * Returns the length. out holds at least MONEY_TEXT_MAX bytes. */
size_t	money_format(int64_t amount, unsigned digits, char *out);

/* False on overflow; *out is then as before. */
bool	money_add(int64_t a, int64_t b, int64_t *out);
bool	money_times(int64_t price, int64_t quantity, int64_t *out);

/*
 * Tax on an amount >= 0, rounded half up to the minor unit, once, on the
 * whole subtotal of an order (never line by line):
 * added:    tax = amount * rate
 * included: tax = amount * rate / (1 + rate), the part of the amount that
 *           is tax.
 * Rates are 0 to MONEY_RATE_ONE. False on overflow.
 */
bool	money_tax_added(int64_t amount, uint32_t rate, int64_t *tax);
bool	money_tax_included(int64_t amount, uint32_t rate, int64_t *tax);

#endif
