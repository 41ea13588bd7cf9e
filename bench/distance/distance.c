/*
 * distance.c: puts a distance between the service and its database. What one
 * side sends reaches the other side a time later. What is sent together arrives
 * together, as on a network: a proxy that waits with each packet would make
 * pipelined statements look slow.
 *
 *	distance LISTEN SERVER US
 *
 * LISTEN and SERVER are unix sockets, US is the time there and back in
 * microseconds; 0 shows what the proxy itself costs. It runs until SIGTERM or
 * until its parent ends.
 *
 * One process, one epoll set. Each direction of a connection is a queue of
 * chunks, each with the time at which it is due.
 */
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define CHUNK_MAX	(64 * 1024)	/* bytes */
#define EVENTS_MAX	64
#define BACKLOG		512

struct chunk {
	struct chunk	*next;
	int64_t		 due;		/* clock_monotonic_us() */
	size_t		 len;		/* 0: the sender has closed */
	char		 data[];
};

/* One direction. */
struct way {
	int		 from;
	int		 to;
	struct chunk	*first;
	struct chunk	*last;
	struct passage	*passage;
};

struct passage {
	struct passage	*next;
	struct way	 ways[2];
	bool		 ended;
};

struct distance {
	int			 listener;
	int			 epoll;
	struct sockaddr_un	 server;
	int64_t			 delay;		/* of one direction, us */
	struct passage		*passages;
};

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un	 address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		fatal("%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	return address;
}

static void *
allocate(size_t size)
{
	void	*memory = calloc(1, size);

	if (memory == NULL)
		fatal("no memory");
	return memory;
}

/* Watches a descriptor; its events have this pointer. */
static void
watch(struct distance *d, int fd, void *pointer)
{
	struct epoll_event	 event = { .events = EPOLLIN,
		.data.ptr = pointer };

	if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		fatal("epoll: %s", strerror(errno));
}

/* Accepts a connection, and connects to the server for it. If the server does
 * not accept it, the client sees that its connection is closed. */
static void
welcome(struct distance *d)
{
	int		 client = accept4(d->listener, NULL, NULL,
	    SOCK_CLOEXEC);
	int		 server;
	struct passage	*p;

	if (client == -1)
		return;
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server == -1 || connect(server,
	    (const struct sockaddr *)&d->server, sizeof(d->server)) == -1) {
		(void)close(client);
		if (server != -1)
			(void)close(server);
		return;
	}
	p = allocate(sizeof(*p));
	p->ways[0] = (struct way){ .from = client, .to = server,
	    .passage = p };
	p->ways[1] = (struct way){ .from = server, .to = client,
	    .passage = p };
	p->next = d->passages;
	d->passages = p;
	watch(d, client, &p->ways[0]);
	watch(d, server, &p->ways[1]);
}

/* Takes what has come, and puts it into the queue. */
static void
take(const struct distance *d, struct way *way)
{
	static char	 data[CHUNK_MAX];
	ssize_t		 n = recv(way->from, data, sizeof(data), MSG_DONTWAIT);
	struct chunk	*chunk;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		(void)epoll_ctl(d->epoll, EPOLL_CTL_DEL, way->from, NULL);
	n = n > 0 ? n : 0;
	chunk = allocate(sizeof(*chunk) + (size_t)n);
	chunk->due = clock_monotonic_us() + d->delay;
	chunk->len = (size_t)n;
	memcpy(chunk->data, data, (size_t)n);
	if (way->last != NULL)
		way->last->next = chunk;
	else
		way->first = chunk;
	way->last = chunk;
}

/* Sends all of it. Returns false if the receiver has gone. */
static bool
send_whole(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t	 n = send(fd, data, len, MSG_NOSIGNAL);

		if (n == -1 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Delivers what is due. Returns when the next chunk is, or -1. */
static int64_t
deliver(struct way *way)
{
	while (way->first != NULL && !way->passage->ended) {
		struct chunk	*chunk = way->first;

		if (chunk->due > clock_monotonic_us())
			return chunk->due;
		if (chunk->len == 0 ||
		    !send_whole(way->to, chunk->data, chunk->len))
			way->passage->ended = true;
		way->first = chunk->next;
		if (way->first == NULL)
			way->last = NULL;
		free(chunk);
	}
	return -1;
}

/* Closes a passage and frees it. */
static void
end_passage(struct passage *p)
{
	for (int i = 0; i < 2; i++) {
		(void)close(p->ways[i].from);
		while (p->ways[i].first != NULL) {
			struct chunk	*chunk = p->ways[i].first;

			p->ways[i].first = chunk->next;
			free(chunk);
		}
	}
	free(p);
}

/* Delivers on all passages, and frees those that have ended. Returns when the
 * next chunk is due, or -1. */
static int64_t
deliver_all(struct distance *d)
{
	struct passage	**at = &d->passages, *p;
	int64_t		  next = -1;

	while ((p = *at) != NULL) {
		for (int i = 0; i < 2; i++) {
			int64_t	 due = deliver(&p->ways[i]);

			if (due != -1 && (next == -1 || due < next))
				next = due;
		}
		if (p->ended) {
			*at = p->next;
			end_passage(p);
		} else
			at = &p->next;
	}
	return next;
}

/* Waits for events until the time "due" (-1: any time), and takes what has
 * come. */
static void
look(struct distance *d, int64_t due)
{
	struct epoll_event	 events[EVENTS_MAX];
	struct timespec		 rest;
	int64_t			 us = due - clock_monotonic_us();
	int			 n;

	us = us > 0 ? us : 0;
	rest = (struct timespec){ .tv_sec = us / 1000000,
	    .tv_nsec = us % 1000000 * 1000 };
	n = epoll_pwait2(d->epoll, events, EVENTS_MAX,
	    due == -1 ? NULL : &rest, NULL);
	if (n == -1 && errno != EINTR)
		fatal("epoll: %s", strerror(errno));
	for (int i = 0; i < n; i++)
		if (events[i].data.ptr == d)
			welcome(d);
		else
			take(d, events[i].data.ptr);
}

int
main(int argc, char *argv[])
{
	static struct distance	 d;
	struct sockaddr_un	 address;

	if (argc != 4) {
		fprintf(stderr, "usage: distance LISTEN SERVER US\n");
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* The default slack of timers, 50 us, would be a tenth of the time. */
	(void)prctl(PR_SET_TIMERSLACK, 1000);
	address = address_of(argv[1]);
	d.server = address_of(argv[2]);
	d.delay = strtoll(argv[3], NULL, 10) / 2;
	d.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	d.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (d.listener == -1 || d.epoll == -1 || bind(d.listener,
	    (const struct sockaddr *)&address, sizeof(address)) == -1 ||
	    listen(d.listener, BACKLOG) == -1)
		fatal("cannot listen on %s: %s", argv[1], strerror(errno));
	watch(&d, d.listener, &d);
	for (;;)
		look(&d, deliver_all(&d));
}
