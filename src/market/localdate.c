/*
 * localdate.c: the date on a market's calendars. The only place that touches
 * TZ: it puts back what was there, and the rest of the program has no time
 * zone but UTC.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "market/market.h"

#define QUARTER 900		/* seconds; why is said in market.h */
#define DATE_ZONE_MAX 64

/* The last answer for each market. The zone's name is part of the key: after a
 * reload another market may have the index. */
static struct date_cache {
	char	zone[DATE_ZONE_MAX];
	time_t	quarter;
	char	date[9];
} cache[MARKET_COUNT_MAX];

/* Sets TZ, or takes it away for NULL. */
static void
zone_set(const char *zone)
{
	if (zone == NULL)
		unsetenv("TZ");
	else if (setenv("TZ", zone, 1) == -1)
		panic("out of memory for TZ");
	tzset();
}

/* Writes the date at the time in the time zone, as "20251102". */
static void
zone_date(const char *zone, time_t when, char out[9])
{
	const char	*now = getenv("TZ");
	char		*before = NULL;
	struct tm	 tm;

	if (now != NULL && (before = strdup(now)) == NULL)
		panic("out of memory for TZ");
	zone_set(zone);
	if (localtime_r(&when, &tm) == NULL || strftime(out, 9, "%Y%m%d",
	    &tm) != 8)
		panic("no date for the time %lld", (long long)when);
	zone_set(before);
	free(before);
}

void
market_local_date(const struct market *m, time_t now, char out[9])
{
	struct date_cache	*c = &cache[m->index];
	time_t			 quarter = now / QUARTER;

	if (c->quarter != quarter || strcmp(c->zone, m->time_zone) != 0) {
		zone_date(m->time_zone, now, c->date);
		snprintf(c->zone, sizeof(c->zone), "%s", m->time_zone);
		c->quarter = quarter;
	}
	memcpy(out, c->date, sizeof(c->date));
}
