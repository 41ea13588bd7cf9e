/*
 * listener.c: takes the socket for nginx, or opens it. Called by main before
 * the first fork; all errors end the program and say what to do. It must not
 * accept: that is the workers' (worker.c).
 *
 * FCGX_OpenSocket() is not used: it unlinks a socket that another daemon may
 * be serving, leaves the mode to the umask, and exits by itself.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/listener.h"
#include "daemon/notify.h"

_Static_assert(LISTENER_PATH_MAX
    == sizeof(((struct sockaddr_un *)NULL)->sun_path),
    "a path that fits the one fits the other");

/* The mode 0660 of the socket: nginx is in its group, nobody else connects. */
#define LISTENER_UMASK	(S_IXUSR | S_IXGRP | S_IRWXO)

/*
 * Whether the descriptor is a stream socket that listens.
 */
static bool
listener_listens(int fd)
{
	int type = 0, listens = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return false;
	len = sizeof(listens);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == -1)
		return false;
	return type == SOCK_STREAM && listens != 0;
}

/*
 * Takes the socket that systemd has passed.
 */
static void
listener_take(struct listener *listener, int passed)
{
	if (passed > 1)
		fatal("systemd passed %d sockets: ordermux.socket must have "
		    "one ListenStream=", passed);
	if (!listener_listens(NOTIFY_FIRST_SOCKET))
		fatal("the socket that systemd passed does not listen: "
		    "ordermux.socket must use ListenStream= and Accept=no");
	listener->fd = NOTIFY_FIRST_SOCKET;
	listener->ours = false;
}

/*
 * Makes place for the socket file: a stale one is removed. Whatever else is
 * at the path is fatal, as is a socket that somebody answers on.
 */
static void
listener_clear(const struct sockaddr_un *address)
{
	const char *path = address->sun_path;
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return;
		fatal("cannot look at %s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode))
		fatal("%s is not a socket: remove it, or set another [daemon] "
		    "listen", path);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		fatal("cannot make a socket: %s", strerror(errno));
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	/* A full backlog (EAGAIN) is somebody, too. */
	if (rc == 0 || errno != ECONNREFUSED)
		fatal("%s is in use (%s): is ordermuxd running already?", path,
		    rc == 0 ? "it answers" : strerror(errno));
	(void)close(fd);
	if (unlink(path) == -1 && errno != ENOENT)
		fatal("cannot remove the stale socket %s: %s", path,
		    strerror(errno));
}

/*
 * Opens a socket of our own.
 */
static void
listener_make(struct listener *listener, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int rc;

	if (strlen(path) >= sizeof(address.sun_path))
		fatal("[daemon] listen: %s is longer than %zu bytes", path,
		    sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	strcpy(listener->path, path);
	listener_clear(&address);

	listener->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (listener->fd == -1)
		fatal("cannot make a socket: %s", strerror(errno));
	mask = umask(LISTENER_UMASK);
	rc = bind(listener->fd, (const struct sockaddr *)&address,
	    sizeof(address));
	if (rc == -1)
		fatal("cannot open %s: %s: its directory must exist and be "
		    "writable for this user", path, strerror(errno));
	(void)umask(mask);
	listener->ours = true;
	if (listen(listener->fd, LISTENER_BACKLOG) == -1)
		fatal("cannot listen on %s: %s", path, strerror(errno));
}

void
listener_open(struct listener *listener, const char *path)
{
	int passed, flags;

	memset(listener, 0, sizeof(*listener));
	passed = notify_sockets();
	if (passed < 0)
		fatal("cannot take the socket from systemd: %s",
		    strerror(-passed));
	if (passed > 0)
		listener_take(listener, passed);
	else
		listener_make(listener, path);

	/* Workers that lose the race for a connection must not block. */
	flags = fcntl(listener->fd, F_GETFL);
	if (flags == -1
	    || fcntl(listener->fd, F_SETFL, flags | O_NONBLOCK) == -1
	    || fcntl(listener->fd, F_SETFD, FD_CLOEXEC) == -1)
		fatal("cannot set up the listening socket: %s",
		    strerror(errno));
}

void
listener_close(struct listener *listener)
{
	if (listener->ours)
		(void)unlink(listener->path);
	(void)close(listener->fd);
	listener->fd = -1;
	listener->ours = false;
}
