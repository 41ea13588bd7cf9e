/*
 * test_wait.c: how long a connection waits for its server, and what ends it.
 * The server is a pipe.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scoreboard.h"
#include "db/wait.h"
#include "market/market.h"

#define WORKERS		4
#define CONNECT_MS	3000
#define QUERY_MS	DB_QUERY_MIN
#define CROWD_MS	50

static const struct db_limits	limits = {
	.connect_timeout = CONNECT_MS, .query_timeout = QUERY_MS
};
static struct market		market = { .name = "aa", .index = 0 };
static struct scoreboard	board;
static struct db		db;
static int			fds[2];

static void
init(void)
{
	cr_assert(scoreboard_init(&board, WORKERS, 0));
	cr_assert_eq(pipe(fds), 0);
	db = (struct db){ .market = &market, .limits = &limits,
	    .slot = &board.slots[WORKERS - 1], .state = DB_IDLE };
	breaker_init(&db.breaker, market.name, &board.markets[0]);
	bulkhead_init(&db.bulkhead, &market, &board, db.slot, 2, CROWD_MS);
}

static void
fini(void)
{
	close(fds[0]);
	close(fds[1]);
	scoreboard_free(&board);
}

/* So many workers enter the market's database. */
static void
crowd(size_t workers)
{
	for (size_t i = WORKERS - workers; i < WORKERS; i++) {
		slot_set_market(&board.slots[i], 0);
		slot_enter(&board.slots[i], clock_ms());
	}
}

/* Waits for the pipe. Returns how long, in ms. */
static uint64_t
wait_in_vain(enum db_wait_kind kind)
{
	db_wait_begin(&db, kind);
	cr_expect_eq(db_wait_for_server(fds[0], true), 0);
	db_wait_end(&db);
	return db.used_ms - db.wait.began_ms;
}

Test(wait, an_answer_ends_it, .init = init, .fini = fini)
{
	cr_assert_eq(write(fds[1], "x", 1), 1);
	db_wait_begin(&db, DB_WAIT_STATEMENT);
	cr_expect_eq(db_wait_for_server(fds[0], true), 1);
	db_wait_answered(&db);
	cr_expect_eq(db_wait_ended(&db), DB_END_ANSWER);
	cr_expect_not(breaker_silent(&db.breaker, db.wait.began_ms - 1));
}

Test(wait, the_limit_ends_it, .init = init, .fini = fini)
{
	cr_expect_geq(wait_in_vain(DB_WAIT_STATEMENT), QUERY_MS);
	cr_expect_eq(db_wait_ended(&db), DB_END_LIMIT);
}

/* A server waits a second for a lock. A limit of a second would end first, and
 * a locked row would look like a server that hangs. */
Test(wait, a_short_limit_is_longer_than_a_lock, .init = init, .fini = fini)
{
	static const enum db_wait_kind kinds[] = {
		DB_WAIT_STATEMENT, DB_WAIT_COMMIT
	};
	static const struct db_limits short_limits = {
		.connect_timeout = CONNECT_MS, .query_timeout = 1000
	};

	cr_assert_gt(DB_QUERY_MIN, 1000 + 100);
	db.limits = &short_limits;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		db_wait_begin(&db, kinds[i]);
		cr_expect_eq(db.wait.until_ms - db.wait.began_ms,
		    DB_QUERY_MIN);
		db_wait_end(&db);
	}
}

Test(wait, the_deadline_ends_it, .init = init, .fini = fini)
{
	db.deadline_ms = clock_ms() + 30;
	cr_expect_lt(wait_in_vain(DB_WAIT_STATEMENT), QUERY_MS);
	cr_expect_eq(db_wait_ended(&db), DB_END_DEADLINE);
	cr_expect(db_wait_refused(&db));
	cr_expect_eq(db_wait_ended(&db), DB_END_DEADLINE);
}

Test(wait, settling_does_not_care_for_the_deadline, .init = init,
    .fini = fini)
{
	db.deadline_ms = clock_ms();
	cr_expect_geq(wait_in_vain(DB_WAIT_SETTLE), 250);
	cr_expect_eq(db_wait_ended(&db), DB_END_LIMIT);
}

Test(wait, a_crowd_ends_it, .init = init, .fini = fini)
{
	uint64_t	 waited;

	crowd(3);		/* this worker is the youngest of them */
	waited = wait_in_vain(DB_WAIT_STATEMENT);
	cr_expect_geq(waited, CROWD_MS);
	cr_expect_lt(waited, QUERY_MS);
	cr_expect_eq(db_wait_ended(&db), DB_END_GAVE_UP);
	cr_expect(db_wait_refused(&db));
	cr_expect_eq(db_wait_ended(&db), DB_END_GAVE_UP);
}

Test(wait, half_of_the_workers_are_no_crowd, .init = init, .fini = fini)
{
	crowd(2);
	cr_expect_geq(wait_in_vain(DB_WAIT_STATEMENT), QUERY_MS);
	cr_expect_eq(db_wait_ended(&db), DB_END_LIMIT);
}

Test(wait, a_commit_is_given_up_later, .init = init, .fini = fini)
{
	crowd(3);
	cr_expect_geq(wait_in_vain(DB_WAIT_COMMIT), 4 * CROWD_MS);
	cr_expect_eq(db_wait_ended(&db), DB_END_GAVE_UP);
}

Test(wait, a_probe_has_little_patience, .init = init, .fini = fini)
{
	db.state = DB_PROBING;
	db_wait_begin(&db, DB_WAIT_CONNECT);
	cr_expect_eq(db.wait.until_ms - db.wait.began_ms, 1000);
	db.state = DB_CONNECTING;
	db_wait_begin(&db, DB_WAIT_CONNECT);
	cr_expect_eq(db.wait.until_ms - db.wait.began_ms, CONNECT_MS);
}
