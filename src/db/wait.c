/*
 * wait.c: see wait.h.
 */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/slot.h"
#include "db/wait.h"

/* Times in ms. */
#define PROBE_MS	1000	/* for a server that hung, or may be back */
#define SETTLE_MS	250	/* if nothing is lost without the answer */
#define LOOK_MS		50	/* between two looks at the bulkhead */
#define ALMOST_MS	100	/* so much less than a limit is the limit */

#define COMMIT_PATIENCE	4	/* times crowd_after */

/* The connection that waits now: the library's callback has no argument by
 * which to find it. */
static struct db	*waiting;

/* How long an answer to a statement is waited for. */
static unsigned
query_limit(const struct db *db)
{
	return db->limits->query_timeout > DB_QUERY_MIN ?
	    db->limits->query_timeout : DB_QUERY_MIN;
}

void
db_wait_begin(struct db *db, enum db_wait_kind kind)
{
	const unsigned	 limits[DB_WAIT__MAX] = {
		[DB_WAIT_CONNECT]	= db->limits->connect_timeout,
		[DB_WAIT_STATEMENT]	= query_limit(db),
		[DB_WAIT_COMMIT]	= query_limit(db),
		[DB_WAIT_SETTLE]	= SETTLE_MS,
	};
	uint64_t	 now = clock_ms(), limit = limits[kind];
	uint64_t	 patience = db->bulkhead.crowd_after;

	if (db->state == DB_PROBING && limit > PROBE_MS)
		limit = PROBE_MS;
	if (kind == DB_WAIT_COMMIT)
		patience *= COMMIT_PATIENCE;
	db->wait = (struct db_wait){ .kind = kind, .began_ms = now,
	    .until_ms = now + limit, .until = DB_END_LIMIT,
	    .look_ms = patience != 0 ? now + patience : UINT64_MAX,
	    .end = DB_END_ANSWER };
	if (db->deadline_ms != 0 && db->deadline_ms < now + limit &&
	    kind != DB_WAIT_SETTLE) {
		db->wait.until_ms = db->deadline_ms;
		db->wait.until = DB_END_DEADLINE;
	}
	waiting = db;
	db->asked = db->asked || kind != DB_WAIT_SETTLE;
	slot_set(db->slot, SLOT_DATABASE);
}

/* Looks whether the bulkhead wants the worker. If so, that is the end. */
static enum db_wait_end
look_at_bulkhead(const struct db *db, uint64_t now)
{
	switch (bulkhead_look(&db->bulkhead, now)) {
	case BULKHEAD_CROWDED:
		return DB_END_GAVE_UP;
	case BULKHEAD_BUSY:
		return DB_END_LOCKED;
	default:
		return DB_END_ANSWER;
	}
}

/*
 * Sleeps until the socket is ready (1), or the wait is over (0): at its limit
 * or deadline; or because, at one of the looks at the bulkhead, other markets
 * need this worker. The looks begin when the patience ends that this kind of
 * wait may expect from others. -1 = an error of poll(2).
 */
int
db_wait_for_server(int fd, bool reading)
{
	struct db	*db = waiting;
	struct db_wait	*w = &db->wait;
	struct pollfd	 p = { .fd = fd, .events = reading ? POLLIN : POLLOUT };
	uint64_t	 now, wake;
	int		 n;

	do {
		now = clock_ms();
		if (now >= w->until_ms) {
			w->end = w->until;
			return 0;
		}
		if (now >= w->look_ms) {
			w->end = look_at_bulkhead(db, now);
			if (w->end != DB_END_ANSWER)
				return 0;
			w->look_ms = now + LOOK_MS;
		}
		wake = w->look_ms < w->until_ms ? w->look_ms : w->until_ms;
		n = poll(&p, 1, (int)(wake - now));
	} while (n == 0 || (n == -1 && errno == EINTR));
	return n;
}

void
db_wait_end(struct db *db)
{
	db->used_ms = clock_ms();
	slot_set(db->slot, SLOT_RULES);
}

void
db_wait_answered(struct db *db)
{
	db_wait_end(db);
	breaker_answered(&db->breaker, db->used_ms);
}

enum db_wait_end
db_wait_ended(const struct db *db)
{
	const struct db_wait	*w = &db->wait;

	/* The library's own timeouts end a wait without telling us. */
	if (w->end == DB_END_ANSWER && w->kind != DB_WAIT_SETTLE &&
	    clock_ms() - w->began_ms + ALMOST_MS >= query_limit(db))
		return w->until;
	return w->end;
}

const char *
db_wait_end_name(enum db_wait_end end)
{
	static const char *const	 names[DB_END__MAX] = {
		[DB_END_ANSWER]		= "answered",
		[DB_END_LIMIT]		= "no answer within the limit",
		[DB_END_DEADLINE]	= "deadline of the request reached",
		[DB_END_GAVE_UP]	= "market crowded",
		[DB_END_LOCKED]		= ("rows locked, and half of the "
		    "workers wait"),
	};

	return names[end];
}

bool
db_too_late(const struct db *db, uint64_t needed_ms)
{
	return db->deadline_ms != 0 &&
	    clock_ms() + needed_ms >= db->deadline_ms;
}

bool
db_wait_refused(struct db *db)
{
	uint64_t	 now = clock_ms();
	enum db_wait_end end = DB_END_ANSWER;

	if (db->deadline_ms != 0 && now >= db->deadline_ms)
		end = DB_END_DEADLINE;
	else
		end = look_at_bulkhead(db, now);
	if (end != DB_END_ANSWER)
		db->wait = (struct db_wait){ .end = end };
	return end != DB_END_ANSWER;
}

void
db_wait_forget(const struct db *db)
{
	if (waiting == db)
		waiting = NULL;
}
