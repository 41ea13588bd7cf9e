/*
 * notify.h: what is said to systemd, and what it has passed to us.
 *
 * The protocol of sd_notify(3) and sd_listen_fds(3). Without libsystemd, or
 * when nobody listens, telling does nothing and there is nothing passed.
 */
#ifndef ORDERMUX_NOTIFY_H
#define ORDERMUX_NOTIFY_H

/* The first of the sockets passed. */
#define NOTIFY_FIRST_SOCKET 3

/* How many sockets were passed. To be asked once: it then forgets them, so
 * that no child takes them for its own. Negative: -errno. */
int	notify_sockets(void);

/* How often systemd wants to hear notify_alive(), in ms; 0 = not at all.
 * Half of what it waits for, as sd_watchdog_enabled(3) recommends. */
unsigned	notify_interval(void);

/* The service answers requests. */
void	notify_ready(const char *status);

/* One line for "systemctl status". */
void	notify_status(const char *status);

/* The watchdog is fed. */
void	notify_alive(void);

/* The service has begun to stop; it may go on for a while. */
void	notify_stopping(const char *status);

#endif
