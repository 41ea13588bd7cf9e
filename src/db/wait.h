/*
 * wait.h: waiting for a server, with an end.
 *
 * Every call of the client library that waits for the server stands between
 * db_wait_begin() and db_wait_end(). The library then waits in
 * db_wait_for_server(), which ends the wait at the limit of its kind, at the
 * request's deadline, or if other markets need the worker (bulkhead.h). How
 * the last wait has ended is in db->wait.
 *
 * Rows that are fetched after db_wait_end() still belong to that wait.
 */
#ifndef ORDERMUX_WAIT_H
#define ORDERMUX_WAIT_H

#include "db/db_impl.h"

void	db_wait_begin(struct db *, enum db_wait_kind);
void	db_wait_end(struct db *);

/* db_wait_end(), if the server has answered. */
void	db_wait_answered(struct db *);

/* A client_wait (client.h). */
int	db_wait_for_server(int fd, bool reading);

/* How the last wait ended. A wait that took as long as it might has reached
 * its limit (or deadline), even if only the library noticed. */
enum db_wait_end db_wait_ended(const struct db *);

/* For the log. */
const char *	db_wait_end_name(enum db_wait_end);

/* Whether less time than this is left until the deadline. */
bool	db_too_late(const struct db *, uint64_t needed_ms);

/* Whether a statement may not even be sent, because no time is left or other
 * markets need the worker. The last wait is then one that ended so. */
bool	db_wait_refused(struct db *);

/* The connection is about to be freed. */
void	db_wait_forget(const struct db *);

#endif
