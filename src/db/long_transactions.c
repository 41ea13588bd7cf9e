/*
 * long_transactions.c: see long_transactions.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "db/long_transactions.h"

unsigned long
long_transactions(MYSQL *mysql, MYSQL *other)
{
	char		 sql[512];
	MYSQL_RES	*rows;
	MYSQL_ROW	 row;
	unsigned long	 count = 0;

	snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM "
	    "information_schema.innodb_trx WHERE trx_state = 'RUNNING' "
	    "AND trx_mysql_thread_id NOT IN (0, %lu, %lu) "
	    "AND CONVERT_TZ(trx_started, 'SYSTEM', '+00:00') "
	    "< UTC_TIMESTAMP() - INTERVAL 1 SECOND",
	    mysql_thread_id(mysql), mysql_thread_id(other));
	if (mysql_query(mysql, sql) != 0 ||
	    (rows = mysql_store_result(mysql)) == NULL)
		return 0;
	if ((row = mysql_fetch_row(rows)) != NULL)
		count = strtoul(row[0], NULL, 10);
	mysql_free_result(rows);
	return count;
}
