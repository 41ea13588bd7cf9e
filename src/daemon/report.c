/*
 * report.c: says how the service is (see report.h). Called by the master.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/slot.h"
#include "daemon/child.h"
#include "daemon/notify.h"
#include "daemon/report.h"

/* Whether each worker has started and has waited for requests. The courier
 * does not count: requests are answered without it. */
static bool
all_workers_started(const struct children *c)
{
	if (children_running(c, CHILD_WORKER) < c->workers)
		return false;
	for (size_t i = 0; i < c->workers; i++)
		if (c->list[i].slot->phase == SLOT_STARTING)
			return false;
	return true;
}

/* Writes the status line into the buffer. */
static void
describe_state(const struct children *c, bool started, char *buf, size_t cap)
{
	size_t	 workers = children_running(c, CHILD_WORKER);

	if (workers < c->workers)
		(void)snprintf(buf, cap, "%zu of %zu workers; %zu restart "
		    "after a pause", workers, c->workers, c->workers - workers);
	else if (c->running < c->count)
		(void)snprintf(buf, cap, "%zu workers; the courier restarts "
		    "after a pause", workers);
	else
		(void)snprintf(buf, cap, started ? "%zu workers" :
		    "Starting %zu workers", workers);
}

void
report_state(struct report *report, const struct children *c)
{
	char	 status[sizeof(report->status)];
	bool	 started;

	if (c->stopping)
		return;
	started = all_workers_started(c);
	describe_state(c, started || report->ready, status, sizeof(status));
	if (started && !report->ready) {
		report->ready = true;
		notify_ready(status);
		log_notice("ready", log_uint("workers", c->workers));
	} else if (strcmp(status, report->status) != 0)
		notify_status(status);
	memcpy(report->status, status, sizeof(status));
}
