/*
 * fcgi.h: the end of a request on its connection to the web server. libfcgi
 * reads the requests; here their answers are written, because libfcgi takes
 * more system calls for it than the rest of a request has: a write(2) for each
 * 8 KiB and one for the end of the request, then shutdown(2), poll(2) and
 * read(2) before close(2).
 *
 *	while (FCGX_Accept_r(&fcgi) == 0) {
 *		fcgi_answer(&fcgi, head, head_len, body, body_len);
 *		fcgi_close(&fcgi);
 *	}
 *
 * Do not call FCGX_Finish_r(), nor write to the streams of the request:
 * libfcgi would answer too.
 */
#ifndef ORDERMUX_FCGI_H
#define ORDERMUX_FCGI_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stddef.h>

/* How long fcgi_close() waits for a client that has more to say, in ms. nginx
 * closes at once. To be in the environment before FCGX_Init(). */
#define FCGI_CLOSE_TIMEOUT_NAME		"LIBFCGI_OS_CLOSE_POLL_TIMEOUT"
#define FCGI_CLOSE_TIMEOUT		"100"

/*
 * Sends the whole answer and ends the request, once for each request. One
 * system call for an answer of up to 64 KiB, if the client takes it; waits
 * for a client that reads slowly. Closes the connection if the client has sent
 * its whole request. False if the client has gone.
 */
bool	fcgi_answer(FCGX_Request *, const char *head, size_t head_len,
    const char *body, size_t body_len);

/*
 * Frees what FCGX_Accept_r() has made, and closes the connection if it is still
 * open: the client is then still sending. It would take a connection that is
 * closed too early for an error, and not read the answer. So it is heard to its
 * end, or for FCGI_CLOSE_TIMEOUT.
 */
void	fcgi_close(FCGX_Request *);

#endif
