/*
 * shop.h: the dispatcher as it is in the daemon, behind a real socket, with
 * databases that cannot be reached: what is looked at is everything in front
 * of them, and which of them a request would have got.
 */
#ifndef ORDERMUX_FUZZ_SHOP_H
#define ORDERMUX_FUZZ_SHOP_H

#include "fuzz.h"

struct market;

struct shop_answer {
	int			 status;
	struct json_object	*body;	/* NULL: of a 204 */
	/* Whose connection the handler would have had; NULL = none's. */
	const struct market	*market;
	unsigned		 probed;	/* databases asked for by /ready */
};

/*
 * Sends the bytes, as a web server would, and lets the service answer the
 * request that they are. Checks the answer: records of FastCGI, headers of
 * ours and no others, each once, a body of the announced length that is JSON
 * and says the same as the status. False when there was no request in the
 * bytes. "shut" ends the sending before the request is read, so that whatever
 * is missing does not come.
 */
bool	shop_serve(struct arena *, const void *, size_t, bool shut,
    struct shop_answer *);

const struct market_registry *shop_markets(void);

#endif
