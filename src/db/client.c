/*
 * client.c: see client.h.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "db/client.h"

/* Whether nothing comes from this socket any more. */
static bool
socket_ended(int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

#ifdef CLIENT_IS_MARIADB
#include <ma_pvio.h>

bool
client_ended(MYSQL *mysql)
{
	return socket_ended(mysql_get_socket(mysql));
}

/* The library's callback has no argument for data of ours. */
static client_wait	*wait_function;

void
client_set_tls(MYSQL *mysql, const char *ca)
{
	my_bool	 on = *ca != '\0';

	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	if (on)
		mysql_options(mysql, MYSQL_OPT_SSL_CA, ca);
}

/* The library calls this; its timeout is ignored. Returns what the function
 * returns that was set. */
static int
wait_on_socket(my_socket fd, my_bool reading, int timeout)
{
	(void)timeout;
	return wait_function(fd, reading);
}

void
client_set_wait(MYSQL *mysql, client_wait *function)
{
	wait_function = function;
	mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, (void *)wait_on_socket);
}

void
client_unblock_tls(MYSQL *mysql, int room)
{
	int	 fd = mysql_get_socket(mysql), flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == -1)
		panic("cannot set up a connection: %s", strerror(errno));
}

/*
 * Reads from the server in place of the library's own function. Returns as
 * recv(2) does. Over TCP it waits in recv(2). On a local socket it does so in
 * poll(2), because there Linux wakes a reader also when the server takes the
 * question.
 */
static ssize_t
wait_and_read(MARIADB_PVIO *pvio, unsigned char *buffer, size_t size)
{
	struct pollfd	 p = { .fd = mysql_get_socket(pvio->mysql),
	    .events = POLLIN };
	int		 flags = 0;
	ssize_t		 n;

	if (pvio->type == PVIO_TYPE_UNIXSOCKET) {
		flags = MSG_DONTWAIT;
		(void)poll(&p, 1, CLIENT_FIRST_WAIT);
	}
	while ((n = recv(p.fd, buffer, size, flags)) == -1)
		/* EINTR: SIGSTOP and SIGCONT */
		if ((errno != EAGAIN && errno != EWOULDBLOCK &&
		    errno != EINTR) || wait_function(p.fd, true) < 1)
			return -1;
	return n;
}

void
client_wait_first(MYSQL *mysql)
{
	/* All connections have the same methods. */
	static PVIO_METHODS	 methods;
	MARIADB_PVIO		*pvio = mysql->net.pvio;
	const struct timeval	 limit = {
	    .tv_usec = CLIENT_FIRST_WAIT * 1000 };

	if (setsockopt(mysql_get_socket(mysql), SOL_SOCKET, SO_RCVTIMEO,
	    &limit, sizeof(limit)) == -1)
		panic("cannot set up a connection: %s", strerror(errno));
	methods = *pvio->methods;
	methods.read = wait_and_read;
	pvio->methods = &methods;
}
#else
bool
client_ended(MYSQL *mysql)
{
	return socket_ended(mysql->net.fd);
}

void
client_set_tls(MYSQL *mysql, const char *ca)
{
	unsigned	 mode = *ca != '\0' ? SSL_MODE_VERIFY_IDENTITY :
	    SSL_MODE_DISABLED;

	mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
	if (*ca != '\0')
		mysql_options(mysql, MYSQL_OPT_SSL_CA, ca);
}

void
client_set_wait(MYSQL *mysql, client_wait *function)
{
	(void)mysql;
	(void)function;
}

void
client_unblock_tls(MYSQL *mysql, int room)
{
	(void)mysql;
	(void)room;
}

void
client_wait_first(MYSQL *mysql)
{
	(void)mysql;
}
#endif
