/*
 * listener.h: the socket on which nginx connects.
 *
 * Passed by systemd (ordermux.socket), so that a restart refuses nobody; or
 * opened by the daemon itself at [daemon] listen. Always non-blocking and
 * close-on-exec.
 */
#ifndef ORDERMUX_LISTENER_H
#define ORDERMUX_LISTENER_H

#include <stdbool.h>

#define LISTENER_PATH_MAX 108	/* with the NUL; sun_path, see unix(7) */

/* Connections that wait while all workers are busy. A full backlog on a unix
 * socket is an immediate 502 in nginx, so it is long. */
#define LISTENER_BACKLOG 512

struct listener {
	int	 fd;
	bool	 ours;		/* opened here: unlinked when we leave */
	char	 path[LISTENER_PATH_MAX];
};

/*
 * Takes the socket from systemd if one was passed (more than one, or one that
 * does not listen, is fatal), else opens "path" with mode 0660. A socket file
 * that somebody still answers on is fatal; a stale one is replaced. Errors
 * are fatal and say what to do.
 */
void	listener_open(struct listener *, const char *path);

/* Closes, and removes the file if it is ours. */
void	listener_close(struct listener *);

#endif
