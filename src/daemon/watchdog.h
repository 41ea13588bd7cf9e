/*
 * watchdog.h: children that hang. Kills them, and notifies systemd's watchdog
 * as long as a worker is responsive.
 */
#ifndef ORDERMUX_WATCHDOG_H
#define ORDERMUX_WATCHDOG_H

#include <stdint.h>

struct children;

struct watchdog {
	uint64_t	 interval;	/* between notifications; 0 = none */
	uint64_t	 notified_at;
	uint64_t	 notify_at;
	uint64_t	 check_at;	/* the children */
};

void	watchdog_init(struct watchdog *);

/*
 * Once a second, kills the children that are late:
 *
 * - workers that are in a request 2 s after its deadline. Whatever such a
 *   worker waits for, no client waits for it any more. This also limits how
 *   long a worker reads an incomplete request;
 * - the courier, if it has been silent for 10 s longer than it may be
 *   (settings_silence): its slot moves at least once a second, and at each
 *   wait for a database;
 * - children that do not wait for work 20 s after their start.
 */
void	watchdog_kill_late(struct watchdog *, const struct children *);

/* When it is time, notifies systemd if a worker is responsive. If not, tries
 * again soon: systemd waits for one more interval. */
void	watchdog_notify(struct watchdog *, const struct children *);

/* When there is something to do next. */
uint64_t	watchdog_next(const struct watchdog *);

#endif
