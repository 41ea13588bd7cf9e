/*
 * report.c: says how the service is (see report.h). Called by the master.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "config/settings.h"
#include "daemon/child.h"
#include "daemon/notify.h"
#include "daemon/report.h"
#include "db/breaker.h"
#include "market/market.h"

#define TELL_INTERVAL 10000	/* ms between two numbers of requests */

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

/* Whether the courier does what it should, in a word or two. */
static const char *
describe_courier(const struct children *c)
{
	const struct child	*courier = &c->list[c->workers];
	uint64_t		 since = courier->slot->since_ms;

	if (courier->pid == 0)
		return "restarts after a pause";
	if (courier->slot->phase != SLOT_STARTING &&
	    clock_ms() > since + settings_silence(c->settings))
		return "hangs";
	return "up";
}

/* Adds the names of markets to the line, after a word; nothing if there are
 * none. "shut" says which: those whose file is wrong, or those whose database
 * cannot be used. */
static size_t
add_market_names(const struct children *c, const char *word, bool shut,
    char *buf, size_t n)
{
	const struct market_registry	*r = c->settings->markets;
	const struct market		*m;

	for (m = r->markets; m < r->markets + r->count; m++) {
		if (m->shut != shut || n >= REPORT_MAX || (!shut &&
		    !breaker_is_shut(&c->board.markets[m->index])))
			continue;
		n += (size_t)snprintf(buf + n, REPORT_MAX - n, "%s%s", word,
		    m->name);
		word = ", ";
	}
	return n;
}

/* Writes what must be told at once into the buffer: it changes only when
 * something has happened. */
static void
describe_state(const struct children *c, bool started, char buf[REPORT_MAX])
{
	size_t	 workers = children_running(c, CHILD_WORKER), n;

	if (workers < c->workers)
		n = (size_t)snprintf(buf, REPORT_MAX, "%zu of %zu workers, %zu "
		    "restart after a pause", workers, c->workers,
		    c->workers - workers);
	else
		n = (size_t)snprintf(buf, REPORT_MAX, "%s%zu workers",
		    started ? "" : "Starting ", workers);
	n += (size_t)snprintf(buf + n, REPORT_MAX - n, "; courier %s",
	    describe_courier(c));
	n = add_market_names(c, "; database down: ", false, buf, n);
	(void)add_market_names(c, "; shut, the file is wrong: ", true, buf, n);
}

/* Writes the line: the state, and what the workers have answered so far. */
static void
describe_work(const struct children *c, const char *state,
    char line[REPORT_MAX + 64])
{
	const struct slot	*slot;
	uint64_t		 requests = 0, failed = 0;

	for (size_t i = 0; i < c->workers; i++) {
		slot = c->list[i].slot;
		requests += slot->requests;
		failed += slot->answers[5];
	}
	(void)snprintf(line, REPORT_MAX + 64, "%s; %llu requests, %llu failed "
	    "(5xx)", state, (unsigned long long)requests,
	    (unsigned long long)failed);
}

void
report_state(struct report *report, const struct children *c)
{
	char		 state[REPORT_MAX], line[REPORT_MAX + 64];
	uint64_t	 now = clock_ms();
	bool		 started;

	if (c->stopping)
		return;
	started = all_workers_started(c);
	describe_state(c, started || report->ready, state);
	if (strcmp(state, report->state) == 0 && (started == report->ready ||
	    report->ready) && now < report->told_at + TELL_INTERVAL)
		return;
	describe_work(c, state, line);
	if (started && !report->ready) {
		report->ready = true;
		notify_ready(line);
		log_notice("ready", log_uint("workers", c->workers));
	} else
		notify_status(line);
	memcpy(report->state, state, sizeof(state));
	report->told_at = now;
}
