/*
 * pricing.c: what an order costs in a market: tax, shipping, and the ways to
 * pay. Pure: all rules come from the market's file.
 */
#include <string.h>

#include "base/money.h"
#include "base/str.h"
#include "market/market.h"

#define CITY_FOLD_MAX 512	/* bytes; a city has at most 100 characters */

/* Writes the city as the zones' folded names are. Returns false when no zone
 * can have it: blank, too long, not UTF-8. */
static bool
city_fold(const char *city, char *out)
{
	char	trimmed[CITY_FOLD_MAX];
	size_t	len = strlen(city);

	str_trim(&city, &len);
	if (len == 0 || len >= sizeof(trimmed))
		return false;
	memcpy(trimmed, city, len);
	trimmed[len] = '\0';
	return str_fold(trimmed, out, CITY_FOLD_MAX);
}

const struct market_zone *
pricing_zone(const struct market *m, const char *city)
{
	char	folded[CITY_FOLD_MAX];

	if (city == NULL || !city_fold(city, folded))
		return m->default_zone;
	for (size_t i = 0; i < m->zone_count; i++)
		for (const char **c = m->zones[i].folded; *c != NULL; c++)
			if (strcmp(*c, folded) == 0)
				return &m->zones[i];
	return m->default_zone;
}

bool
pricing_total(const struct market *m, int64_t subtotal, const char *city,
    struct pricing *out)
{
	const struct market_zone	*zone = pricing_zone(m, city);
	struct pricing			 p = { .subtotal = subtotal };
	bool				 ok;

	ok = m->tax.included ?
	    money_tax_included(subtotal, m->tax.rate, &p.tax) :
	    money_tax_added(subtotal, m->tax.rate, &p.tax);
	if (!ok)
		return false;
	if (zone->free_from < 0 || subtotal < zone->free_from)
		p.shipping = zone->cost;
	if (!money_add(subtotal, p.shipping, &p.total) ||
	    (!m->tax.included && !money_add(p.total, p.tax, &p.total)))
		return false;
	*out = p;
	return true;
}

const char *
pricing_payment(const struct market *m, const char *name)
{
	for (size_t i = 0; i < m->payment_count; i++)
		if (str_equal_nocase(m->payments[i].name, name))
			return m->payments[i].method;
	return NULL;
}
