/*
 * report.h: the state of the service, as "systemctl status" shows it.
 */
#ifndef ORDERMUX_REPORT_H
#define ORDERMUX_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct children;

#define REPORT_MAX 256	/* bytes of the line, with the NUL */

struct report {
	bool		 ready;			/* systemd has been told */
	char		 state[REPORT_MAX];	/* what systemd knows of it */
	uint64_t	 told_at;
};

/*
 * Tells systemd READY when each worker has waited for requests, and its line
 * whenever something has changed in it: workers, courier and markets that do
 * not work. The number of requests is brought up to date every 10 s:
 *
 *	8 workers; courier up; database down: us; 4711 requests, 3 failed (5xx)
 */
void	report_state(struct report *, const struct children *);

#endif
