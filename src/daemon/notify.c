/*
 * notify.c: the only file that uses systemd's library. Called by the listener,
 * and by the master's files. It must not fail: if a message to systemd is lost,
 * systemd has its own timeouts.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>	/* in <>: "config.h" would be the daemon's */
#endif

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "daemon/notify.h"

#ifdef HAVE_SYSTEMD

_Static_assert(NOTIFY_FIRST_SOCKET == SD_LISTEN_FDS_START,
    "systemd passes sockets from here on");

int
notify_sockets(void)
{
	return sd_listen_fds(1);
}

unsigned
notify_interval(void)
{
	uint64_t	 usec = 0, ms;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	ms = usec / 2000;
	if (ms == 0)
		return 1;
	return ms < INT_MAX ? (unsigned)ms : INT_MAX;
}

void
notify_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void
notify_status(const char *status)
{
	(void)sd_notifyf(0, "STATUS=%s", status);
}

void
notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

void
notify_stopping(const char *status)
{
	(void)sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

#else /* no systemd */

int
notify_sockets(void)
{
	return 0;
}

unsigned
notify_interval(void)
{
	return 0;
}

void
notify_ready(const char *status)
{
	(void)status;
}

void
notify_status(const char *status)
{
	(void)status;
}

void
notify_alive(void)
{
}

void
notify_stopping(const char *status)
{
	(void)status;
}

#endif
