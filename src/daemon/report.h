/*
 * report.h: the state of the service, as "systemctl status" shows it.
 */
#ifndef ORDERMUX_REPORT_H
#define ORDERMUX_REPORT_H

#include <stdbool.h>

struct children;

struct report {
	bool	 ready;		/* systemd has been told */
	char	 status[128];	/* the line that systemd has */
};

/* Tells systemd READY when each worker has waited for requests, and the
 * number of workers whenever it has changed. */
void	report_state(struct report *, const struct children *);

#endif
