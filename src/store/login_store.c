/*
 * login_store.c: login codes (see login_store.h).
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "store/login_store.h"
#include "store/statements.h"

/* A code being sent. */
struct sending {
	const struct login_code	*code;
	unsigned		*retry_after;
	int64_t			 now;	/* tells the windows */
	/* Taken under the locks: the codes of one number have times in the
	 * order in which they were sent. */
	int64_t			 at;
	char			 message_id[OUTBOX_ID_MAX + 1];
};

/* Returns when the window began that this time is in. */
static int64_t
limit_window_start(int64_t now, int64_t window)
{
	return now / window * window;
}

/* Counts this code, and keeps the counters locked until the end. Of two
 * requests at once, one waits and then sees what the other counted. */
static enum db_result
count_code(struct db *db, const struct sending *s)
{
	struct db_value	 values[] = {
		db_text(s->code->phone), db_text(s->code->address),
		db_time(limit_window_start(s->now, LOGIN_ADDRESS_WINDOW)),
		db_time(limit_window_start(s->now, LOGIN_DAY_WINDOW)) };

	return db_run(db, STATEMENT_LIMIT_COUNT, 1, values, 4);
}

/* Returns the whole seconds until a time, at least one. */
static unsigned
seconds_until(int64_t now, int64_t then)
{
	return then <= now ? 1 : (unsigned)((then - now + 999999) / 1000000);
}

/* Takes a row of STATEMENT_LIMIT_READ: returns the seconds until the limit
 * that is reached allows a code again, or 0 if no limit is reached. */
static unsigned
seconds_to_limit(const struct db *db, const struct sending *s)
{
	if (db_get_int(db, 0) >= s->code->per_phone)
		return seconds_until(s->at,
		    db_get_int(db, 1) + LOGIN_PHONE_WINDOW);
	if (db_get_int(db, 2) > s->code->per_address)
		return seconds_until(s->now, LOGIN_ADDRESS_WINDOW +
		    limit_window_start(s->now, LOGIN_ADDRESS_WINDOW));
	if (db_get_int(db, 3) > s->code->per_day)
		return seconds_until(s->now, LOGIN_DAY_WINDOW +
		    limit_window_start(s->now, LOGIN_DAY_WINDOW));
	return 0;
}

/* Reads the counters; *retry_after is 0 if no limit is reached. */
static enum db_result
check_code_limits(struct db *db, struct sending *s)
{
	struct db_value	 values[] = { db_text(s->code->address),
		db_time(limit_window_start(s->now, LOGIN_ADDRESS_WINDOW)),
		db_time(limit_window_start(s->now, LOGIN_DAY_WINDOW)),
		db_text(s->code->phone),
		db_time(s->at - LOGIN_PHONE_WINDOW) };
	enum db_result	 result;
	bool		 more;

	result = db_run(db, STATEMENT_LIMIT_READ, 1, values, 5);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK)
		return result;
	*s->retry_after = more ? seconds_to_limit(db, s) : 0;
	db_skip(db);
	return DB_OK;
}

/* Saves the hash of the code. */
static enum db_result
insert_code(struct db *db, const struct sending *s)
{
	struct db_value	 values[] = { db_text(s->code->phone),
		db_bytes(s->code->hash, sizeof(s->code->hash)),
		db_time(s->at), db_time(s->at + s->code->lifetime),
		db_text(s->code->language) };

	return db_run(db, STATEMENT_CODE_INSERT, 1, values, 5);
}

/* Body of login_store_send(). */
static enum db_result
send_code(struct db *db, void *arg)
{
	struct sending	*s = arg;
	enum db_result	 result;

	s->now = clock_us();
	if ((result = count_code(db, s)) != DB_OK)
		return result;
	s->at = clock_us();
	if ((result = check_code_limits(db, s)) != DB_OK)
		return result;
	if (*s->retry_after > 0)
		return DB_REFUSED;
	result = insert_code(db, s);
	return result == DB_OK ? outbox_store_add(db, &s->code->message,
	    s->message_id) : result;
}

/* Body of db_resolve(): the code was sent if its message was. */
static enum db_result
find_sent_code(struct db *db, void *arg, bool *kept)
{
	const struct sending	*s = arg;

	return outbox_store_find(db, s->message_id, kept);
}

enum db_result
login_store_send(struct db *db, const struct login_code *code,
    unsigned *retry_after)
{
	struct sending	 s = { .code = code, .retry_after = retry_after };
	enum db_result	 result = db_transaction(db, send_code, &s);

	return result == DB_UNKNOWN ?
	    db_resolve(db, s.message_id, find_sent_code, &s) : result;
}

/* A user's language being looked up. */
struct language_lookup {
	struct arena	 *arena;
	const char	 *phone;
	const char	**out;
};

/* Body of login_store_language(). */
static enum db_result
read_language(struct db *db, void *arg)
{
	struct language_lookup	*l = arg;
	struct db_value		 phone = db_text(l->phone);
	enum db_result		 result;
	bool			 more;

	*l->out = NULL;
	result = db_run(db, STATEMENT_USER_LANGUAGE, 1, &phone, 1);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK)
		return result;
	if (more)
		*l->out = db_get_text(db, 0, l->arena);
	db_skip(db);
	return DB_OK;
}

enum db_result
login_store_language(struct db *db, struct arena *arena, const char *phone,
    const char **language)
{
	struct language_lookup	 l = { .arena = arena, .phone = phone,
	    .out = language };

	return db_read(db, read_language, &l);
}

/* A code being compared. */
struct comparing {
	const struct login_attempt	*attempt;
	struct login_result		*out;
	struct arena			*arena;
	int64_t				 code_id;
	const char			*language;	/* of the code */
};

/* Returns whether the code in the row of STATEMENT_CODE_LOCK is still valid. */
static bool
code_is_open(const struct db *db, int64_t now)
{
	return db_get_int(db, 2) < LOGIN_GUESSES_MAX && db_is_null(db, 3) &&
	    db_get_int(db, 4) > now;
}

/* Compares with the newest code, locked. A wrong guess is counted. A code that
 * is not valid is compared too, so that the time it takes reveals nothing. */
static enum db_result
compare_code(struct db *db, struct comparing *c, bool *right)
{
	struct db_value	 phone = db_text(c->attempt->phone), id;
	const char	*hash;
	enum db_result	 result;
	bool		 more, open;
	size_t		 len;

	*right = false;
	result = db_run(db, STATEMENT_CODE_LOCK, 1, &phone, 1);
	if (result != DB_OK || (result = db_next(db, &more)) != DB_OK || !more)
		return result;
	c->code_id = db_get_int(db, 0);
	c->language = db_get_text(db, 5, c->arena);
	hash = db_get_bytes(db, 1, &len);
	open = code_is_open(db, clock_us());
	*right = len == LOGIN_HASH_BYTES && c->attempt->matches(
	    (const unsigned char *)hash, c->attempt->arg) && open;
	db_skip(db);
	if (*right || !open)
		return DB_OK;
	id = db_int(c->code_id);
	return db_run(db, STATEMENT_CODE_WRONG, 1, &id, 1);
}

/* Marks the code as used. */
static enum db_result
use_code(struct db *db, const struct comparing *c)
{
	struct db_value	 values[] = { db_time(c->out->at),
		db_int(c->code_id) };

	return db_run(db, STATEMENT_CODE_USED, 1, values, 2);
}

/* Returns the latest of the times. */
static int64_t
latest_of(int64_t a, int64_t b, int64_t c)
{
	int64_t	 latest = a > b ? a : b;

	return latest > c ? latest : c;
}

/* Finds the user of the number, under lock. The token of a login is behind the
 * last logout, and behind the creation, even if these were on a host whose
 * clock is ahead. */
static enum db_result
find_login_user(struct db *db, struct comparing *c, bool *found)
{
	struct db_value	 phone = db_text(c->attempt->phone);
	enum db_result	 result;

	result = db_run(db, STATEMENT_USER_BY_PHONE, 1, &phone, 1);
	if (result != DB_OK || (result = db_next(db, found)) != DB_OK ||
	    !*found)
		return result;
	user_store_read(db, c->arena, 0, &c->out->user);
	c->out->issued_at = latest_of(c->out->at, c->out->user.created_at,
	    db_get_int(db, 10));
	db_skip(db);
	return DB_OK;
}

/* Creates the user of the number. If another request is faster, this is a
 * duplicate: the transaction is run again, and finds the user. */
static enum db_result
insert_login_user(struct db *db, struct comparing *c)
{
	struct user	*u = &c->out->user;
	struct db_value	 values[] = { db_text(c->attempt->phone),
		db_time(c->out->at), db_time(c->out->at),
		db_text(c->language) };
	enum db_result	 result;

	result = db_run(db, STATEMENT_USER_INSERT, 1, values, 4);
	if (result == DB_DUPLICATE)
		return DB_AGAIN;
	u->id = (int64_t)db_insert_id(db);
	u->phone = c->attempt->phone;
	u->is_active = true;
	u->created_at = c->out->at;
	c->out->is_new = true;
	return result;
}

/* Notes the login of a user who existed before. */
static enum db_result
note_login(struct db *db, const struct comparing *c)
{
	struct db_value	 values[] = { db_time(c->out->at),
		db_text(c->language), db_int(c->out->user.id) };

	return db_run(db, STATEMENT_USER_SEEN, 1, values, 3);
}

/* Body of login_store_verify(). It commits a wrong guess too, or that would
 * not be counted. */
static enum db_result
verify_code(struct db *db, void *arg)
{
	struct comparing	*c = arg;
	struct login_result	*out = c->out;
	enum db_result		 result;
	bool			 right, found;

	memset(out, 0, sizeof(*out));
	out->outcome = LOGIN_WRONG_CODE;
	out->at = out->issued_at = clock_us();
	if ((result = compare_code(db, c, &right)) != DB_OK || !right)
		return result;
	if ((result = find_login_user(db, c, &found)) != DB_OK ||
	    (result = use_code(db, c)) != DB_OK)
		return result;
	out->outcome = LOGIN_DISABLED;
	if (found && !out->user.is_active)
		return DB_OK;
	out->outcome = LOGIN_DONE;
	result = found ? note_login(db, c) : insert_login_user(db, c);
	out->user.is_verified = true;
	out->user.last_login = out->at;
	return result;
}

/* Body of db_resolve(): looks for the code as this login has used it. */
static enum db_result
find_used_code(struct db *db, void *arg, bool *kept)
{
	const struct comparing	*c = arg;
	struct db_value		 values[] = { db_int(c->code_id),
		db_time(c->out->at) };

	return db_exists(db, STATEMENT_CODE_FIND, values, 2, kept);
}

enum db_result
login_store_verify(struct db *db, struct arena *arena,
    const struct login_attempt *attempt, struct login_result *out)
{
	struct comparing	 c = { .attempt = attempt, .out = out,
	    .arena = arena };

	enum db_result		 result = db_transaction(db, verify_code, &c);

	/* Whether a wrong guess was counted cannot be told by the code. */
	return result == DB_UNKNOWN && out->outcome != LOGIN_WRONG_CODE ?
	    db_resolve(db, "login", find_used_code, &c) : result;
}
