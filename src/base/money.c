/*
 * money.c: amounts as integers of minor units (see money.h). Pure; called by
 * everything that touches an amount.
 */
#include <string.h>

#include "base/money.h"

/* Appends a digit to an amount <= 0: that side holds INT64_MIN too. Returns
 * false on overflow. */
static bool
push_digit(int64_t *amount, char digit)
{
	return !__builtin_mul_overflow(*amount, 10, amount) &&
	    !__builtin_sub_overflow(*amount, digit - '0', amount);
}

bool
money_parse(const char *text, unsigned digits, int64_t *out)
{
	static const char	 all[] = "0123456789";
	bool			 negative = *text == '-';
	const char		*p = text + negative;
	size_t			 whole = strspn(p, all), part = 0;
	int64_t			 amount = 0;

	if (p[whole] == '.')
		part = strspn(p + whole + 1, all);
	if (whole == 0 || digits > MONEY_DIGITS_MAX || part > digits ||
	    (p[whole] == '.' && (part == 0 || p[whole + 1 + part] != '\0')) ||
	    (p[whole] != '.' && p[whole] != '\0'))
		return false;
	for (size_t i = 0; i < whole; i++)
		if (!push_digit(&amount, p[i]))
			return false;
	for (size_t i = 0; i < digits; i++)
		if (!push_digit(&amount, i < part ? p[whole + 1 + i] : '0'))
			return false;
	if (!negative && __builtin_sub_overflow(0, amount, &amount))
		return false;
	*out = amount;
	return true;
}

size_t
money_format(int64_t amount, unsigned digits, char *out)
{
	/* Unsigned negation is defined for INT64_MIN too. */
	uint64_t	left = amount < 0 ? -(uint64_t)amount :
	    (uint64_t)amount;
	char		reversed[MONEY_TEXT_MAX];
	size_t		n = 0, len = 0;

	do {
		if (digits > 0 && n == digits)
			reversed[n++] = '.';
		reversed[n++] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0 || (digits > 0 && n <= digits));
	if (amount < 0)
		out[len++] = '-';
	while (n > 0)
		out[len++] = reversed[--n];
	out[len] = '\0';
	return len;
}

bool
money_add(int64_t a, int64_t b, int64_t *out)
{
	int64_t	sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*out = sum;
	return true;
}

bool
money_times(int64_t price, int64_t quantity, int64_t *out)
{
	int64_t	product;

	if (__builtin_mul_overflow(price, quantity, &product))
		return false;
	*out = product;
	return true;
}

/*
 * Computes amount * rate / base, rounded half up, without a product that
 * could overflow: amount = q * base + r, so it is q * rate + r * rate / base.
 * With rate <= base the share is at most the amount. Returns false for an
 * amount or a rate out of range.
 */
static bool
tax_share(int64_t amount, int64_t rate, int64_t base, int64_t *tax)
{
	int64_t	rest;

	if (amount < 0 || rate > MONEY_RATE_ONE)
		return false;
	rest = amount % base * rate;
	*tax = amount / base * rate + (2 * rest + base) / (2 * base);
	return true;
}

bool
money_tax_added(int64_t amount, uint32_t rate, int64_t *tax)
{
	return tax_share(amount, rate, MONEY_RATE_ONE, tax);
}

bool
money_tax_included(int64_t amount, uint32_t rate, int64_t *tax)
{
	return tax_share(amount, rate, MONEY_RATE_ONE + (int64_t)rate, tax);
}
