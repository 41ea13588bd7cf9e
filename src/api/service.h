/*
 * service.h: all that one worker needs to answer requests: the
 * configuration, the token keys, its connections to the market databases and
 * an arena for the request at hand. Made in the worker after the fork.
 */
#ifndef ORDERMUX_SERVICE_H
#define ORDERMUX_SERVICE_H

#include <fcgiapp.h>

struct route_table;
struct scoreboard;
struct service;
struct settings;
struct slot;

/* Opens no connection: that happens at a market's first request. The routes
 * (api/routes.h), the board, this worker's slot on it and the settings must
 * outlive it. Never NULL. */
struct service *service_new(const struct settings *,
    const struct route_table *, const struct scoreboard *, struct slot *);

/* Answers one accepted request; the caller then closes its connection
 * (fcgi_close). Whatever the request holds, it comes back. */
void	service_handle(struct service *, FCGX_Request *);

/* The worker is about to wait for work: nothing may be left open in a
 * database while nobody needs it (see db/db.h, db_settle). */
void	service_idle(struct service *);

/* Closes the connections. */
void	service_free(struct service *);

#endif
