/*
 * breaker.c: see breaker.h. Called for every request, so it must never wait.
 *
 * A half is one number in shared memory: 0 if it is open, else the time of the
 * next probe.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/relaxed.h"
#include "base/scoreboard.h"
#include "db/breaker.h"

/* Times in ms. */
#define PROBE_INTERVAL	1000
#define ANSWER_STEP	50	/* between two notes that the server answers */

void
breaker_init(struct breaker *b, const char *market,
    struct scoreboard_market *shared)
{
	b->market = market;
	b->shared = shared;
}

/* Asks one half. Of all callers that come after the time of the probe, only
 * one exchanges the number, and so only one probes. */
static enum breaker_answer
ask_breaker(_Atomic uint64_t *probe_at)
{
	uint64_t	 now, due = relaxed_load(probe_at);

	if (due == 0)
		return BREAKER_OPEN;
	now = clock_ms();
	return now >= due && atomic_compare_exchange_strong(probe_at, &due,
	    now + PROBE_INTERVAL) ? BREAKER_PROBE : BREAKER_SHUT;
}

enum breaker_answer
breaker_use(struct breaker *b)
{
	return ask_breaker(&b->shared->use_at);
}

enum breaker_answer
breaker_connect(struct breaker *b)
{
	return ask_breaker(&b->shared->connect_at);
}

bool
breaker_is_shut(const struct scoreboard_market *shared)
{
	return relaxed_load(&shared->away_since) != 0;
}

bool
breaker_hangs(const struct breaker *b)
{
	return relaxed_load(&b->shared->use_at) != 0;
}

/* Not at each answer, or the cache line would travel between all
 * processors. */
void
breaker_answered(struct breaker *b, uint64_t now)
{
	if (now - relaxed_load(&b->shared->answered_at) >= ANSWER_STEP)
		relaxed_store(&b->shared->answered_at, now);
}

bool
breaker_silent(const struct breaker *b, uint64_t since_ms)
{
	return relaxed_load(&b->shared->answered_at) <= since_ms;
}

/* Shuts one half. The first process to do so logs why. */
static void
shut_breaker(struct breaker *b, _Atomic uint64_t *probe_at, const char *why)
{
	uint64_t	 never = 0, now = clock_ms();

	relaxed_store(probe_at, now + PROBE_INTERVAL);
	if (atomic_compare_exchange_strong(&b->shared->away_since, &never,
	    now))
		log_error("market shut", log_str("database", b->market),
		    log_str("why", why));
}

void
breaker_hung(struct breaker *b)
{
	shut_breaker(b, &b->shared->use_at, "database does not answer");
}

void
breaker_unreachable(struct breaker *b, const char *why)
{
	shut_breaker(b, &b->shared->connect_at, why);
}

/* Logs that the market is open again, if both halves are and nobody has said
 * so yet. */
static void
say_open_again(struct breaker *b)
{
	uint64_t	 since = relaxed_load(&b->shared->away_since);

	if (since != 0 && relaxed_load(&b->shared->use_at) == 0 &&
	    relaxed_load(&b->shared->connect_at) == 0 &&
	    atomic_compare_exchange_strong(&b->shared->away_since, &since, 0))
		log_notice("market open again",
		    log_str("database", b->market),
		    log_uint("away_ms", clock_ms() - since));
}

void
breaker_works(struct breaker *b)
{
	relaxed_store(&b->shared->use_at, 0);
	say_open_again(b);
}

void
breaker_connected(struct breaker *b)
{
	if (relaxed_load(&b->shared->connect_at) == 0)
		return;
	relaxed_store(&b->shared->connect_at, 0);
	say_open_again(b);
}
