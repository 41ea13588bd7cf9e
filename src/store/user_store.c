/*
 * user_store.c: customers (see user_store.h).
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "store/statements.h"
#include "store/user_store.h"

void
user_store_read(const struct db *db, struct arena *arena, size_t column,
    struct user *u)
{
	u->id = db_get_int(db, column);
	u->phone = db_get_text(db, column + 1, arena);
	u->full_name = db_get_text(db, column + 2, arena);
	u->email = db_get_text(db, column + 3, arena);
	u->profile_image_url = db_get_text(db, column + 4, arena);
	u->is_active = db_get_int(db, column + 5) != 0;
	u->is_verified = db_get_int(db, column + 6) != 0;
	u->last_login = db_get_int(db, column + 7);
	u->created_at = db_get_int(db, column + 8);
	u->language = db_get_text(db, column + 9, arena);
}

/* A customer being looked up or changed. */
struct lookup {
	struct arena			*arena;
	const struct customer		*customer;
	const struct user_change	*change;
	enum customer_state		*state;
	struct user			*user;
};

/* Body of db_read(), and the end of a change: reads the row. */
static enum db_result
read_user(struct db *db, void *arg)
{
	struct lookup	*l = arg;
	struct db_value	 values[] = { CUSTOMER_TIMES(l->customer),
		db_int(l->customer->user_id) };
	enum db_result	 result;
	bool		 more;

	result = db_run(db, STATEMENT_USER_PROFILE, 1, values, 3);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK)
		return result;
	*l->state = CUSTOMER_UNKNOWN;
	if (more) {
		*l->state = customer_of_row(db);
		user_store_read(db, l->arena, 1, l->user);
	}
	db_skip(db);
	return DB_OK;
}

enum db_result
user_store_find(struct db *db, struct arena *arena,
    const struct customer *customer, enum customer_state *state,
    struct user *user)
{
	struct lookup	 l = { .arena = arena, .customer = customer,
	    .state = state, .user = user };

	return db_read(db, read_user, &l);
}

/* Body of db_transaction(): changes the row, and reads it. */
static enum db_result
update_user(struct db *db, void *arg)
{
	struct lookup	*l = arg;
	struct db_value	 values[] = { db_text(l->change->full_name),
		db_text(l->change->profile_image_url),
		db_text(l->change->email),
		CUSTOMER_TIMES(l->customer),
		db_int(l->customer->user_id) };
	enum db_result	 result;

	result = db_run(db, STATEMENT_USER_UPDATE, 1, values, 6);
	if (result == DB_OK)
		result = read_user(db, l);
	return result == DB_OK && *l->state != CUSTOMER_LIVE ? DB_REFUSED :
	    result;
}

enum db_result
user_store_update(struct db *db, struct arena *arena,
    const struct customer *customer, const struct user_change *change,
    enum customer_state *state, struct user *user)
{
	struct lookup	 l = { .arena = arena, .customer = customer,
	    .change = change, .state = state, .user = user };

	return db_transaction(db, update_user, &l);
}

/* Body of db_transaction(): revokes the tokens. If this token is dead already,
 * refuses with that state. */
static enum db_result
end_tokens(struct db *db, void *arg)
{
	struct lookup	*l = arg;
	int64_t		 now = clock_us(), issued = l->customer->issued_from;
	/* Also revokes a token of a host whose clock is ahead of ours. */
	struct db_value	 values[] = { db_time(issued < now ? now : issued + 1),
		CUSTOMER_TIMES(l->customer),
		db_int(l->customer->user_id) };
	enum db_result	 result;

	*l->state = CUSTOMER_LIVE;
	result = db_run(db, STATEMENT_USER_LOGOUT, 1, values, 4);
	if (result != DB_OK || db_matched(db) == 1)
		return result;
	result = read_user(db, l);
	return result == DB_OK ? DB_REFUSED : result;
}

enum db_result
user_store_logout(struct db *db, const struct customer *customer,
    enum customer_state *state)
{
	struct arena	*arena = arena_new(4096);
	struct user	 user;
	struct lookup	 l = { .arena = arena, .customer = customer,
	    .state = state, .user = &user };
	enum db_result	 result = db_transaction(db, end_tokens, &l);

	arena_free(arena);
	return result;
}
