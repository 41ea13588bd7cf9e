/*
 * login_store.h: login codes in a market's database, and the user whom a right
 * code finds or creates. All limits are counted here, under locks, so that
 * they hold across workers, hosts and restarts.
 */
#ifndef ORDERMUX_LOGIN_STORE_H
#define ORDERMUX_LOGIN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/outbox_store.h"
#include "store/user_store.h"

#define LOGIN_HASH_BYTES	32
#define LOGIN_GUESSES_MAX	5	/* wrong guesses at one code */
#define LOGIN_PHONE_WINDOW	INT64_C(900000000)	/* µs: 15 minutes */
#define LOGIN_ADDRESS_WINDOW	INT64_C(3600000000)	/* µs: an hour */
#define LOGIN_DAY_WINDOW	INT64_C(86400000000)	/* µs: a day, UTC */

enum login_outcome {
	LOGIN_WRONG_CODE,	/* or no code, or it is used or expired */
	LOGIN_DISABLED,		/* the code is right, but is_active = 0 */
	LOGIN_DONE,
	LOGIN_OUTCOME__MAX
};

/* A code to be sent. */
struct login_code {
	const char		*phone;
	const char		*address;	/* of the client */
	unsigned char		 hash[LOGIN_HASH_BYTES];
	int64_t			 lifetime;	/* µs */
	const char		*language;	/* asked for; NULL: none */
	/* Codes in LOGIN_PHONE_WINDOW, LOGIN_ADDRESS_WINDOW, and of all
	 * numbers together in LOGIN_DAY_WINDOW. */
	unsigned		 per_phone;
	unsigned		 per_address;
	unsigned		 per_day;
	struct outbox_message	 message;	/* sends it */
};

/* Saves the code and its message in one transaction. DB_REFUSED if a limit is
 * reached, with the seconds until the next try makes sense. */
enum db_result	login_store_send(struct db *, const struct login_code *,
    unsigned *retry_after);

/* The language that the user of a number chose before; NULL: none, or there is
 * no such user. One round trip. */
enum db_result	login_store_language(struct db *, struct arena *,
    const char *phone, const char **language);

/* A code that was entered. */
struct login_attempt {
	const char	*phone;
	/* Returns whether the hash is that of the code that was entered. */
	bool		(*matches)(const unsigned char *hash, void *arg);
	void		*arg;
};

struct login_result {
	enum login_outcome	outcome;
	struct user		user;
	bool			is_new;
	int64_t			at;		/* µs, by our clock */
	int64_t			issued_at;	/* µs; behind any logout */
};

/*
 * Compares with the newest code of the number, under lock. A wrong guess is
 * counted before the next one is compared. A right guess uses up the code;
 * then the user is found, or created, and the language in which the code was
 * asked for becomes the user's.
 */
enum db_result	login_store_verify(struct db *, struct arena *,
    const struct login_attempt *, struct login_result *);

#endif
