/*
 * listener.c: takes the socket for nginx from systemd, or opens it. Called by
 * main before the first fork. All errors end the program and say what to do. It
 * must not accept connections: worker.c does.
 *
 * FCGX_OpenSocket() is not used: it removes a socket that another daemon may
 * be using, leaves the mode to the umask, and ends the program by itself.
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

_Static_assert(LISTENER_PATH_MAX ==
    sizeof(((struct sockaddr_un *)NULL)->sun_path),
    "a path fits both or neither");

/* Gives the socket the mode 0660. nginx is in its group. */
#define SOCKET_UMASK	(S_IXUSR | S_IXGRP | S_IRWXO)

/* Whether the descriptor is a stream socket that listens. */
static bool
is_listening_socket(int fd)
{
	int		 type = 0, listens = 0;
	socklen_t	 len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return false;
	len = sizeof(listens);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == -1)
		return false;
	return type == SOCK_STREAM && listens != 0;
}

/* Takes the socket that systemd has passed. */
static void
take_passed_socket(struct listener *listener, int passed)
{
	if (passed > 1)
		fatal("systemd passed %d sockets: ordermux.socket must have "
		    "one ListenStream=", passed);
	if (!is_listening_socket(NOTIFY_FIRST_SOCKET))
		fatal("the socket that systemd passed does not listen: "
		    "ordermux.socket must use ListenStream= and Accept=no");
	listener->fd = NOTIFY_FIRST_SOCKET;
	listener->ours = false;
}

/* Makes room for the socket file: removes a stale socket. Ends the program if
 * the path is no socket, or if another process listens on it. */
static void
remove_stale_socket(const struct sockaddr_un *address)
{
	const char	*path = address->sun_path;
	struct stat	 st;
	int		 fd, rc;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return;
		fatal("cannot check %s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode))
		fatal("%s is not a socket: remove it, or change [daemon] "
		    "listen", path);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		fatal("cannot create a socket: %s", strerror(errno));
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	/* EAGAIN is a full backlog: a process listens. */
	if (rc == 0 || errno == EAGAIN)
		fatal("%s is in use: is ordermuxd running already?", path);
	if (errno != ECONNREFUSED && errno != ENOENT)
		fatal("cannot find out whether a process listens on %s: %s",
		    path, strerror(errno));
	(void)close(fd);
	if (unlink(path) == -1 && errno != ENOENT)
		fatal("cannot remove the stale socket %s: %s", path,
		    strerror(errno));
}

/* Opens a new socket. */
static void
open_own_socket(struct listener *listener, const char *path)
{
	struct sockaddr_un	 address = { .sun_family = AF_UNIX };
	mode_t			 mask;
	int			 rc;

	if (strlen(path) >= sizeof(address.sun_path))
		fatal("[daemon] listen: %s is longer than %zu bytes", path,
		    sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	strcpy(listener->path, path);
	remove_stale_socket(&address);

	listener->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (listener->fd == -1)
		fatal("cannot create a socket: %s", strerror(errno));
	mask = umask(SOCKET_UMASK);
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
	int	 passed, flags;

	memset(listener, 0, sizeof(*listener));
	passed = notify_sockets();
	if (passed < 0)
		fatal("cannot take the socket from systemd: %s",
		    strerror(-passed));
	if (passed > 0)
		take_passed_socket(listener, passed);
	else
		open_own_socket(listener, path);

	/* A worker that was too late for a connection must not block. */
	flags = fcntl(listener->fd, F_GETFL);
	if (flags == -1 ||
	    fcntl(listener->fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(listener->fd, F_SETFD, FD_CLOEXEC) == -1)
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
