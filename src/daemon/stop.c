/*
 * stop.c: stops the service (see stop.h). Called by the master.
 */
#include "base/clock.h"
#include "base/log.h"
#include "config/settings.h"
#include "daemon/child.h"
#include "daemon/notify.h"
#include "daemon/stop.h"

/*
 * For how long the workers may go on while the courier ends: half of
 * stop_timeout, but only as long as the other part is enough for a whole
 * request. (settings.c accepts no stop_timeout shorter than a request.)
 */
static unsigned
workers_grace(const struct settings *settings)
{
	unsigned	 half = settings->stop_timeout / 2;
	unsigned	 spare = settings->stop_timeout -
	    settings->request_deadline;

	return half < spare ? half : spare;
}

void
stop_begin(struct stop *stop, struct children *c)
{
	uint64_t	 now = clock_ms();

	if (c->stopping)
		return;
	c->stopping = true;
	stop->tell_at = now + workers_grace(c->settings);
	stop->kill_at = now + c->settings->stop_timeout;
	log_notice("stopping", log_uint("workers",
	    children_running(c, CHILD_WORKER)));
	notify_stopping("Finishing the running deliveries");
	children_terminate(c, CHILD_COURIER);
}

void
stop_workers(struct stop *stop, const struct children *c)
{
	if (!c->stopping || stop->told)
		return;
	if (children_running(c, CHILD_COURIER) > 0 &&
	    clock_ms() < stop->tell_at)
		return;
	stop->told = true;
	notify_status("Finishing the running requests");
	children_terminate(c, CHILD_WORKER);
}

void
stop_kill_late(struct stop *stop, const struct children *c)
{
	if (!c->stopping || stop->killed || clock_ms() < stop->kill_at)
		return;
	stop->killed = true;
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].pid != 0)
			child_kill(&c->list[i], "stop_timeout exceeded");
}

uint64_t
stop_next(const struct stop *stop)
{
	uint64_t	 next = UINT64_MAX;

	if (!stop->told)
		next = stop->tell_at;
	if (!stop->killed && stop->kill_at < next)
		next = stop->kill_at;
	return next;
}
