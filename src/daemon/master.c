/*
 * master.c: the master's loop, and the signals that it reads. Called by main.
 *
 * The master must stay so simple that nothing in it can fail: no request, no
 * database, no file, and no memory allocated once the workers are running.
 * Signals are read from a signalfd. Between signals the master sleeps until
 * something is due.
 *
 * A reload (to come) will give it a second configuration, start children with
 * that configuration in slots of their own, and send SIGTERM to the children
 * with the first one. That is why each child has its own pointer to its
 * configuration.
 */
#include <sys/signalfd.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/outbox_signal.h"
#include "daemon/child.h"
#include "daemon/master.h"
#include "daemon/report.h"
#include "daemon/stop.h"
#include "daemon/watchdog.h"

#define READY_POLL	20	/* ms between looks at the board until READY */

struct master {
	struct children	 children;
	struct watchdog	 watchdog;
	struct report	 report;
	struct stop	 stop;
	int		 signals;
};

/* ---- start ---- */

/*
 * Blocks all signals, also for the children, which inherit the mask. Opens a
 * signalfd for the signals that the master uses. Signals that report a fault
 * stay unblocked: blocked, they would still end the process, but without the
 * report of a sanitizer. Returns the signalfd.
 */
static int
open_master_signals(void)
{
	static const int	 faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
	    SIGABRT, SIGTRAP, SIGSYS };
	static const int	 used[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	sigset_t		 set;
	int			 fd;

	/* If our parent ignores it, we would not see any child end. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigfillset(&set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		(void)sigdelset(&set, faults[i]);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(used) / sizeof(*used); i++)
		(void)sigaddset(&set, used[i]);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd == -1)
		fatal("cannot create a signalfd: %s", strerror(errno));
	return fd;
}

/* Prepares everything that must exist before the first fork. */
static void
init_master(struct master *m)
{
	m->signals = m->children.signals = open_master_signals();
	children_init(&m->children);
	if (!outbox_signal_init())
		fatal("cannot create an eventfd: %s", strerror(errno));
	watchdog_init(&m->watchdog);
}

static void
free_master(struct master *m)
{
	(void)close(m->signals);
	children_free(&m->children);
	outbox_signal_free();
}

/* ---- waiting ---- */

/* When something is due next that no signal announces. */
static uint64_t
next_master_event(const struct master *m)
{
	const struct children	*c = &m->children;
	uint64_t		 next = watchdog_next(&m->watchdog), at;

	if (c->stopping) {
		at = stop_next(&m->stop);
		return at < next ? at : next;
	}
	at = children_next_spawn(c);
	next = at < next ? at : next;
	if (!m->report.ready &&
	    children_running(c, CHILD_WORKER) == c->workers) {
		at = clock_ms() + READY_POLL;
		next = at < next ? at : next;
	}
	return next;
}

/* Sleeps until a signal comes or something is due. */
static void
wait_for_signals(const struct master *m)
{
	struct pollfd	 pfd = { .fd = m->signals, .events = POLLIN };
	uint64_t	 next = next_master_event(m), now = clock_ms();
	int		 timeout = 0;

	if (next > now)
		timeout = next - now < INT_MAX ? (int)(next - now) : INT_MAX;
	if (poll(&pfd, 1, timeout) == -1 && errno != EINTR)
		panic("poll: %s", strerror(errno));
}

/* Reads the signals that have come. SIGCHLD only ends the sleep. */
static void
handle_master_signals(struct master *m)
{
	struct signalfd_siginfo	 info;

	while (read(m->signals, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop_begin(&m->stop, &m->children);
		else if (info.ssi_signo == SIGHUP)
			log_warning("SIGHUP is ignored: restart the "
			    "service to reload the configuration");
	}
}

/* ---- the loop ---- */

int
master_run(const struct listener *listener, const struct settings *settings)
{
	struct master	 m = { .children = { .listener = listener,
	    .settings = settings } };

	init_master(&m);
	do {
		/* This first: the reports are about the workers. */
		children_spawn_due(&m.children);
		report_state(&m.report, &m.children);
		watchdog_notify(&m.watchdog, &m.children);

		wait_for_signals(&m);

		/* This first: a worker that was told to end must not be
		 * replaced. */
		handle_master_signals(&m);
		children_reap(&m.children);
		stop_workers(&m.stop, &m.children);

		/* This last: a child that has just ended is not killed. */
		watchdog_kill_late(&m.watchdog, &m.children);
		stop_kill_late(&m.stop, &m.children);
	} while (!m.children.stopping || m.children.running > 0);
	log_notice("stopped");
	free_master(&m);
	return EXIT_SUCCESS;
}
