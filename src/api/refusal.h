/*
 * refusal.h: the log's line for each answer of 400 and more: which error, of
 * whom, where, and what was wrong first. So an administrator who has a request
 * id finds the reason.
 *
 * No value that a client sent is in it. A flood of one error must not crowd
 * out other lines: of each error, all workers together write REFUSAL_LINES
 * lines in REFUSAL_WINDOW. The others are counted, and a later line says how
 * many there were ("left_out").
 */
#ifndef ORDERMUX_REFUSAL_H
#define ORDERMUX_REFUSAL_H

#include <stddef.h>

#define REFUSAL_WINDOW	10000	/* ms */
#define REFUSAL_LINES	1000

struct refusals;
struct request;
struct response;
struct route;

/* What one worker has written; its share is that of one of so many. */
struct refusals *refusals_new(size_t workers);

/* Writes the line, if the answer is an error; the route is NULL if no route
 * took the request. */
void	refusal_log(struct refusals *, const struct route *,
    const struct request *, const struct response *);

/* Says how many lines were left out of floods that are over. */
void	refusals_tell(struct refusals *);

/* Says that of all floods. */
void	refusals_free(struct refusals *);

#endif
