/*
 * worker.c: the accept loop. Called by the master in the child, after the
 * fork. It must not look into a request (api/service.h does), and must not
 * end while a request is running.
 *
 * Each part of the loop has a reason, and was measured:
 * - The listener is non-blocking. Each worker has it in an epoll set of its
 *   own, with EPOLLEXCLUSIVE. So one connection wakes one worker, and a worker
 *   that comes too late gets EAGAIN. It does not wait where no signal can
 *   wake it.
 * - SIGTERM is read from a signalfd in the same set. A signal handler could
 *   run between the test and the wait, where it would be missed, or interrupt
 *   libfcgi while it reads a body. epoll_pwait() with an unblocked SIGTERM
 *   does not see the signal while the listener is always ready.
 * - The connection is closed after each request. One that is kept open holds
 *   its worker, with no timeout.
 */
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <errno.h>
#include <fcgiapp.h>
#include <fcgios.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/routes.h"
#include "api/service.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "daemon/worker.h"
#include "http/fcgi.h"

/* How long, in ms, a busy worker takes one request after the other without a
 * look at its events. */
#define LOOK_MS	100

enum worker_event {
	WORKER_EVENT_NONE,
	WORKER_EVENT_CLIENT,	/* a connection may be waiting */
	WORKER_EVENT_STOP	/* SIGTERM; or we are about to be killed */
};

struct worker {
	int		 listener;
	int		 term;		/* signalfd of SIGTERM */
	int		 epoll;
	bool		 served;	/* a request; since it last waited */
	uint64_t	 looked_ms;	/* for events */
	struct slot	*slot;
	struct service	*service;
	FCGX_Request	 request;
};

/* Adds a descriptor to the worker's epoll set. The worker cannot run without
 * it: a failure ends the process. */
static void
watch_worker_fd(struct worker *worker, int fd, uint32_t events)
{
	struct epoll_event	 event = { .events = events, .data.fd = fd };

	if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		fatal("cannot add a descriptor to epoll: %s", strerror(errno));
}

/* Makes the epoll set of the listener and SIGTERM. */
static void
open_worker_events(struct worker *worker)
{
	sigset_t	 term;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	worker->term = signalfd(-1, &term, SFD_NONBLOCK | SFD_CLOEXEC);
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->term == -1 || worker->epoll == -1)
		fatal("cannot create epoll or signalfd: %s", strerror(errno));
	watch_worker_fd(worker, worker->term, EPOLLIN);
	watch_worker_fd(worker, worker->listener, EPOLLIN | EPOLLEXCLUSIVE);
}

/* Prepares libfcgi. FCGX_Init() sets handlers for SIGPIPE, SIGUSR1 and
 * SIGTERM, which never run, as these are blocked; SIGPIPE is ignored as well,
 * in case a library unblocks it. */
static void
open_worker_fcgi(struct worker *worker)
{
	(void)setenv(FCGI_CLOSE_TIMEOUT_NAME, FCGI_CLOSE_TIMEOUT, 0);
	if (FCGX_Init() != 0)
		fatal("cannot initialise libfcgi");
	(void)signal(SIGPIPE, SIG_IGN);
	if (FCGX_InitRequest(&worker->request, worker->listener,
	    FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		fatal("cannot initialise a request");
}

/* Looks for events once, with a timeout as in epoll_wait(2). Returns what to do
 * next. Stopping comes first, or a busy worker would never stop. */
static enum worker_event
poll_worker_events(struct worker *worker, int timeout)
{
	struct epoll_event	 events[2];
	int			 n;

	n = epoll_wait(worker->epoll, events, 2, timeout);
	if (n == -1 && errno != EINTR)	/* EINTR: SIGSTOP and SIGCONT */
		panic("epoll_wait: %s", strerror(errno));
	for (int i = 0; i < n; i++)
		if (events[i].data.fd == worker->term)
			return WORKER_EVENT_STOP;
	return n > 0 ? WORKER_EVENT_CLIENT : WORKER_EVENT_NONE;
}

/* Waits for something to do, and returns it. After a request the next one may
 * be waiting: accept(2) says so too. service_idle() is called only when there
 * is nothing to do now. */
static enum worker_event
wait_for_work(struct worker *worker)
{
	enum worker_event	 event;
	uint64_t		 now = clock_ms();

	if (worker->served) {
		if (now - worker->looked_ms < LOOK_MS)
			return WORKER_EVENT_CLIENT;
		worker->looked_ms = now;
		event = poll_worker_events(worker, 0);
		if (event != WORKER_EVENT_NONE)
			return event;
	}

	service_idle(worker->service);
	if (!slot_set(worker->slot, SLOT_WAITING))
		return WORKER_EVENT_STOP;
	do
		event = poll_worker_events(worker, -1);
	while (event == WORKER_EVENT_NONE);
	worker->looked_ms = clock_ms();
	return event;
}

/* Accepts one request and answers it. Returns false when the worker cannot
 * accept any more. libfcgi handles errors of clients by itself: FCGX_Accept_r()
 * fails only if accept(2) does. */
static bool
serve_request(struct worker *worker)
{
	int	 rc;

	/* Condemned while it was late: a request that began now would die. */
	if (!slot_set(worker->slot, SLOT_READING))
		return false;
	rc = FCGX_Accept_r(&worker->request);
	worker->served = rc == 0;
	if (rc == -EAGAIN || rc == -EINTR)
		return true;	/* none, or another worker was faster */
	if (rc < 0) {
		log_error("cannot accept a request",
		    log_str("error", strerror(-rc)));
		return false;
	}

	service_handle(worker->service, &worker->request);
	fcgi_close(&worker->request);
	return true;
}

/* Frees everything, so that a leak checker sees only leaks. */
static void
close_worker(struct worker *worker)
{
	FCGX_Free(&worker->request, 1);
	OS_LibShutdown();
	service_free(worker->service);
	(void)close(worker->epoll);
	(void)close(worker->term);
}

int
worker_run(int listener, const struct settings *settings,
    const struct scoreboard *board, struct slot *slot)
{
	struct worker	 worker = { .listener = listener, .slot = slot };
	int		 status = EXIT_SUCCESS;

	open_worker_events(&worker);
	open_worker_fcgi(&worker);
	worker.service = service_new(settings, &api_routes, board, slot);

	while (wait_for_work(&worker) != WORKER_EVENT_STOP)
		if (!serve_request(&worker)) {
			status = EXIT_FAILURE;
			break;
		}

	close_worker(&worker);
	return status;
}
