/*
 * hosts.c: see hosts.h. Called for every request, so it must never wait.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/relaxed.h"
#include "base/scoreboard.h"
#include "db/hosts.h"
#include "market/market.h"

/* Times in ms. */
#define HOME_MIN	10000	/* before the first host is tried again */
#define HOME_MAX	600000
#define HOME_USE	60000	/* a return that lasts for so long was of use */

void
hosts_init(struct hosts *h, const struct market *market,
    struct scoreboard_market *shared)
{
	h->market = market;
	h->shared = shared;
}

size_t
hosts_current(const struct hosts *h)
{
	return relaxed_load(&h->shared->host);
}

/* How long to stay away from the first host, which is being left now. Only the
 * worker that has changed the host calls this: the time doubles at each
 * call. */
static uint64_t
time_away(struct hosts *h)
{
	uint64_t	 since = relaxed_load(&h->shared->home_since);
	uint64_t	 wait = relaxed_load(&h->shared->home_wait) * 2;

	if (since == 0 || clock_ms() - since > HOME_USE || wait < HOME_MIN)
		wait = HOME_MIN;
	if (wait > HOME_MAX)
		wait = HOME_MAX;
	relaxed_store(&h->shared->home_wait, wait);
	return wait;
}

void
hosts_change(struct hosts *h, size_t from, size_t to)
{
	const struct market_host *hosts = h->market->database.hosts;
	uint32_t		 old = (uint32_t)from;

	if (from == to)
		return;
	/* Before the exchange: nobody may go back at once. */
	if (from == 0)
		relaxed_store(&h->shared->home_at, clock_ms() + HOME_MIN);
	if (!atomic_compare_exchange_strong(&h->shared->host, &old,
	    (uint32_t)to))
		return;
	if (from == 0)
		relaxed_store(&h->shared->home_at, clock_ms() + time_away(h));
	else if (to == 0)
		relaxed_store(&h->shared->home_since, clock_ms());
	log_warning("market uses another host",
	    log_str("database", h->market->name),
	    log_str("from", hosts[from].name),
	    log_uint("from_port", hosts[from].port),
	    log_str("to", hosts[to].name),
	    log_uint("to_port", hosts[to].port));
}

bool
hosts_try_home(struct hosts *h)
{
	uint64_t	 due, now;

	if (relaxed_load(&h->shared->host) == 0)
		return false;
	due = relaxed_load(&h->shared->home_at);
	now = clock_ms();
	return now >= due && atomic_compare_exchange_strong(
	    &h->shared->home_at, &due, now + HOME_MIN);
}
