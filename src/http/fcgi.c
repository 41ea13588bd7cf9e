/*
 * fcgi.c: see fcgi.h. The records are those of the FastCGI Specification 1.0,
 * sections 3.3, 5.3 and 5.5.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <fastcgi.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http/fcgi.h"

/* What stands after the last record of the text: the end of the stream, and
 * the end of the request. */
struct last_records {
	FCGI_Header		text_end;
	FCGI_EndRequestRecord	request_end;
};

_Static_assert(sizeof(struct last_records) == 3 * FCGI_HEADER_LEN,
    "records have no gaps");

/* The header of a record. There is no padding: it is for clients that want
 * their data aligned. */
static FCGI_Header
record_header(unsigned type, int id, size_t len)
{
	return (FCGI_Header){ .version = FCGI_VERSION_1,
	    .type = (unsigned char)type,
	    .requestIdB1 = (unsigned char)(id >> 8),
	    .requestIdB0 = (unsigned char)id,
	    .contentLengthB1 = (unsigned char)(len >> 8),
	    .contentLengthB0 = (unsigned char)len };
}

/* Takes at most so many bytes from the front of a text. */
static struct iovec
take_front(struct iovec *text, size_t max)
{
	struct iovec	 part = { .iov_base = text->iov_base,
	    .iov_len = text->iov_len < max ? text->iov_len : max };

	text->iov_base = (char *)text->iov_base + part.iov_len;
	text->iov_len -= part.iov_len;
	return part;
}

/* Sends all parts, with as many calls as it takes. False if the client has
 * gone. */
static bool
send_parts(int fd, struct iovec *parts, size_t count)
{
	struct msghdr	 msg = { .msg_iov = parts, .msg_iovlen = count };
	struct pollfd	 room = { .fd = fd, .events = POLLOUT };
	size_t		 sent;
	ssize_t		 n;

	while (msg.msg_iovlen > 0) {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			(void)poll(&room, 1, -1);
		else if (n == -1 && errno != EINTR)
			return false;
		sent = n > 0 ? (size_t)n : 0;
		while (msg.msg_iovlen > 0) {
			sent -= take_front(msg.msg_iov, sent).iov_len;
			if (msg.msg_iov->iov_len > 0)
				break;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
	}
	return true;
}

/* Sends the records of an answer. False if the client has gone. */
static bool
send_answer(const FCGX_Request *fcgi, const char *head, size_t head_len,
    const char *body, size_t body_len)
{
	int			 id = fcgi->requestId;
	struct iovec		 texts[2] = {
		{ .iov_base = (char *)(uintptr_t)head, .iov_len = head_len },
		{ .iov_base = (char *)(uintptr_t)body, .iov_len = body_len }
	};
	struct last_records	 last = {
	    .text_end = record_header(FCGI_STDOUT, id, 0),
	    .request_end = { .header = record_header(FCGI_END_REQUEST, id,
		sizeof(FCGI_EndRequestBody)),
		.body = { .protocolStatus = FCGI_REQUEST_COMPLETE } } };
	FCGI_Header		 header;
	struct iovec		 parts[4];
	size_t			 len;

	do {
		parts[1] = take_front(&texts[0], FCGI_MAX_LENGTH);
		parts[2] = take_front(&texts[1],
		    FCGI_MAX_LENGTH - parts[1].iov_len);
		len = parts[1].iov_len + parts[2].iov_len;
		header = record_header(FCGI_STDOUT, id, len);
		parts[0] = (struct iovec){ &header, sizeof(header) };
		parts[3] = (struct iovec){ &last, sizeof(last) };
		if (texts[0].iov_len + texts[1].iov_len > 0)
			parts[3].iov_len = 0;	/* not the last yet */
		if (!send_parts(fcgi->ipcFd, parts, 4))
			return false;
	} while (texts[0].iov_len + texts[1].iov_len > 0);
	return true;
}

/*
 * Whether the client has sent its whole request, so that no byte of it is on
 * the way when the connection is closed. Does not wait; the socket may do so
 * no more afterwards. A body that was announced, and that no handler has read,
 * may be a long one: it is not read here.
 */
static bool
request_ended(const FCGX_Request *fcgi)
{
	const char	*len = FCGX_GetParam("CONTENT_LENGTH", fcgi->envp);

	if (FCGX_HasSeenEOF(fcgi->in) == 0) {
		if (len != NULL && *len != '\0' && strcmp(len, "0") != 0)
			return false;
		/* libfcgi has the end already, as a rule. It does not say
		 * so, and would wait for it. */
		if (fcntl(fcgi->ipcFd, F_SETFL, O_NONBLOCK) == -1 ||
		    FCGX_GetChar(fcgi->in) != EOF)
			return false;
	}
	return FCGX_GetError(fcgi->in) == 0;
}

bool
fcgi_answer(FCGX_Request *fcgi, const char *head, size_t head_len,
    const char *body, size_t body_len)
{
	bool	 ended = request_ended(fcgi);
	bool	 sent = send_answer(fcgi, head, head_len, body, body_len);

	/* At once: nginx passes the last part of an answer on when it sees
	 * the connection closed. If that comes with the answer, nginx wakes
	 * up once. */
	if (ended) {
		(void)close(fcgi->ipcFd);
		fcgi->ipcFd = -1;
	}
	return sent;
}

void
fcgi_close(FCGX_Request *fcgi)
{
	FCGX_Free(fcgi, fcgi->ipcFd != -1);
}
