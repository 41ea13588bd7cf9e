/*
 * db_error.h: what the error numbers of a server mean.
 */
#ifndef ORDERMUX_DB_ERROR_H
#define ORDERMUX_DB_ERROR_H

#include <stdbool.h>

#include "db/db.h"

/* What the error means for the caller who runs the transaction. */
enum db_result	db_classify(unsigned error);

/* The server is read-only: after a failover, the old primary. */
bool	db_error_read_only(unsigned error);

/* 1213; at COMMIT, a Galera cluster says so if it rejects the transaction. */
bool	db_error_deadlock(unsigned error);

/* 1461: the server has no room for a further prepared statement. */
bool	db_error_statements_full(unsigned error);

/* Something has ended a session of a server that works: somebody's KILL, or a
 * server that goes, which the next try will tell. */
bool	db_error_session_ended(unsigned error);

/* 1193: the server does not have this variable. */
bool	db_error_no_variable(unsigned error);

/* Logs the error as one line. The level depends on the result. */
void	db_log_failure(const struct db *, const char *what, enum db_result,
    unsigned error, const char *message);

#endif
