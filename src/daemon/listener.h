/*
 * listener.h: the socket on which nginx connects.
 *
 * systemd passes it (ordermux.socket), so that a restart refuses no connection.
 * If systemd does not, the daemon opens it at [daemon] listen. It is always
 * non-blocking and close-on-exec.
 */
#ifndef ORDERMUX_LISTENER_H
#define ORDERMUX_LISTENER_H

#include <stdbool.h>

#define LISTENER_PATH_MAX 108	/* with the NUL; sun_path, see unix(7) */

/* How many connections may wait while all workers are busy. It is large: if the
 * backlog of a unix socket is full, nginx answers 502 at once. */
#define LISTENER_BACKLOG 512

struct listener {
	int	 fd;
	bool	 ours;		/* opened here: its file is ours, too */
	char	 path[LISTENER_PATH_MAX];
};

/*
 * Takes the socket that systemd has passed, or opens "path" with mode 0660. A
 * stale socket file is replaced. All errors end the program, and say what to
 * do: for example more than one socket, one that does not listen, or a path on
 * which another process listens.
 */
void	listener_open(struct listener *, const char *path);

/* Closes the socket, and removes its file if it was opened here. */
void	listener_close(struct listener *);

#endif
