/*
 * worker.c: the accept loop. Called by the master in the child, after the
 * fork. It must not look into a request (api/service.h does), and must not
 * leave while one is running.
 *
 * The shape of the loop is measured, each part for a reason:
 * - The listener is non-blocking and in an epoll set of each worker with
 *   EPOLLEXCLUSIVE, so that one connection wakes one worker, and a worker
 *   that comes too late gets EAGAIN and not a wait that no signal ends.
 * - SIGTERM is read from a signalfd in the same set. A handler would be
 *   missed between the test and the wait, or interrupt libfcgi in the middle
 *   of a body; epoll_pwait() with an open mask does not see the signal while
 *   the listener is always ready.
 * - keepConnection is cleared: a kept connection pins a worker, with no
 *   timeout.
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
#include "base/log.h"
#include "base/slot.h"
#include "daemon/worker.h"

/*
 * How long FCGX_Finish_r() waits for the client to close, in ms. nginx closes
 * at once; the library's 2 s would let another client hold the worker.
 */
#define WORKER_CLOSE_TIMEOUT "100"

enum worker_event {
	WORKER_EVENT_NONE,
	WORKER_EVENT_CLIENT,	/* somebody may be connecting */
	WORKER_EVENT_LEAVE	/* SIGTERM */
};

struct worker {
	int		 listener;
	int		 term;		/* signalfd of SIGTERM */
	int		 epoll;
	struct slot	*slot;
	struct service	*service;
	FCGX_Request	 request;
};

/*
 * Adds a descriptor to the worker's set. Without it there is no worker, so
 * that a failure ends the process.
 */
static void
worker_watch(struct worker *worker, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		fatal("cannot watch a descriptor: %s", strerror(errno));
}

/*
 * Makes the set of the listener and SIGTERM.
 */
static void
worker_open_events(struct worker *worker)
{
	sigset_t term;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	worker->term = signalfd(-1, &term, SFD_NONBLOCK | SFD_CLOEXEC);
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->term == -1 || worker->epoll == -1)
		fatal("cannot wait for events: %s", strerror(errno));
	worker_watch(worker, worker->term, EPOLLIN);
	worker_watch(worker, worker->listener, EPOLLIN | EPOLLEXCLUSIVE);
}

/*
 * Prepares libfcgi. FCGX_Init() sets handlers for SIGPIPE, SIGUSR1 and
 * SIGTERM, which never run, as these are blocked; SIGPIPE is ignored as well,
 * in case a library unblocks it.
 */
static void
worker_open_fcgi(struct worker *worker)
{
	(void)setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", WORKER_CLOSE_TIMEOUT, 0);
	if (FCGX_Init() != 0)
		fatal("cannot initialise libfcgi");
	(void)signal(SIGPIPE, SIG_IGN);
	if (FCGX_InitRequest(&worker->request, worker->listener,
	    FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		fatal("cannot initialise a request");
}

/*
 * Asks the set once; timeout as epoll_wait(2). Returns what there is to do;
 * leaving comes first, or a busy worker would never leave.
 */
static enum worker_event
worker_poll(struct worker *worker, int timeout)
{
	struct epoll_event events[2];
	int i, n;

	n = epoll_wait(worker->epoll, events, 2, timeout);
	if (n == -1 && errno != EINTR)	/* EINTR: stopped and continued */
		panic("epoll_wait: %s", strerror(errno));
	for (i = 0; i < n; i++)
		if (events[i].data.fd == worker->term)
			return WORKER_EVENT_LEAVE;
	return n > 0 ? WORKER_EVENT_CLIENT : WORKER_EVENT_NONE;
}

/*
 * Waits for something to do, and returns it. Only a worker that has really
 * nothing to do gets as far as service_idle().
 */
static enum worker_event
worker_wait(struct worker *worker)
{
	enum worker_event event;

	event = worker_poll(worker, 0);
	if (event != WORKER_EVENT_NONE)
		return event;

	service_idle(worker->service);
	slot_set(worker->slot, SLOT_WAITING);
	do
		event = worker_poll(worker, -1);
	while (event == WORKER_EVENT_NONE);
	return event;
}

/*
 * Accepts one request and answers it. Returns false when there is no use in
 * trying again. What a client does wrong is dealt with inside libfcgi: only
 * accept(2) itself makes FCGX_Accept_r() fail.
 */
static bool
worker_serve(struct worker *worker)
{
	int rc;

	slot_set(worker->slot, SLOT_READING);
	rc = FCGX_Accept_r(&worker->request);
	if (rc == -EAGAIN || rc == -EINTR)
		return true;	/* another worker was faster */
	if (rc < 0) {
		log_error("cannot accept a request",
		    log_str("error", strerror(-rc)));
		return false;
	}

	worker->request.keepConnection = 0;
	service_handle(worker->service, &worker->request);
	slot_set(worker->slot, SLOT_WRITING);
	FCGX_Finish_r(&worker->request);
	return true;
}

/*
 * Gives everything back, so that a leak checker sees only leaks.
 */
static void
worker_close(struct worker *worker)
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
	struct worker worker = { .listener = listener, .slot = slot };
	int status = EXIT_SUCCESS;

	worker_open_events(&worker);
	worker_open_fcgi(&worker);
	worker.service = service_new(settings, &api_routes, board, slot);

	while (worker_wait(&worker) != WORKER_EVENT_LEAVE)
		if (!worker_serve(&worker)) {
			status = EXIT_FAILURE;
			break;
		}

	worker_close(&worker);
	return status;
}
