/*
 * slot.c: the writer's half of a slot of the scoreboard.
 *
 * Called by the worker and by the request path in it, and by the master only
 * while the slot has no worker. It must never wait or fail: it is on the way
 * of every request.
 *
 * There is one writer, so a count is a load and a store; an atomic addition
 * would lock the cache line for nobody. Only busy_ms has two: the child
 * exchanges it at the start and the end of a request, and the master when it
 * condemns the child, so that one of them sees the other.
 */
#include <time.h>

#include "base/clock.h"
#include "base/slot.h"

#define STORE(field, value) \
	atomic_store_explicit((field), (value), memory_order_relaxed)
#define LOAD(field) \
	atomic_load_explicit((field), memory_order_relaxed)

static const char *const phase_names[SLOT__MAX] = {
	[SLOT_STARTING]	= "starting",
	[SLOT_WAITING]		= "waiting",
	[SLOT_READING]		= "reading",
	[SLOT_RULES]		= "rules",
	[SLOT_DATABASE]	= "database",
	[SLOT_WRITING]		= "writing",
};

bool
slot_set(struct slot *slot, enum slot_phase phase)
{
	uint64_t	 now = clock_ms(), busy = now;

	STORE(&slot->since_ms, now);
	STORE(&slot->phase, (uint32_t)phase);
	if (phase == SLOT_WAITING)
		busy = 0;
	else if (phase != SLOT_READING)
		return true;
	return atomic_exchange(&slot->busy_ms, busy) != SLOT_CONDEMNED;
}

bool
slot_condemn(struct slot *slot, uint64_t busy_ms)
{
	return atomic_compare_exchange_strong(&slot->busy_ms, &busy_ms,
	    SLOT_CONDEMNED);
}

void
slot_set_route(struct slot *slot, uint32_t route)
{
	STORE(&slot->route, route);
}

void
slot_enter(struct slot *slot, uint64_t now)
{
	STORE(&slot->held_keys[0], 0);
	STORE(&slot->held_keys[1], 0);
	STORE(&slot->entered_ms, now);
}

void
slot_leave(struct slot *slot)
{
	STORE(&slot->entered_ms, 0);
	STORE(&slot->lock_ms, 0);
}

void
slot_set_customer(struct slot *slot, uint64_t customer)
{
	STORE(&slot->customer, customer);
}

void
slot_set_market(struct slot *slot, uint32_t market)
{
	slot_leave(slot);
	slot_set_customer(slot, 0);
	STORE(&slot->market, market);
}

void
slot_clear(struct slot *slot)
{
	slot_set(slot, SLOT_STARTING);
	STORE(&slot->busy_ms, 0);
	slot_leave(slot);
	slot_set_route(slot, SLOT_NONE);
	slot_set_market(slot, SLOT_NONE);
}

/* The class of an HTTP status: 1 for 1xx and so on; 0 for none, and for what
 * is no status. */
static unsigned
slot_class(int status)
{
	return status >= 100 && status <= 599 ? (unsigned)status / 100 : 0;
}

void
slot_finished(struct slot *slot, int status)
{
	_Atomic uint64_t *answers = &slot->answers[slot_class(status)];

	STORE(answers, LOAD(answers) + 1);
	STORE(&slot->requests, LOAD(&slot->requests) + 1);
	slot_leave(slot);
	slot_set_route(slot, SLOT_NONE);
	slot_set_market(slot, SLOT_NONE);
}

const char *
slot_phase_name(uint32_t phase)
{
	return phase < SLOT__MAX ? phase_names[phase] : "unknown";
}
