/*
 * long_transactions.h: how many of them a server has.
 */
#ifndef ORDERMUX_LONG_TRANSACTIONS_H
#define ORDERMUX_LONG_TRANSACTIONS_H

#include <mysql.h>

/*
 * How many transactions are older than a second, but for those of these two
 * connections; asks by the first. Those that wait for a lock hold up nothing (a
 * migration of another host is one). 0 for an administrator who may not know.
 */
unsigned long	long_transactions(MYSQL *, MYSQL *other);

#endif
