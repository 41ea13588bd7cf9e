/*
 * hosts.h: which of a market's database hosts is in use.
 *
 * All workers of a daemon use the same host: in a cluster, workers on several
 * hosts would conflict with each other. If one worker finds that the host does
 * not work, it changes to another, and all others follow.
 *
 * The first host is the preferred one, called home. After the workers have
 * left it, one of them tries it again after 10 s. If home fails again within
 * a minute of the return, the pause doubles, up to 10 minutes.
 *
 * Nothing here waits or fails. Times are clock_ms().
 */
#ifndef ORDERMUX_HOSTS_H
#define ORDERMUX_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

struct market;
struct scoreboard_market;

/* One process's view of the hosts of one market. */
struct hosts {
	const struct market	*market;
	struct scoreboard_market *shared;
};

/* Both must outlive it. The memory is zero at the start: home is in use. */
void	hosts_init(struct hosts *, const struct market *,
    struct scoreboard_market *);

/* The index of the host in use. */
size_t	hosts_current(const struct hosts *);

/* Changes to another host. Does nothing if another worker has changed the
 * host since the caller used "from". */
void	hosts_change(struct hosts *, size_t from, size_t to);

/* Whether the caller must try to connect to the first host now. Only one
 * worker is told so each time. */
bool	hosts_try_home(struct hosts *);

#endif
