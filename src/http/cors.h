/*
 * cors.h: calls from pages of other origins (the Fetch standard's CORS).
 * Allowed origins are configuration; without any, nothing is ever added.
 */
#ifndef ORDERMUX_CORS_H
#define ORDERMUX_CORS_H

struct request;
struct response;

/* Who may call, and with what; both lists end with NULL. */
struct cors {
	const char	**origins;	/* "*" = any */
	const char	**headers;	/* besides our own */
};

/*
 * Adds the headers by which a browser lets a page of the request's Origin
 * read the answer, if that origin is in the list. On a preflight (OPTIONS) also
 * what may be sent; "methods" is its Allow, NULL where there is nothing at that
 * path.
 */
void	cors_answer(const struct cors *, const struct request *,
    struct response *, const char *methods);

#endif
