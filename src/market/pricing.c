/*
 * pricing.c: what an order costs in a market: tax, shipping, and the ways to
 * pay. Pure: all rules come from the market's file.
 */
#include <ctype.h>
#include <string.h>

#include "base/money.h"
#include "base/str.h"
#include "base/text.h"
#include "market/market.h"

/* What was said of a place, folded; "" = nothing. A text that is too long for
 * any zone is "" too. */
struct said {
	char	city[MARKET_FOLD_MAX];
	char	state[MARKET_FOLD_MAX];
	char	postcode[MARKET_FOLD_MAX];
};

/* Folds n bytes, or nothing for NULL. */
static void
fold_said(const char *text, size_t n, char *out)
{
	if (text == NULL || !text_fold(text, n, out, MARKET_FOLD_MAX))
		*out = '\0';
}

/* Takes what is behind a comma of the city: a state, and a postcode from the
 * first word with a digit on. What was said otherwise stays. */
static void
split_city_tail(const char *tail, struct said *said)
{
	size_t	 n = strcspn(tail, "0123456789");

	if (tail[n] == '\0')
		n = strlen(tail);
	else
		while (n > 0 && isalnum((unsigned char)tail[n - 1]))
			n--;
	if (*said->state == '\0')
		fold_said(tail, n, said->state);
	if (*said->postcode == '\0')
		fold_said(tail + n, strlen(tail + n), said->postcode);
}

static bool
list_has(const char **list, const char *folded)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, folded) == 0)
			return true;
	return false;
}

/* Folds what was said. A city that a zone lists with its comma is not split
 * ("Washington, D.C."). */
static void
fold_place(const struct market *m, const struct place *place,
    struct said *said)
{
	const char	*city = place->city != NULL ? place->city : "";
	const char	*comma = strrchr(city, ',');

	fold_said(city, strlen(city), said->city);
	fold_said(place->state, place->state != NULL ?
	    strlen(place->state) : 0, said->state);
	fold_said(place->postcode, place->postcode != NULL ?
	    strlen(place->postcode) : 0, said->postcode);
	if (comma == NULL)
		return;
	for (size_t i = 0; i < m->zone_count; i++)
		if (list_has(m->zones[i].folded, said->city))
			return;
	fold_said(city, (size_t)(comma - city), said->city);
	split_city_tail(comma + 1, said);
}

/* The length of the longest beginning of the postcode that the zone lists. */
static size_t
longest_postcode(const struct market_zone *z, const char *postcode)
{
	size_t	 longest = 0, n;

	for (const char **p = z->folded_postcodes; *p != NULL; p++) {
		n = strlen(*p);
		if (n > longest && strncmp(*p, postcode, n) == 0)
			longest = n;
	}
	return longest;
}

/* Whether the zone lists postcodes, and the one that was said is another. */
static bool
other_postcode(const struct market_zone *z, const struct said *said)
{
	return z->folded_postcodes[0] != NULL && *said->postcode != '\0' &&
	    longest_postcode(z, said->postcode) == 0;
}

/* Whether this is the zone of the state. */
static bool
zone_has_state(const struct market_zone *z, const struct said *said)
{
	return *said->state != '\0' && !other_postcode(z, said) &&
	    (list_has(z->folded_states, said->state) ||
	    strcmp(z->folded[0], said->state) == 0);
}

/* Whether the city was said with its state, but no comma: "San Juan PR". */
static bool
city_has_state(const struct market_zone *z, const char *city)
{
	size_t	 n;

	for (const char **c = z->folded; *c != NULL; c++) {
		n = strlen(*c);
		if (strncmp(city, *c, n) == 0 &&
		    (list_has(z->folded_states, city + n) ||
		    strcmp(z->folded[0], city + n) == 0))
			return true;
	}
	return false;
}

/* Whether the zone of the city is this one. */
static bool
zone_has_city(const struct market_zone *z, const struct said *said)
{
	if (*said->city == '\0' || other_postcode(z, said))
		return false;
	if (z->folded_states[0] != NULL && *said->state != '\0' &&
	    !zone_has_state(z, said))
		return false;
	return list_has(z->folded, said->city) ||
	    city_has_state(z, said->city);
}

/* Whether the city alone cannot tell, as it was the only thing said. */
static bool
is_unsure(const struct market_zone *z, const struct said *said)
{
	return *said->state == '\0' && *said->postcode == '\0' &&
	    strcmp(z->folded[0], said->city) != 0 &&
	    !city_has_state(z, said->city) &&
	    (z->folded_states[0] != NULL || z->folded_postcodes[0] != NULL);
}

/* The zone with the longest beginning of the postcode, or NULL. */
static const struct market_zone *
zone_of_postcode(const struct market *m, const char *postcode)
{
	const struct market_zone	*best = NULL;
	size_t				 longest = 0, n;

	for (size_t i = 0; i < m->zone_count; i++) {
		n = longest_postcode(&m->zones[i], postcode);
		if (n > longest) {
			best = &m->zones[i];
			longest = n;
		}
	}
	return best;
}

const struct market_zone *
pricing_zone(const struct market *m, const struct place *place)
{
	const struct market_zone	*z, *end = m->zones + m->zone_count;
	struct said			 said;

	fold_place(m, place, &said);
	if ((z = zone_of_postcode(m, said.postcode)) != NULL)
		return z;
	for (z = m->zones; z < end; z++)
		if (zone_has_state(z, &said))
			return z;
	for (z = m->zones; z < end; z++)
		if (zone_has_city(z, &said))
			return m->unsure_zone != NULL && is_unsure(z, &said) ?
			    m->unsure_zone : z;
	return m->default_zone;
}

/* Writes the tax that an amount has in it, or that is added to it. */
static bool
tax_of(const struct market *m, int64_t amount, int64_t *tax)
{
	return m->tax.included ?
	    money_tax_included(amount, m->tax.rate, tax) :
	    money_tax_added(amount, m->tax.rate, tax);
}

bool
pricing_total(const struct market *m, int64_t subtotal,
    const struct place *place, struct pricing *out)
{
	const struct market_zone	*zone = pricing_zone(m, place);
	struct pricing			 p = { .subtotal = subtotal };

	if (zone->free_from < 0 || subtotal < zone->free_from)
		p.shipping = zone->cost;
	if (!money_add(subtotal, p.shipping, &p.total) ||
	    !tax_of(m, m->tax.shipping ? p.total : subtotal, &p.tax) ||
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
