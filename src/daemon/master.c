/*
 * master.c: keeps the workers and the courier alive. Called by main.
 *
 * It must stay so simple that nothing in it can fail: no request, no database,
 * no file, and no memory taken once the workers are running. Signals are read
 * from a signalfd; between them the master sleeps until the next thing is due.
 *
 * A reload (to come) is to give it a second configuration, to start children
 * with that in slots of their own, and to send SIGTERM to those with the
 * first. That is why each child knows its configuration, and nothing here
 * asks the master for "the" configuration once a child has been started.
 */
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/routes.h"
#include "api/service.h"
#include "base/scoreboard.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "base/outbox_signal.h"
#include "config/settings.h"
#include "courier/courier.h"
#include "daemon/listener.h"
#include "daemon/master.h"
#include "daemon/notify.h"
#include "daemon/worker.h"
#include "market/market.h"

/* Times in ms. */
#define MASTER_PAUSE_MIN	 2000	/* after a death before the first */
#define MASTER_PAUSE_MAX	60000	/* finished request; doubles */
#define MASTER_READY_POLL	   20	/* looking at the board until READY */
#define MASTER_DEADLINE_POLL	 1000	/* looking for requests without end */
#define MASTER_DEADLINE_GRACE	 2000	/* for a worker to end one by itself */

/* [daemon] workers = auto */
#define MASTER_PER_PROCESSOR	 4
#define MASTER_AUTO_MAX		64

/* There is one courier, in the slot behind the workers'. */
#define MASTER_COURIERS		 1

/*
 * What resolv.conf(5) may not decide: a host's name is looked up within one
 * connect to a database, where no deadline reaches, and with the usual 5 s
 * twice a name server that is silent would hold a worker until it is killed.
 */
#define MASTER_RESOLVER		 "timeout:1 attempts:1"

/* The courier's name in ps(1), where else it would be one of many. */
#define MASTER_COURIER_TITLE	"ordermuxcourier"

enum child_kind { CHILD_WORKER, CHILD_COURIER, CHILD__MAX };

/* What is said of a child, by its kind. */
static const struct {
	const char	*ended;
	const char	*killed;
	const char	*failed;	/* to start */
} child_words[CHILD__MAX] = {
	[CHILD_WORKER] = { "worker ended", "worker killed",
	    "cannot start a worker" },
	[CHILD_COURIER] = { "courier ended", "courier killed",
	    "cannot start the courier" },
};

/* A slot: a child, or the place where one is to be. */
struct child {
	enum child_kind		 kind;
	size_t			 index;
	pid_t			 pid;		/* 0 = none is running */
	const struct settings	*settings;	/* what it was started with */
	struct slot		*slot;
	uint64_t		 requests;	/* in the slot, at the start */
	uint64_t		 pause;		/* the last one; 0 = none */
	uint64_t		 due;		/* when to start the next one */
};

struct master {
	const struct listener	*listener;
	const struct settings	*settings;	/* for children to come */
	struct scoreboard		 board;
	struct child		*children;
	size_t			 count;		/* of children, of slots */
	size_t			 workers;	/* of them, the first ones */
	size_t			 running;	/* of all kinds */
	int			 signals;
	bool			 ready;
	bool			 stopping;
	bool			 told;		/* stopping: the workers, too */
	bool			 killed;
	uint64_t		 tell_at;	/* while stopping */
	uint64_t		 kill_at;
	uint64_t		 look_at;	/* for requests without end */
	uint64_t		 interval;	/* of the watchdog, 0 = none */
	uint64_t		 fed_at;
	uint64_t		 feed_at;
	char			 status[128];	/* as systemd knows it */
};

/*
 * How many workers there are to be.
 */
static size_t
master_worker_count(const struct settings *settings)
{
	long processors;

	if (settings->workers > 0)
		return settings->workers;
	processors = sysconf(_SC_NPROCESSORS_ONLN);
	if (processors < 1)
		processors = 1;
	if (processors > MASTER_AUTO_MAX / MASTER_PER_PROCESSOR)
		return MASTER_AUTO_MAX;
	return (size_t)processors * MASTER_PER_PROCESSOR;
}

/*
 * Blocks all signals, here and in the workers, which inherit that, and opens
 * the signalfd of those that mean something. Signals that tell of a fault
 * stay open: blocked, they would end the process all the same, but without
 * the report of a sanitizer. Returns the signalfd.
 */
static int
master_open_signals(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
	    SIGABRT, SIGTRAP, SIGSYS };
	static const int heard[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	sigset_t set;
	size_t i;
	int fd;

	/* Ignored by whoever started us, it would hide all deaths. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigfillset(&set);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(&set, faults[i]);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);

	(void)sigemptyset(&set);
	for (i = 0; i < sizeof(heard) / sizeof(heard[0]); i++)
		(void)sigaddset(&set, heard[i]);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd == -1)
		fatal("cannot wait for signals: %s", strerror(errno));
	return fd;
}

/*
 * Makes the slots. All memory that the master will ever need.
 */
static void
master_open_slots(struct master *master)
{
	size_t i;

	master->workers = master_worker_count(master->settings);
	master->count = master->workers + MASTER_COURIERS;
	master->children = calloc(master->count, sizeof(*master->children));
	if (master->children == NULL
	    || !scoreboard_init(&master->board, master->workers,
	    MASTER_COURIERS))
		fatal("no memory for %zu workers: %s", master->workers,
		    strerror(errno));
	for (i = 0; i < master->count; i++) {
		master->children[i].kind = i < master->workers ?
		    CHILD_WORKER : CHILD_COURIER;
		master->children[i].index = i;
		master->children[i].slot = &master->board.slots[i];
	}
}

static void
master_init(struct master *master)
{
	master->signals = master_open_signals();
	master_open_slots(master);
	if (!outbox_signal_init())
		fatal("cannot make an eventfd: %s", strerror(errno));
	master->interval = notify_interval();
	master->fed_at = clock_ms();
	master->feed_at = master->fed_at + master->interval;
}

static void
master_free(struct master *master)
{
	(void)close(master->signals);
	scoreboard_free(&master->board);
	outbox_signal_free();
	free(master->children);
}

/* ---- Birth ---- */

/*
 * The child's way after the fork; does not return. It is to end with its
 * master, and the master may have gone before it could ask for that.
 */
static _Noreturn void
master_become(const struct master *master, const struct child *child,
    pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	(void)close(master->signals);
	/* Read at the process's first look-up. */
	(void)setenv("RES_OPTIONS", MASTER_RESOLVER, 0);
	if (child->kind == CHILD_WORKER)
		exit(worker_run(master->listener->fd, child->settings,
		    &master->board, child->slot));
	(void)prctl(PR_SET_NAME, MASTER_COURIER_TITLE);
	/* Only who accepts from it may hold it. */
	(void)close(master->listener->fd);
	exit(courier_run(child->settings, &master->board, child->slot));
}

/*
 * Puts the next start of a child off: 2 s at first, then twice as long each
 * time, up to 60 s.
 */
static void
master_pause(struct child *child)
{
	child->pause = child->pause == 0 ? MASTER_PAUSE_MIN : child->pause * 2;
	if (child->pause > MASTER_PAUSE_MAX)
		child->pause = MASTER_PAUSE_MAX;
	child->due = clock_ms() + child->pause;
}

/*
 * Starts a child in a slot, or puts that off when there can be no process.
 */
static void
master_spawn(struct master *master, struct child *child)
{
	pid_t parent = getpid(), pid;

	/* The slot has no writer now but us. */
	slot_clear(child->slot);
	child->settings = master->settings;
	child->requests = child->slot->requests;

	pid = fork();
	if (pid == 0)
		master_become(master, child, parent);
	if (pid == -1) {
		master_pause(child);
		log_error(child_words[child->kind].failed,
		    log_uint("worker", child->index),
		    log_str("error", strerror(errno)),
		    log_uint("pause_ms", child->pause));
		return;
	}
	child->pid = pid;
	master->running++;
	log_debug("worker started", log_int("pid", pid),
	    log_uint("worker", child->index));
}

/*
 * Starts the children that are due; while stopping, none is.
 */
static void
master_spawn_due(struct master *master)
{
	uint64_t now = clock_ms();
	size_t i;

	if (master->stopping)
		return;
	for (i = 0; i < master->count; i++)
		if (master->children[i].pid == 0
		    && master->children[i].due <= now)
			master_spawn(master, &master->children[i]);
}

/* ---- Death ---- */

/*
 * The name of the market that a child was with, "-" for none.
 */
static const char *
master_market_name(const struct child *child)
{
	uint32_t market = child->slot->market;
	const struct market_registry *registry = child->settings->markets;

	return market < registry->count ? registry->markets[market].name : "-";
}

/*
 * Describes a wait(2) status in the buffer, and returns it.
 */
static const char *
master_describe_end(int status, char *buf, size_t cap)
{
	if (WIFSIGNALED(status))
		(void)snprintf(buf, cap, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		(void)snprintf(buf, cap, "exit %d", WEXITSTATUS(status));
	return buf;
}

/*
 * The line about a child and what it was at, for a death or a killing.
 */
static void
master_log_child(enum log_level level, const char *msg,
    const struct child *child, const char *how)
{
	const struct slot *slot = child->slot;
	uint64_t since = slot->since_ms, now = clock_ms();

	log_write(level, msg, LOG_FIELDS(
	    log_int("pid", child->pid),
	    log_uint("worker", child->index),
	    log_str("how", how),
	    log_str("phase", slot_phase_name(slot->phase)),
	    log_uint("phase_ms", now > since ? now - since : 0),
	    log_str("route", api_route_name(slot->route)),
	    log_str("market", master_market_name(child)),
	    log_uint("requests", slot->requests - child->requests),
	    log_uint("pause_ms", child->pause)));
}

/*
 * A child has ended. Decides when the next one starts: one that has not
 * finished a single request will most likely not do so the next time either.
 */
static void
master_bury(struct master *master, struct child *child, int status)
{
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	char how[64];

	child->due = 0;
	if (child->slot->requests != child->requests || master->stopping)
		child->pause = 0;
	else
		master_pause(child);

	master_log_child(!well ? LOG_LEVEL_ERROR :
	    master->stopping ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE,
	    child_words[child->kind].ended, child,
	    master_describe_end(status, how, sizeof(how)));
	child->pid = 0;
	slot_clear(child->slot);	/* it waits for no database any more */
	master->running--;
}

/*
 * Collects all children that have ended. A pid that is nobody's is an orphan
 * that came to us as process 1 of a container.
 */
static void
master_reap(struct master *master)
{
	size_t i;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < master->count; i++)
			if (master->children[i].pid == pid)
				master_bury(master, &master->children[i],
				    status);
}

/* ---- The end ---- */

/*
 * How many children of a kind are running.
 */
static size_t
master_running(const struct master *master, enum child_kind kind)
{
	size_t i, running = 0;

	for (i = 0; i < master->count; i++)
		running += master->children[i].kind == kind
		    && master->children[i].pid != 0;
	return running;
}

/*
 * Tells the children of a kind to end.
 */
static void
master_tell(const struct master *master, enum child_kind kind)
{
	const struct child *child;
	size_t i;

	for (i = 0; i < master->count; i++) {
		child = &master->children[i];
		if (child->kind == kind && child->pid != 0)
			(void)kill(child->pid, SIGTERM);
	}
}

/*
 * For how long the workers may go on while the courier ends: half of
 * stop_timeout, but only as long as they then have enough of it left for a
 * whole request. (The configuration has no shorter stop_timeout.)
 */
static unsigned
master_patience(const struct settings *settings)
{
	unsigned half = settings->stop_timeout / 2;
	unsigned spare = settings->stop_timeout - settings->request_deadline;

	return half < spare ? half : spare;
}

/*
 * Begins to stop: the courier is told. It may have to wait for a program that
 * waits for a gateway, and the next master cannot start before it has gone;
 * if the workers went now, nobody would be there for the customers until then.
 */
static void
master_stop(struct master *master)
{
	uint64_t now = clock_ms();

	if (master->stopping)
		return;
	master->stopping = true;
	master->tell_at = now + master_patience(master->settings);
	master->kill_at = now + master->settings->stop_timeout;
	log_notice("stopping", log_uint("workers",
	    master_running(master, CHILD_WORKER)));
	notify_stopping("Finishing the running deliveries");
	master_tell(master, CHILD_COURIER);
}

/*
 * Tells the workers when the courier has gone, or has taken too long: none
 * takes another request, and each finishes the one that it may have.
 */
static void
master_tell_workers(struct master *master)
{
	if (!master->stopping || master->told)
		return;
	if (master_running(master, CHILD_COURIER) > 0
	    && clock_ms() < master->tell_at)
		return;
	master->told = true;
	notify_status("Finishing the running requests");
	master_tell(master, CHILD_WORKER);
}

/*
 * Kills the children that have not finished in time.
 */
static void
master_kill_late(struct master *master)
{
	size_t i;

	if (!master->stopping || master->killed
	    || clock_ms() < master->kill_at)
		return;
	master->killed = true;
	for (i = 0; i < master->count; i++) {
		if (master->children[i].pid == 0)
			continue;
		master_log_child(LOG_LEVEL_ERROR,
		    child_words[master->children[i].kind].killed,
		    &master->children[i], "not finished in stop_timeout");
		(void)kill(master->children[i].pid, SIGKILL);
	}
}

/* ---- Requests without end ---- */

/*
 * Whether a worker is over its request's deadline, and has had the time to end
 * it by itself.
 */
static bool
master_overdue(const struct child *child, uint64_t now)
{
	uint64_t busy = child->slot->busy_ms;

	return busy != 0 && now >= busy + child->settings->request_deadline +
	    MASTER_DEADLINE_GRACE;
}

/*
 * Kills the workers that are over the request's deadline, and have not ended
 * it by themselves: whatever they are waiting for, nobody waits for them. Half
 * a request on the socket is one of these, as nothing else limits reading it.
 */
static void
master_kill_overdue(struct master *master)
{
	const struct child *child;
	uint64_t now = clock_ms();
	size_t i;

	if (now < master->look_at)
		return;
	master->look_at = now + MASTER_DEADLINE_POLL;
	for (i = 0; i < master->workers; i++) {
		child = &master->children[i];
		if (child->pid == 0 || !master_overdue(child, now))
			continue;
		master_log_child(LOG_LEVEL_ERROR, "worker killed", child,
		    "over the request deadline");
		(void)kill(child->pid, SIGKILL);
	}
}

/* ---- What systemd hears ---- */

/*
 * Whether each worker has come as far as waiting. The courier is not asked:
 * without it requests are answered all the same.
 */
static bool
master_complete(const struct master *master)
{
	size_t i;

	if (master_running(master, CHILD_WORKER) < master->workers)
		return false;
	for (i = 0; i < master->workers; i++)
		if (master->children[i].slot->phase == SLOT_STARTING)
			return false;
	return true;
}

/*
 * Writes what a sysadmin should see in "systemctl status".
 */
static void
master_describe_state(const struct master *master, bool complete, char *buf,
    size_t cap)
{
	size_t workers = master_running(master, CHILD_WORKER);

	if (workers < master->workers)
		(void)snprintf(buf, cap, "%zu of %zu workers; %zu paused "
		    "after ending before the first request",
		    workers, master->workers, master->workers - workers);
	else if (master->running < master->count)
		(void)snprintf(buf, cap, "%zu workers; the courier paused "
		    "after ending before its first message", workers);
	else
		(void)snprintf(buf, cap, complete || master->ready ?
		    "%zu workers" : "Starting %zu workers", workers);
}

/*
 * Tells READY once, and the number of workers whenever it has changed.
 */
static void
master_report(struct master *master)
{
	char status[sizeof(master->status)];
	bool complete;

	if (master->stopping)
		return;
	complete = master_complete(master);
	master_describe_state(master, complete, status, sizeof(status));
	if (complete && !master->ready) {
		master->ready = true;
		notify_ready(status);
		log_notice("ready", log_uint("workers", master->workers));
	} else if (strcmp(status, master->status) != 0)
		notify_status(status);
	memcpy(master->status, status, sizeof(status));
}

/*
 * Whether a worker looks alive: it waits for work, has changed its phase since
 * the watchdog was fed last, or is in a request that may still take its time.
 * One that is over that is killed; if it is still there, that did not help.
 */
static bool
master_alive(const struct master *master, const struct child *child)
{
	const struct slot *slot = child->slot;

	return child->pid != 0 && (slot->phase == SLOT_WAITING
	    || slot->since_ms >= master->fed_at
	    || (slot->busy_ms != 0 && !master_overdue(child, clock_ms())));
}

/*
 * Whether one of the workers looks alive. When all of them are paused, or are
 * finishing, it is the master that knows what it is doing.
 */
static bool
master_moves(const struct master *master)
{
	size_t i;

	if (master_running(master, CHILD_WORKER) == 0 || master->stopping)
		return true;
	for (i = 0; i < master->workers; i++)
		if (master_alive(master, &master->children[i]))
			return true;
	return false;
}

/*
 * Feeds the watchdog if it is time and the workers deserve it. If not, looks
 * again soon: systemd waits for as long again.
 */
static void
master_feed(struct master *master)
{
	uint64_t now = clock_ms();

	if (master->interval == 0 || now < master->feed_at)
		return;
	if (master_moves(master)) {
		notify_alive();
		master->fed_at = now;
		master->feed_at = now + master->interval;
	} else {
		log_error("no worker waits or moves: the watchdog is not fed",
		    log_uint("workers", master_running(master, CHILD_WORKER)),
		    log_uint("since_ms", now - master->fed_at));
		master->feed_at = now + master->interval / 8 + 1;
	}
}

/* ---- The loop ---- */

/*
 * When something is due next while stopping; not after "next".
 */
static uint64_t
master_next_stopping(const struct master *master, uint64_t next)
{
	if (!master->told && master->tell_at < next)
		next = master->tell_at;
	if (!master->killed && master->kill_at < next)
		next = master->kill_at;
	return next;
}

/*
 * When something is due next, of all that is not announced by a signal.
 * UINT64_MAX = never.
 */
static uint64_t
master_next(const struct master *master)
{
	uint64_t next = UINT64_MAX;
	size_t i;

	if (master->interval != 0)
		next = master->feed_at;
	if (master->look_at < next)
		next = master->look_at;
	if (master->stopping)
		return master_next_stopping(master, next);
	if (!master->ready
	    && master_running(master, CHILD_WORKER) == master->workers)
		next = clock_ms() + MASTER_READY_POLL;
	for (i = 0; i < master->count; i++)
		if (master->children[i].pid == 0
		    && master->children[i].due < next)
			next = master->children[i].due;
	return next;
}

/*
 * Sleeps until a signal comes or something is due.
 */
static void
master_sleep(const struct master *master)
{
	struct pollfd pfd = { .fd = master->signals, .events = POLLIN };
	uint64_t next = master_next(master), now = clock_ms();
	int timeout;

	if (next == UINT64_MAX)
		timeout = -1;
	else if (next <= now)
		timeout = 0;
	else
		timeout = next - now < INT_MAX ? (int)(next - now) : INT_MAX;
	if (poll(&pfd, 1, timeout) == -1 && errno != EINTR)
		panic("poll: %s", strerror(errno));
}

/*
 * Reads the signals that have come. SIGCHLD only ends the sleep.
 */
static void
master_hear(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signals, &info, sizeof(info))
	    == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			master_stop(master);
		else if (info.ssi_signo == SIGHUP)
			log_warning("SIGHUP changes nothing: restart the "
			    "service to read the configuration");
	}
}

int
master_run(const struct listener *listener, const struct settings *settings)
{
	struct master master = { .listener = listener, .settings = settings };

	master_init(&master);
	for (;;) {
		/* First the workers, as all that is said is about them. */
		master_spawn_due(&master);
		master_report(&master);
		master_feed(&master);
		master_sleep(&master);
		/* Orders before deaths: a worker that ends because it was
		 * told to must not be replaced. */
		master_hear(&master);
		master_reap(&master);
		master_tell_workers(&master);
		master_kill_overdue(&master);
		master_kill_late(&master);
		if (master.stopping && master.running == 0)
			break;
	}
	log_notice("stopped");
	master_free(&master);
	return EXIT_SUCCESS;
}
