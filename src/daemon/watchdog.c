/*
 * watchdog.c: finds workers that hang (see watchdog.h). Called by the master.
 * It knows them by their slots alone, and asks them nothing.
 */
#include <stdbool.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "config/settings.h"
#include "daemon/child.h"
#include "daemon/notify.h"
#include "daemon/watchdog.h"

/* Times in ms. */
#define DEADLINE_INTERVAL	1000	/* between two checks */
#define DEADLINE_GRACE		2000	/* for the worker to end it itself */

void
watchdog_init(struct watchdog *w)
{
	w->interval = notify_interval();
	w->notified_at = clock_ms();
	w->notify_at = w->notified_at + w->interval;
}

/* Whether a worker is over its request's deadline, and has had the time to end
 * the request by itself. */
static bool
is_overdue(const struct child *child, uint64_t now)
{
	uint64_t	 busy = child->slot->busy_ms;

	return busy != 0 && now >= busy + child->settings->request_deadline +
	    DEADLINE_GRACE;
}

void
watchdog_kill_overdue(struct watchdog *w, const struct children *c)
{
	uint64_t	 now = clock_ms();

	if (now < w->check_at)
		return;
	w->check_at = now + DEADLINE_INTERVAL;
	for (size_t i = 0; i < c->workers; i++)
		if (c->list[i].pid != 0 && is_overdue(&c->list[i], now))
			child_kill(&c->list[i], "request deadline exceeded");
}

/*
 * Whether a worker is responsive: it waits for work, has changed its phase
 * since the last notification, or is in a request within its deadline. A
 * worker over its deadline has been killed. If it is still there, that did not
 * help.
 */
static bool
is_responsive(const struct watchdog *w, const struct child *child)
{
	const struct slot	*slot = child->slot;

	return child->pid != 0 && (slot->phase == SLOT_WAITING ||
	    slot->since_ms >= w->notified_at ||
	    (slot->busy_ms != 0 && !is_overdue(child, clock_ms())));
}

/* Whether any worker is responsive. If all are paused or finishing, the master
 * knows why, and the answer is yes. */
static bool
any_responsive(const struct watchdog *w, const struct children *c)
{
	if (children_running(c, CHILD_WORKER) == 0 || c->stopping)
		return true;
	for (size_t i = 0; i < c->workers; i++)
		if (is_responsive(w, &c->list[i]))
			return true;
	return false;
}

void
watchdog_notify(struct watchdog *w, const struct children *c)
{
	uint64_t	 now = clock_ms();

	if (w->interval == 0 || now < w->notify_at)
		return;
	if (any_responsive(w, c)) {
		notify_alive();
		w->notified_at = now;
		w->notify_at = now + w->interval;
	} else {
		log_error("no worker is responsive: watchdog not notified",
		    log_uint("workers", children_running(c, CHILD_WORKER)),
		    log_uint("since_ms", now - w->notified_at));
		w->notify_at = now + w->interval / 8 + 1;
	}
}

uint64_t
watchdog_next(const struct watchdog *w)
{
	if (w->interval != 0 && w->notify_at < w->check_at)
		return w->notify_at;
	return w->check_at;
}
