/*
 * cors.h: calls from pages of other origins (the Fetch standard's CORS).
 * Allowed origins are configuration; without any, nothing is ever added.
 */
#ifndef ORDERMUX_CORS_H
#define ORDERMUX_CORS_H

struct request;
struct response;

/*
 * Adds the headers by which a browser lets a page of the request's Origin
 * read the answer, if that origin is in the list (ends with NULL; "*" = any).
 * On a preflight (OPTIONS) also what may be sent; "methods" is its Allow,
 * NULL where there is nothing at that path.
 */
void	cors_answer(const char *const *origins, const struct request *,
    struct response *, const char *methods);

#endif
