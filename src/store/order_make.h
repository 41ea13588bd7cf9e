/*
 * order_make.h: makes an order, once.
 *
 * What is given out lives in the arena that was handed in.
 */
#ifndef ORDERMUX_ORDER_MAKE_H
#define ORDERMUX_ORDER_MAKE_H

#include "db/db.h"
#include "store/order_request.h"

struct arena;

/*
 * Makes the order, in one transaction of five round trips (seven from the
 * cart, which it empties), or finds that it was made before. If the worker
 * remembers all of the SKUs, it is one round trip less.
 * DB_OK or DB_REFUSED with an outcome; DB_UNKNOWN when the connection broke
 * while it was being committed and the database cannot be asked; else as db.h
 * says, and nothing was kept.
 */
enum db_result	order_make(struct db *, struct arena *,
    const struct order_request *, struct order_result *);

#endif
