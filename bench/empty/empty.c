/*
 * empty.c: a service without a database. It has the accept loop of the daemon
 * (daemon/worker.c, linked as it is), reads a request as the service does, and
 * answers with recorded bytes. bench/run measures it behind the same nginx
 * configuration: this is what HTTP and FastCGI cost.
 *
 *	empty SOCKET WORKERS DIR
 *
 * DIR has the answers: the files "create", "list", "detail" and "add", each
 * with the header and the body as they go to nginx. "add" is the answer of a
 * POST to the cart. The program runs until SIGTERM or until its parent ends.
 *
 * The functions of api/service.h are defined here in place of the library's.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/routes.h"
#include "api/service.h"
#include "base/log.h"
#include "base/slot.h"
#include "daemon/listener.h"
#include "daemon/worker.h"
#include "http/fcgi.h"

#define ANSWER_MAX	(256 * 1024)	/* bytes */
#define BODY_MAX	(64 * 1024)
#define WORKERS_MAX	256

enum answer_kind {
	ANSWER_CREATE,
	ANSWER_LIST,
	ANSWER_DETAIL,
	ANSWER_ADD,
	ANSWER__MAX
};

struct answer {
	const char	*name;
	char		*bytes;
	size_t		 len;
};

struct service {
	char	body[BODY_MAX];
};

static struct answer answers[ANSWER__MAX] = {
	[ANSWER_CREATE] = { .name = "create" },
	[ANSWER_LIST] = { .name = "list" },
	[ANSWER_DETAIL] = { .name = "detail" },
	[ANSWER_ADD] = { .name = "add" },
};

/* The worker refers to them; nobody looks a route up. */
const struct route_table api_routes;

/* ---- in place of api/service.c ---- */

struct service *
service_new(const struct settings *settings, const struct route_table *routes,
    const struct scoreboard *board, struct slot *slot)
{
	struct service	*service = malloc(sizeof(*service));

	(void)settings;
	(void)routes;
	(void)board;
	(void)slot;
	if (service == NULL)
		fatal("no memory");
	return service;
}

void
service_free(struct service *service)
{
	free(service);
}

void
service_idle(struct service *service)
{
	(void)service;
}

/* Returns which answer the request gets. */
static enum answer_kind
choose_answer(const FCGX_Request *request)
{
	const char	*method = FCGX_GetParam("REQUEST_METHOD",
	    request->envp);
	const char	*path = FCGX_GetParam("DOCUMENT_URI", request->envp);

	if (method == NULL || path == NULL)
		return ANSWER_DETAIL;
	if (strcmp(method, "POST") == 0)
		return strstr(path, "/cart/") != NULL ? ANSWER_ADD :
		    ANSWER_CREATE;
	return strstr(path, "/orders/") != NULL ? ANSWER_DETAIL : ANSWER_LIST;
}

void
service_handle(struct service *service, FCGX_Request *request)
{
	const struct answer	*answer = &answers[choose_answer(request)];
	const char		*length = FCGX_GetParam("CONTENT_LENGTH",
	    request->envp);
	int			 n = length != NULL ? atoi(length) : 0;

	if (n > BODY_MAX)
		fatal("a request with a body of %d bytes", n);
	if (n > 0)
		FCGX_GetStr(service->body, n, request->in);
	(void)fcgi_answer(request, answer->bytes, answer->len, NULL, 0);
}

/* ---- the program ---- */

/* Reads an answer from its file. */
static void
read_answer(struct answer *answer, const char *dir)
{
	char	 path[4096];
	FILE	*file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, answer->name);
	answer->bytes = malloc(ANSWER_MAX);
	file = fopen(path, "rb");
	if (file == NULL || answer->bytes == NULL)
		fatal("cannot read %s: %s", path, strerror(errno));
	answer->len = fread(answer->bytes, 1, ANSWER_MAX, file);
	if (ferror(file) || answer->len == 0 || answer->len == ANSWER_MAX)
		fatal("%s is empty, or too long", path);
	(void)fclose(file);
}

/* Starts a worker; returns its pid. */
static pid_t
start_worker(int listener, struct slot *slot)
{
	pid_t	 parent = getpid(), pid = fork();

	if (pid == -1)
		fatal("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	_exit(worker_run(listener, NULL, NULL, slot));
}

/* Waits for SIGTERM, or for a worker that ends too early. Returns the exit
 * status. */
static int
wait_for_end(const sigset_t *signals, const pid_t *pids, int count)
{
	int	 sig, status = EXIT_SUCCESS;

	if (sigwait(signals, &sig) != 0 || sig == SIGCHLD) {
		log_error("a worker has ended");
		status = EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++)
		(void)kill(pids[i], SIGTERM);
	while (wait(NULL) > 0)
		;
	return status;
}

int
main(int argc, char *argv[])
{
	static struct slot	 slots[WORKERS_MAX];
	pid_t			 pids[WORKERS_MAX];
	struct listener		 listener;
	sigset_t		 signals, all;
	int			 workers, status;

	workers = argc == 4 ? atoi(argv[2]) : 0;
	if (workers < 1 || workers > WORKERS_MAX) {
		fprintf(stderr, "usage: empty SOCKET WORKERS DIR\n");
		return 2;
	}
	for (int i = 0; i < ANSWER__MAX; i++)
		read_answer(&answers[i], argv[3]);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	listener_open(&listener, argv[1]);
	for (int i = 0; i < workers; i++)
		pids[i] = start_worker(listener.fd, &slots[i]);

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGCHLD);
	status = wait_for_end(&signals, pids, workers);
	listener_close(&listener);
	return status;
}
