/*
 * notify.h: what the service tells systemd, and the sockets that systemd has
 * passed to it.
 *
 * The protocol of sd_notify(3) and sd_listen_fds(3). Without libsystemd, or
 * if systemd did not start the service, the functions do nothing and there are
 * no sockets.
 */
#ifndef ORDERMUX_NOTIFY_H
#define ORDERMUX_NOTIFY_H

/* The descriptor of the first socket. */
#define NOTIFY_FIRST_SOCKET 3

/* How many sockets were passed, or -errno. Call it once: it clears the
 * environment, so that no child believes that the sockets are for itself. */
int	notify_sockets(void);

/* How often to call notify_alive(), in ms. 0 = systemd has no watchdog for us.
 * It is half of systemd's timeout, as sd_watchdog_enabled(3) recommends. */
unsigned	notify_interval(void);

/* The service answers requests. */
void	notify_ready(const char *status);

/* One line for "systemctl status". */
void	notify_status(const char *status);

/* Resets systemd's watchdog timer. */
void	notify_alive(void);

/* The service has begun to stop. That may take a while. */
void	notify_stopping(const char *status);

#endif
