/*
 * market.c: finds a market (see market.h).
 */
#include <string.h>

#include "market/market.h"

const struct market *
market_find(const struct market_registry *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->markets[i].name, name) == 0)
			return &r->markets[i];
	return NULL;
}
