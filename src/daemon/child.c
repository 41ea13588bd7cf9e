/*
 * child.c: starts and collects children (see child.h). Called by the master.
 * It must not know why the service stops, nor how long a request may take.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "config/settings.h"
#include "courier/courier.h"
#include "daemon/child.h"
#include "daemon/listener.h"
#include "daemon/title.h"
#include "daemon/worker.h"
#include "market/market.h"

/* The pause after a child that finished no request, in ms. It doubles. */
#define PAUSE_MIN	 2000
#define PAUSE_MAX	60000

/* [daemon] workers = auto */
#define WORKERS_PER_CPU	 4
#define WORKERS_AUTO	64	/* at most */

/* There is one courier, in the slot behind the workers'. */
#define COURIERS	 1

/*
 * The resolver's limits, in place of those in resolv.conf(5). A connection to
 * a database looks up the host's name with no deadline of its own. By default
 * a silent name server takes 5 s twice, and the worker would be killed.
 */
#define RESOLVER	"timeout:1 attempts:1"

/* The courier's name, by which pgrep(1) tells it from the workers. */
#define COURIER_NAME	"ordermuxcourier"

/* Log messages about a child, by its kind. */
static const struct {
	const char	*ended;
	const char	*killed;
	const char	*failed;	/* to start */
} child_messages[CHILD__MAX] = {
	[CHILD_WORKER] = { "worker ended", "worker killed",
	    "cannot start a worker" },
	[CHILD_COURIER] = { "courier ended", "courier killed",
	    "cannot start the courier" },
};

/* ---- the slots ---- */

size_t
child_workers(const struct settings *settings)
{
	long	 processors;

	if (settings->workers > 0)
		return settings->workers;
	processors = sysconf(_SC_NPROCESSORS_ONLN);
	if (processors < 1)
		processors = 1;
	if (processors > WORKERS_AUTO / WORKERS_PER_CPU)
		return WORKERS_AUTO;
	return (size_t)processors * WORKERS_PER_CPU;
}

void
children_init(struct children *c)
{
	c->workers = child_workers(c->settings);
	c->count = c->workers + COURIERS;
	c->list = calloc(c->count, sizeof(*c->list));
	if (c->list == NULL ||
	    !scoreboard_init(&c->board, c->workers, COURIERS))
		fatal("no memory for %zu workers: %s", c->workers,
		    strerror(errno));
	for (size_t i = 0; i < c->count; i++) {
		c->list[i].kind = i < c->workers ? CHILD_WORKER :
		    CHILD_COURIER;
		c->list[i].index = i;
		c->list[i].slot = &c->board.slots[i];
	}
}

void
children_free(struct children *c)
{
	scoreboard_free(&c->board);
	free(c->list);
}

/* ---- starting ---- */

/* Runs the child after the fork. Does not return. The child must end when its
 * master ends. The master may have ended before the child asked for that. */
static _Noreturn void
run_child(const struct children *c, const struct child *child, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	(void)close(c->signals);
	/* The process reads this when it first looks up a name. */
	(void)setenv("RES_OPTIONS", RESOLVER, 0);
	if (child->kind == CHILD_WORKER) {
		title_set("ordermuxd: worker %zu", child->index);
		exit(worker_run(c->listener->fd, child->settings, &c->board,
		    child->slot));
	}
	title_set("ordermuxd: courier");
	(void)prctl(PR_SET_NAME, COURIER_NAME);
	/* Only processes that accept connections may hold the socket. */
	(void)close(c->listener->fd);
	exit(courier_run(child->settings, &c->board, child->slot));
}

/* Delays the next start of a child. */
static void
delay_next_start(struct child *child)
{
	child->pause = child->pause == 0 ? PAUSE_MIN : child->pause * 2;
	if (child->pause > PAUSE_MAX)
		child->pause = PAUSE_MAX;
	child->due = clock_ms() + child->pause;
}

/* Starts a child in its slot. If fork fails, tries again after a pause. */
static void
spawn_child(struct children *c, struct child *child)
{
	pid_t	 parent = getpid(), pid;

	/* Nobody else writes to the slot now. */
	slot_clear(child->slot);
	child->settings = c->settings;
	child->requests = child->slot->requests;

	pid = fork();
	if (pid == 0)
		run_child(c, child, parent);
	if (pid == -1) {
		delay_next_start(child);
		log_error(child_messages[child->kind].failed,
		    log_uint("worker", child->index),
		    log_str("error", strerror(errno)),
		    log_uint("pause_ms", child->pause));
		return;
	}
	child->pid = pid;
	c->running++;
	log_debug("worker started", log_int("pid", pid),
	    log_uint("worker", child->index));
}

void
children_spawn_due(struct children *c)
{
	uint64_t	 now = clock_ms();

	if (c->stopping)
		return;
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].pid == 0 && c->list[i].due <= now)
			spawn_child(c, &c->list[i]);
}

uint64_t
children_next_spawn(const struct children *c)
{
	uint64_t	 next = UINT64_MAX;

	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].pid == 0 && c->list[i].due < next)
			next = c->list[i].due;
	return next;
}

/* ---- ending ---- */

/* The name of the market that a child was working for, "-" for none. */
static const char *
child_market_name(const struct child *child)
{
	const struct market_registry	*registry = child->settings->markets;
	uint32_t			 market = child->slot->market;

	return market < registry->count ? registry->markets[market].name : "-";
}

/* Describes a wait(2) status in the buffer. Returns the buffer. */
static const char *
describe_child_status(int status, char *buf, size_t cap)
{
	if (WIFSIGNALED(status))
		(void)snprintf(buf, cap, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		(void)snprintf(buf, cap, "exit %d", WEXITSTATUS(status));
	return buf;
}

/* Writes the log line about a child that ended or is killed: how, and what it
 * was doing. */
static void
log_child_end(enum log_level level, const char *msg, const struct child *child,
    const char *how)
{
	const struct slot	*slot = child->slot;
	uint64_t		 since = slot->since_ms, now = clock_ms();

	log_write(level, msg, LOG_FIELDS(
	    log_int("pid", child->pid),
	    log_uint("worker", child->index),
	    log_str("how", how),
	    log_str("phase", slot_phase_name(slot->phase)),
	    log_uint("phase_ms", now > since ? now - since : 0),
	    log_str("route", api_route_name(slot->route)),
	    log_str("market", child_market_name(child)),
	    log_uint("requests", slot->requests - child->requests),
	    log_uint("pause_ms", child->pause)));
}

/* A child has ended. Decides when to start the next one: if this one finished
 * no request, the next one will most likely fail too. */
static void
record_child_end(struct children *c, struct child *child, int status)
{
	bool	 success = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	char	 how[64];

	child->due = 0;
	if (child->slot->requests != child->requests || c->stopping)
		child->pause = 0;
	else
		delay_next_start(child);

	log_child_end(!success ? LOG_LEVEL_ERROR :
	    c->stopping ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE,
	    child_messages[child->kind].ended, child,
	    describe_child_status(status, how, sizeof(how)));
	child->pid = 0;
	slot_clear(child->slot);	/* it no longer waits for a database */
	c->running--;
}

void
children_reap(struct children *c)
{
	pid_t	 pid;
	int	 status;

	/* As process 1 of a container, we also get orphans: no child here has
	 * their pid. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < c->count; i++)
			if (c->list[i].pid == pid)
				record_child_end(c, &c->list[i], status);
}

/* ---- counting and signalling ---- */

size_t
children_running(const struct children *c, enum child_kind kind)
{
	size_t	 running = 0;

	for (size_t i = 0; i < c->count; i++)
		running += c->list[i].kind == kind && c->list[i].pid != 0;
	return running;
}

void
children_terminate(const struct children *c, enum child_kind kind)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].kind == kind && c->list[i].pid != 0)
			(void)kill(c->list[i].pid, SIGTERM);
}

void
child_kill(const struct child *child, const char *why)
{
	log_child_end(LOG_LEVEL_ERROR, child_messages[child->kind].killed,
	    child, why);
	(void)kill(child->pid, SIGKILL);
}
