/*
 * pool.c: runs several deliveries at the same time (see pool.h). Called by the
 * courier. It must not know how a message is claimed or marked.
 */
#include <poll.h>
#include <stdlib.h>

#include "auth/secretbox.h"
#include "auth/token.h"
#include "base/arena.h"
#include "base/log.h"
#include "config/settings.h"
#include "courier/pool.h"
#include "market/market.h"

#define ARENA_SIZE	(16 * 1024)	/* bytes; more if a message needs it */

void
pool_init(struct pool *pool, const struct settings *settings)
{
	struct token_key	 keys[SETTINGS_KEY_MAX];
	size_t			 count = settings_token_keys(settings, keys);

	*pool = (struct pool){ .texts = settings->texts };
	pool->keys = secretbox_keys_new(keys, count);
	pool->proved = calloc(settings->markets->count,
	    sizeof(*pool->proved));
	if (pool->proved == NULL)
		panic("out of memory for the courier");
	for (size_t i = 0; i < POOL_PLACES; i++) {
		pool->places[i].arena = arena_new(ARENA_SIZE);
		delivery_clear(&pool->places[i]);
	}
}

void
pool_free(struct pool *pool)
{
	for (size_t i = 0; i < POOL_PLACES; i++) {
		delivery_clear(&pool->places[i]);
		arena_free(pool->places[i].arena);
	}
	secretbox_keys_free(pool->keys);
	free(pool->proved);
}

bool
pool_holds(const struct pool *pool, const struct market *market, int64_t id)
{
	for (size_t i = 0; i < POOL_PLACES; i++)
		if (pool->places[i].busy &&
		    pool->places[i].outcome.id == id &&
		    pool->places[i].job.market == market)
			return true;
	return false;
}

void
pool_start(struct pool *pool, const struct market *market,
    const struct outbox_claim *claim)
{
	struct delivery	*d = pool->places;

	while (d->busy)
		d++;
	delivery_start(d, market, pool->texts, pool->keys,
	    &pool->proved[market->index], claim);
	pool->busy++;
}

void
pool_check(struct pool *pool)
{
	for (size_t i = 0; i < POOL_PLACES; i++)
		if (pool->places[i].busy)
			(void)delivery_check(&pool->places[i]);
}

size_t
pool_ended(struct pool *pool, const struct market *market,
    struct delivery *ended[POOL_PLACES])
{
	size_t	 count = 0;

	for (size_t i = 0; i < POOL_PLACES; i++) {
		struct delivery	*d = &pool->places[i];

		if (d->busy && d->over && d->job.market == market)
			ended[count++] = d;
	}
	return count;
}

void
pool_release(struct pool *pool, struct delivery *d)
{
	delivery_clear(d);
	pool->busy--;
}

void
pool_limit(struct pool *pool, uint64_t deadline_ms)
{
	for (size_t i = 0; i < POOL_PLACES; i++) {
		struct delivery	*d = &pool->places[i];

		if (d->busy && d->command.deadline_ms > deadline_ms)
			d->command.deadline_ms = deadline_ms;
	}
}

uint64_t
pool_next(const struct pool *pool)
{
	uint64_t	 next = UINT64_MAX;

	for (size_t i = 0; i < POOL_PLACES; i++) {
		const struct delivery	*d = &pool->places[i];

		if (!d->busy || d->over)
			continue;
		/* It has failed to start: there is an outcome already. */
		if (d->command.state != COMMAND_RUNNING)
			return 0;
		if (!d->command.late && d->command.deadline_ms < next)
			next = d->command.deadline_ms;
	}
	return next;
}

size_t
pool_poll(const struct pool *pool, struct pollfd *fds)
{
	size_t	 count = 0;

	for (size_t i = 0; i < POOL_PLACES; i++) {
		const struct delivery	*d = &pool->places[i];

		if (d->busy && d->command.complaints != -1)
			fds[count++] = (struct pollfd){ .events = POLLIN,
			    .fd = d->command.complaints };
	}
	return count;
}
