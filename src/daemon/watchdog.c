/*
 * watchdog.c: finds children that hang (see watchdog.h). Called by the master.
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
#define CHECK_INTERVAL	 1000	/* between two checks */
#define DEADLINE_GRACE	 2000	/* for the worker to end it itself */
#define COURIER_GRACE	10000	/* for looking up names, say */
#define START_LIMIT	20000	/* to the first wait: no database is needed */

void
watchdog_init(struct watchdog *w)
{
	w->interval = notify_interval();
	w->notified_at = clock_ms();
	w->notify_at = w->notified_at + w->interval;
}

/* What a child is killed for. NULL = nothing: it is not late. */
static const char *
find_lateness(const struct child *child, uint64_t busy, uint64_t now)
{
	const struct settings	*settings = child->settings;
	const struct slot	*slot = child->slot;
	uint64_t		 since = slot->since_ms;
	uint64_t		 silent = now > since ? now - since : 0;

	if (busy == SLOT_CONDEMNED)
		return NULL;	/* it has been killed */
	if (slot->phase == SLOT_STARTING)
		return silent >= START_LIMIT ? "does not start" : NULL;
	if (child->kind == CHILD_COURIER)
		return silent >= settings_silence(settings) + COURIER_GRACE ?
		    "hangs" : NULL;
	return busy != 0 && now >= busy + settings->request_deadline +
	    DEADLINE_GRACE ? "request deadline exceeded" : NULL;
}

void
watchdog_kill_late(struct watchdog *w, const struct children *c)
{
	uint64_t	 now = clock_ms(), busy;
	const char	*why;

	if (now < w->check_at)
		return;
	w->check_at = now + CHECK_INTERVAL;
	for (size_t i = 0; i < c->count; i++) {
		busy = c->list[i].slot->busy_ms;
		if (c->list[i].pid == 0 ||
		    (why = find_lateness(&c->list[i], busy, now)) == NULL)
			continue;
		/* It may have finished just now, and begun another request,
		 * which must not die for the one before. */
		if (slot_condemn(c->list[i].slot, busy))
			child_kill(&c->list[i], why);
	}
}

/*
 * Whether a worker is responsive: it waits for work, has changed its phase
 * since the last notification, or is in a request within its deadline. A late
 * worker has been killed. If it is still there, that did not help.
 */
static bool
is_responsive(const struct watchdog *w, const struct child *child)
{
	const struct slot	*slot = child->slot;
	uint64_t		 busy = slot->busy_ms;

	return child->pid != 0 && busy != SLOT_CONDEMNED &&
	    (slot->phase == SLOT_WAITING || slot->since_ms >= w->notified_at ||
	    (busy != 0 && find_lateness(child, busy, clock_ms()) == NULL));
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
