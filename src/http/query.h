/*
 * query.h: the parameters of a query string, percent-decoded.
 */
#ifndef ORDERMUX_QUERY_H
#define ORDERMUX_QUERY_H

struct arena;

/*
 * The value of the last parameter of this name, decoded, in the arena; NULL
 * when there is none. "" when it has no value. A value with a wrong escape,
 * a NUL or no valid UTF-8 is given as "\x7f", which no rule accepts: bad
 * input is refused where the parameter is used, and only there.
 */
const char *	query_get(struct arena *, const char *query,
    const char *name);

#endif
