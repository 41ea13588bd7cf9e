/*
 * customer.c: see customer.h.
 */
#include "store/customer.h"
#include "store/statements.h"

enum customer_state
customer_of_row(const struct db *db)
{
	return db_get_int(db, 0) != 0 ? CUSTOMER_LIVE : CUSTOMER_DEAD_TOKEN;
}

enum db_result
customer_find(struct db *db, const struct customer *customer,
    enum customer_state *state)
{
	struct db_value	 values[] = { CUSTOMER_TIMES(customer),
		db_int(customer->user_id) };
	enum db_result	 result;
	bool		 more;

	*state = CUSTOMER_UNKNOWN;
	result = db_run(db, STATEMENT_USER_STATE, 1, values, 3);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	*state = customer_of_row(db);
	db_skip(db);
	return DB_OK;
}
