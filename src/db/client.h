/*
 * client.h: what differs between the two client libraries, MariaDB
 * Connector/C and Oracle's libmysqlclient. No other file asks which of them it
 * is compiled for.
 */
#ifndef ORDERMUX_CLIENT_H
#define ORDERMUX_CLIENT_H

#include <mysql.h>
#include <stdbool.h>

#if defined(MARIADB_BASE_VERSION) || defined(MARIADB_VERSION_ID)
#define CLIENT_IS_MARIADB 1
#endif

/* MySQL 8 has bool where MySQL 5 and MariaDB have my_bool. */
#if defined(CLIENT_IS_MARIADB) || MYSQL_VERSION_ID < 80000
typedef my_bool client_bool;
#else
typedef bool client_bool;
#endif

/*
 * Sets up TLS; call it before mysql_real_connect(). "ca" is the file of a
 * certificate authority: the server must then have a certificate of that
 * authority for the name that we connect to. With "" there is no TLS. Both
 * are set explicitly, as the defaults of the libraries differ.
 */
void	client_set_tls(MYSQL *, const char *ca);

/*
 * Waits until the socket can be read (or written). 1 = it can, 0 = the wait is
 * over, -1 = error.
 */
typedef int client_wait(int fd, bool reading);

/*
 * Call it before mysql_real_connect(), always with the same function: the
 * library then calls this function wherever it would block in poll(2). Its own
 * timeouts are in whole seconds, and begin anew with each read. Oracle's
 * library cannot do this: there, nothing is set, and those timeouts must do.
 */
void	client_set_wait(MYSQL *, client_wait *);

/*
 * Call it after mysql_real_connect() with TLS: without it, MariaDB's library
 * blocks in read(2) and not in the function above. "room" is the number of
 * bytes of the longest statement. The socket must have room for them: if a
 * write would block, the library waits until it can read.
 */
void	client_unblock_tls(MYSQL *, int room);

/*
 * Call it after mysql_real_connect() without TLS: MariaDB's library then waits
 * for an answer before it reads. Without it, it tries to read, waits and reads.
 * Only after CLIENT_FIRST_WAIT (ms) does it call the function above: a wait may
 * end so much later than that function would end it. Most answers come sooner,
 * and all limits are much longer.
 */
#define CLIENT_FIRST_WAIT	20
void	client_wait_first(MYSQL *);

/* Whether the server has closed the connection. Asks it nothing. */
bool	client_ended(MYSQL *);

#endif
