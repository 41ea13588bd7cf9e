/*
 * wait.c: see wait.h.
 */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/slot.h"
#include "db/wait.h"

/* How long a server is waited for, in ms, besides the limits. */
#define PROBE_MS	1000	/* one that hung, or may be back */
#define SETTLE_MS	250	/* when nothing is lost without its answer */
#define LOOK_MS		50	/* between two looks at the bulkhead */
#define COMMIT_PATIENCE	4	/* times crowd_after */

/* The connection whose call is going on: the library's callback is given
 * nothing by which it could be found. */
static struct db	*waiting;

/* How long a wait of this kind may take at most. */
static uint64_t
wait_limit(const struct db *db, enum db_wait_kind kind)
{
	unsigned	 query = db->limits->query_timeout;
	unsigned	 connect = db->limits->connect_timeout;

	switch (kind) {
	case DB_WAIT_CONNECT:
		return db->probe && connect > PROBE_MS ? PROBE_MS : connect;
	case DB_WAIT_ANSWER:
		return db->probe && query > PROBE_MS ? PROBE_MS : query;
	case DB_WAIT_SETTLE:
		return SETTLE_MS;
	case DB_WAIT_COMMIT:
	case DB_WAIT__MAX:
		break;
	}
	return query;
}

void
db_wait_begin(struct db *db, enum db_wait_kind kind)
{
	struct db_wait	*w = &db->wait;

	w->kind = kind;
	w->began_ms = clock_ms();
	w->until_ms = w->began_ms + wait_limit(db, kind);
	w->whole = db->deadline_ms == 0 || w->until_ms <= db->deadline_ms ||
	    kind == DB_WAIT_SETTLE;
	if (!w->whole)
		w->until_ms = db->deadline_ms;
	w->timed_out = w->gave_up = false;
	waiting = db;
	slot_set(db->slot, SLOT_DATABASE);
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

bool
db_too_late(const struct db *db, uint64_t needed_ms)
{
	return db->deadline_ms != 0 &&
	    clock_ms() + needed_ms >= db->deadline_ms;
}

bool
db_wait_refused(struct db *db)
{
	bool	 late = db_too_late(db, 0);
	bool	 crowded = !late && bulkhead_crowded(&db->bulkhead, clock_ms());

	if (late || crowded)
		db->wait = (struct db_wait){ .timed_out = late,
		    .gave_up = crowded };
	return late || crowded;
}

/* From when on the worker looks if it has to make room for others. */
static uint64_t
patience_ends(const struct db *db)
{
	const struct db_wait	*w = &db->wait;

	return w->began_ms + (w->kind == DB_WAIT_COMMIT ?
	    db->bulkhead.crowd_after * COMMIT_PATIENCE : db->bulkhead.crowd_after);
}

/* For how long to sleep now, in ms: to the end of the wait; or, when the
 * worker may have to make room for others, to the next look at them. */
static int
wait_slice(const struct db *db, uint64_t now)
{
	const struct db_wait	*w = &db->wait;
	uint64_t		 look, left = w->until_ms - now;

	if (db->bulkhead.crowd_after == 0)
		return (int)left;
	look = patience_ends(db);
	look = look > now ? look - now : LOOK_MS;
	return (int)(look < left ? look : left);
}

/* Whether the wait is over, though nothing came. */
static bool
wait_over(struct db *db, uint64_t now)
{
	struct db_wait	*w = &db->wait;

	w->timed_out = now >= w->until_ms;
	w->gave_up = !w->timed_out &&
	    now >= patience_ends(db) && bulkhead_crowded(&db->bulkhead, clock_ms());
	return w->timed_out || w->gave_up;
}

/* A client_wait() function, which the library calls instead of poll(2). */
int
db_wait_for_server(int fd, bool reading)
{
	struct db	*db = waiting;
	struct pollfd	 p = { .fd = fd,
	    .events = reading ? POLLIN : POLLOUT };
	uint64_t	 now;
	int		 n;

	for (;;) {
		now = clock_ms();
		if (wait_over(db, now))
			return 0;
		n = poll(&p, 1, wait_slice(db, now));
		if (n > 0)
			return 1;
		if (n == -1 && errno != EINTR)
			return -1;
	}
}

/* Whether the last wait took as long as it might. */
bool
db_waited_out(const struct db *db)
{
	const struct db_wait	*w = &db->wait;

	return w->timed_out || (!w->gave_up && w->kind != DB_WAIT_SETTLE &&
	    clock_ms() - w->began_ms + 100 >= db->limits->query_timeout);
}

void
db_wait_forget(const struct db *db)
{
	if (waiting == db)
		waiting = NULL;
}
