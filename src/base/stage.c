/*
 * stage.c: the writer's half of a slot of the scoreboard.
 *
 * Called by the worker and by the request path in it, and by the master only
 * while the slot has no worker. It must never wait or fail: it is on the way
 * of every request.
 *
 * There is one writer, so a count is a load and a store; an atomic addition
 * would lock the cache line for nobody.
 */
#include <time.h>

#include "base/clock.h"
#include "base/stage.h"

#define STORE(field, value) \
	atomic_store_explicit((field), (value), memory_order_relaxed)
#define LOAD(field) \
	atomic_load_explicit((field), memory_order_relaxed)

static const char *const phase_names[STAGE__MAX] = {
	[STAGE_STARTING]	= "starting",
	[STAGE_WAITING]		= "waiting",
	[STAGE_READING]		= "reading",
	[STAGE_RULES]		= "rules",
	[STAGE_DATABASE]	= "database",
	[STAGE_WRITING]		= "writing",
};

void
stage_set(struct stage *stage, enum stage_phase phase)
{
	uint64_t now = clock_ms();

	STORE(&stage->since_ms, now);
	STORE(&stage->phase, (uint32_t)phase);
	if (phase == STAGE_READING)
		STORE(&stage->busy_ms, now);
	else if (phase == STAGE_WAITING)
		STORE(&stage->busy_ms, 0);
}

void
stage_set_route(struct stage *stage, uint32_t route)
{
	STORE(&stage->route, route);
}

void
stage_enter(struct stage *stage)
{
	STORE(&stage->entered_ms, clock_ms());
}

void
stage_leave(struct stage *stage)
{
	STORE(&stage->entered_ms, 0);
}

void
stage_set_market(struct stage *stage, uint32_t market)
{
	stage_leave(stage);
	STORE(&stage->market, market);
}

void
stage_clear(struct stage *stage)
{
	stage_set(stage, STAGE_STARTING);
	STORE(&stage->busy_ms, 0);
	stage_leave(stage);
	stage_set_route(stage, STAGE_NONE);
	stage_set_market(stage, STAGE_NONE);
}

/*
 * The class of an HTTP status: 1 for 1xx and so on; 0 for none, and for what
 * is no status.
 */
static unsigned
stage_class(int status)
{
	return status >= 100 && status <= 599 ? (unsigned)status / 100 : 0;
}

void
stage_finished(struct stage *stage, int status)
{
	_Atomic uint64_t *answers = &stage->answers[stage_class(status)];

	STORE(answers, LOAD(answers) + 1);
	STORE(&stage->requests, LOAD(&stage->requests) + 1);
	stage_leave(stage);
	stage_set_route(stage, STAGE_NONE);
	stage_set_market(stage, STAGE_NONE);
}

const char *
stage_phase_name(uint32_t phase)
{
	return phase < STAGE__MAX ? phase_names[phase] : "unknown";
}
