/*
 * connection.h: opens and closes the connection to a host. Which host to use,
 * and whether its database is the right one, is decided above (ready.c).
 */
#ifndef ORDERMUX_CONNECTION_H
#define ORDERMUX_CONNECTION_H

#include "db/db_impl.h"

/* Changes the state of the connection (state.h), and does what belongs to the
 * change: nothing else writes db->state. */
void	db_event(struct db *, enum db_event);

/* Opens a connection to a host, unchecked; as the breaker's probe or not.
 * False after an error, which is then in the log; db_disconnect() must
 * follow. */
bool	db_connect(struct db *, size_t host, bool probe);

/* Closes the connection and forgets all that was prepared on it. How the last
 * wait ended stays known. */
void	db_disconnect(struct db *);

/*
 * After a call that lost its connection: closes it. DB_LOST if another try is
 * worth it. DB_AWAY if the wait for the server was in vain; the breaker is
 * then shut, or the host changed, so that others need not find out again.
 */
enum db_result	db_lose(struct db *);

/* Closes a connection that the server has ended, for example because it was
 * silent for too long. */
void	db_drop_ended(struct db *);

/* The host is read-only: changes to the next one, if there is one. */
void	db_leave_host(struct db *);

#endif
