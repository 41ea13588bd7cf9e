/*
 * raw.c: the store without HTTP. Processes call the functions of the store in
 * a loop, as a worker of the daemon does: the same statements, transactions and
 * limits, but no request, no token and no JSON. bench/run measures it: this is
 * what the database and our SQL allow.
 *
 *	raw CONF USERS SCENARIO PROCESSES SECONDS
 *
 * CONF is ordermux.conf, USERS the file of lib/bench/users.py, and SCENARIO one
 * of scenarios[]. At the end it prints one line:
 *
 *	bench requests=N errors=N duration_us=N client_us=N
 *
 * client_us is the processor time of the processes. An error is anything but
 * the result that the scenario expects; the first of each process is printed.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slot.h"
#include "config/ini.h"
#include "config/settings.h"
#include "market/market.h"
#include "store/cart_store.h"
#include "store/order_make.h"
#include "store/order_store.h"
#include "store/sku_cache.h"
#include "store/statements.h"

/* These are the numbers of lib/bench/users.py. */
#define FIRST_SKU	1000001
#define SKUS		1000
#define LIST_LIMIT	20

#define PROCESSES_MAX	256
#define USERS_MAX	20000
#define USER_ORDERS_MAX	50
#define LINE_MAX_BYTES	4096
#define ARENA_BYTES	(256 * 1024)
#define DEADLINE_MS	8000	/* as [http] request_deadline */

struct user {
	const struct market	*market;
	int64_t			 id;
	int64_t			 orders[USER_ORDERS_MAX];
	size_t			 order_count;
};

/* What one process has done; in shared memory. */
struct tally {
	_Alignas(128) uint64_t	 requests;
	uint64_t		 errors;
};

struct client {
	struct db	*dbs[MARKET_COUNT_MAX];	/* by the market's index */
	struct sku_cache *skus[MARKET_COUNT_MAX];	/* likewise */
	struct arena	*arena;			/* of a request */
	uint32_t	 random;
	uint64_t	 count;			/* of orders */
	size_t		 index;			/* of the process */
	size_t		 step;			/* the number of processes */
	size_t		 turn;			/* whose cart was the last */
	const struct user *filled;		/* whose cart waits, or NULL */
};

static struct user	 users[USERS_MAX];
static size_t		 user_count;
static size_t		 reader_count;	/* the first ones, with orders */

/* ---- requests ---- */

/* Returns a number below n: xorshift, which costs nothing. */
static uint32_t
below(struct client *c, uint32_t n)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 17;
	c->random ^= c->random << 5;
	return c->random % n;
}

static const struct user *
any_user(struct client *c)
{
	return &users[below(c, (uint32_t)user_count)];
}

static const struct user *
any_reader(struct client *c)
{
	return &users[below(c, (uint32_t)reader_count)];
}

/* A token that was issued now. */
static struct customer
customer_of(const struct user *user)
{
	int64_t	 now = clock_us();

	return (struct customer){ .user_id = user->id, .issued_from = now,
	    .issued_until = now };
}

/* Returns the connection of the user's market, ready for a request; NULL if it
 * cannot be used. */
static struct db *
enter(struct client *c, const struct user *user)
{
	struct db	*db = c->dbs[user->market->index];

	db_set_deadline(db, clock_ms() + DEADLINE_MS);
	return db_ready(db) == DB_OK ? db : NULL;
}

/* Orders the wants, or the cart. Returns whether an order was made. */
static bool
make(struct client *c, struct db *db, const struct user *user,
    const struct order_want *wants, size_t count)
{
	struct order_request	 q = { .customer = customer_of(user),
		.customer_name = "User 1", .customer_phone = "+13125000001",
		.customer_email = "user1@shop.example",
		.delivery_address = "100 Main Street, apt 1",
		.delivery_city = "New York", .payment_method = "card",
		.from_cart = wants == NULL, .wants = wants,
		.want_count = count, .window = INT64_C(60000000),
		.skus = c->skus[user->market->index] };
	struct order_result	 r;

	q.delivery_notes = arena_printf(c->arena, "order %d-%" PRIu64,
	    (int)getpid(), c->count++);
	/* The service hashes the body. Here two orders are never the same. */
	randombytes_buf(q.hash, sizeof(q.hash));
	memcpy(q.old_hash, q.hash, sizeof(q.old_hash));
	return order_make(db, c->arena, &q, &r) == DB_OK &&
	    r.customer == CUSTOMER_LIVE && r.outcome == ORDER_MADE;
}

static bool
order_goods(struct client *c, int64_t a, int64_t b, int64_t d)
{
	const struct user	*user = any_user(c);
	struct db		*db = enter(c, user);
	struct order_want	 wants[] = {
		{ FIRST_SKU + a, 1 + below(c, 3) },
		{ FIRST_SKU + b, 1 + below(c, 3) },
		{ FIRST_SKU + d, 1 + below(c, 3) }
	};
	bool			 made;

	if (db == NULL)
		return false;
	made = make(c, db, user, wants, 3);
	db_done(db);
	return made;
}

/* Three different SKUs, as wrk/common.lua chooses them. */
static bool
request_create(struct client *c)
{
	int64_t	 a = below(c, SKUS);

	return order_goods(c, a, (a + 1 + below(c, SKUS / 2 - 1)) % SKUS,
	    (a + SKUS / 2 + 1 + below(c, SKUS / 2 - 1)) % SKUS);
}

static bool
request_hot(struct client *c)
{
	return order_goods(c, 0, 1, 2);
}

/* An answer needs the lines, or their text. */
static bool
has_lines(const struct order *o)
{
	return o->lines_json != NULL || o->line_count > 0;
}

static bool
request_list(struct client *c)
{
	const struct user	*user = any_reader(c);
	struct customer		 customer = customer_of(user);
	struct order_page	 page = { .status = "", .limit = LIST_LIMIT,
		.before_time = INT64_MAX, .before_id = INT64_MAX };
	struct db		*db = enter(c, user);
	struct order_list	 list;
	enum db_result		 result;

	if (db == NULL)
		return false;
	result = order_store_list(db, c->arena, &customer, &page, &list);
	db_done(db);
	return result == DB_OK && list.customer == CUSTOMER_LIVE &&
	    list.count == LIST_LIMIT &&
	    has_lines(&list.orders[LIST_LIMIT - 1]);
}

static bool
request_detail(struct client *c)
{
	const struct user	*user = any_reader(c);
	struct customer		 customer = customer_of(user);
	int64_t			 id = user->orders[below(c,
	    (uint32_t)user->order_count)];
	struct db		*db = enter(c, user);
	struct order_found	 r;
	enum db_result		 result;

	if (db == NULL)
		return false;
	result = order_store_find(db, c->arena, &customer, id, &r);
	db_done(db);
	return result == DB_OK && r.customer == CUSTOMER_LIVE && r.found &&
	    has_lines(&r.order);
}

/* 30 % create, 35 % list, 35 % detail. */
static bool
request_mix(struct client *c)
{
	uint32_t	 n = below(c, 100);

	if (n < 30)
		return request_create(c);
	return n < 65 ? request_list(c) : request_detail(c);
}

/* Fills a cart. The next request orders it: see request_cart(). */
static bool
fill_cart(struct client *c, const struct user *user)
{
	struct customer		 customer = customer_of(user);
	struct db		*db = enter(c, user);
	struct cart_result	 r;
	enum db_result		 result;

	if (db == NULL)
		return false;
	result = cart_store_add(db, c->arena, &customer, FIRST_SKU +
	    below(c, SKUS), 1 + below(c, 3), &r);
	db_done(db);
	return result == DB_OK && r.customer == CUSTOMER_LIVE &&
	    r.outcome == CART_SHOWN;
}

/* In turn: fills a cart, and orders it. Each process has users of its own:
 * nobody else empties the cart between the two. */
static bool
request_cart(struct client *c)
{
	const struct user	*user = c->filled;
	struct db		*db;
	bool			 made;

	if (user == NULL) {
		c->turn += c->step;
		if (c->turn >= user_count)
			c->turn = c->index;
		c->filled = &users[c->turn];
		return fill_cart(c, c->filled);
	}
	c->filled = NULL;
	db = enter(c, user);
	if (db == NULL)
		return false;
	made = make(c, db, user, NULL, 0);
	db_done(db);
	return made;
}

static const struct {
	const char	*name;
	bool		(*request)(struct client *);
} scenarios[] = {
	{ "create", request_create },
	{ "list", request_list },
	{ "detail", request_detail },
	{ "mix", request_mix },
	{ "hot", request_hot },
	{ "cart", request_cart }
};
#define SCENARIO_COUNT (sizeof(scenarios) / sizeof(*scenarios))

/* ---- one process ---- */

/* Makes the connections of a process. None is opened yet. */
static void
connect_all(struct client *c, const struct settings *settings)
{
	static struct slot		 slot;		/* nobody reads it */
	static struct db_limits		 limits;
	const struct market_registry	*r = settings->markets;

	limits.connect_timeout = settings->connect_timeout;
	limits.query_timeout = settings->query_timeout;
	limits.markets = r->count;
	for (size_t i = 0; i < r->count; i++) {
		c->dbs[i] = store_db_new(&r->markets[i], &limits, NULL, &slot);
		c->skus[i] = sku_cache_new();
	}
}

/* Makes requests until the end. */
static void
run_client(struct client *c, bool (*request)(struct client *), uint64_t start,
    uint64_t end, struct tally *tally)
{
	uint64_t	 now;

	while ((now = clock_ms()) < end) {
		if (now < start) {
			(void)usleep(1000);
			continue;
		}
		if (request(c))
			tally->requests++;
		else if (tally->errors++ == 0)
			fprintf(stderr, "raw: a request of process %zu has "
			    "failed\n", c->index);
		arena_reset(c->arena);
	}
}

/* Starts a process. */
static void
start_client(const struct settings *settings, size_t scenario, size_t index,
    size_t count, uint64_t start, uint64_t end, struct tally *tally)
{
	static struct client	 c;
	pid_t			 pid = fork();

	if (pid == -1)
		fatal("fork: %s", strerror(errno));
	if (pid > 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	c.random = randombytes_random() | 1;
	c.index = c.turn = index;
	c.step = count;
	c.arena = arena_new(ARENA_BYTES);
	connect_all(&c, settings);
	run_client(&c, scenarios[scenario].request, start, end, tally);
	for (size_t i = 0; i < settings->markets->count; i++) {
		db_free(c.dbs[i]);
		sku_cache_free(c.skus[i]);
	}
	_exit(EXIT_SUCCESS);
}

/* ---- the program ---- */

/* Reads a user's line: market, id, token, ids of orders or "-". */
static void
read_user(char *line, const struct market_registry *markets)
{
	struct user	*user = &users[user_count];
	char		*rest = line;
	const char	*word = strsep(&rest, " ");

	user->market = market_find(markets, word);
	word = strsep(&rest, " ");
	if (user->market == NULL || word == NULL)
		fatal("the file of users has a wrong line");
	user->id = strtoll(word, NULL, 10);
	(void)strsep(&rest, " ");
	for (char *id; (id = strsep(&rest, ",\n")) != NULL &&
	    user->order_count < USER_ORDERS_MAX;)
		if (*id != '\0' && *id != '-')
			user->orders[user->order_count++] =
			    strtoll(id, NULL, 10);
	user_count++;
	if (user->order_count > 0)
		reader_count = user_count;
}

static void
read_users(const char *path, const struct market_registry *markets)
{
	char	 line[LINE_MAX_BYTES];
	FILE	*file = fopen(path, "r");

	if (file == NULL)
		fatal("cannot open %s: %s", path, strerror(errno));
	while (user_count < USERS_MAX &&
	    fgets(line, sizeof(line), file) != NULL)
		read_user(line, markets);
	(void)fclose(file);
	if (reader_count == 0)
		fatal("%s: no user has orders", path);
}

static const struct settings *
read_settings(const char *path)
{
	struct arena		*arena = arena_new(ARENA_BYTES);
	struct ini_errors	 errors;
	const struct settings	*settings;

	ini_errors_init(&errors, arena);
	settings = settings_load(path, false, arena, &errors);
	for (size_t i = 0; i < errors.count; i++)
		fprintf(stderr, "raw: %s\n", errors.text[i]);
	if (settings == NULL)
		exit(EXIT_FAILURE);
	return settings;
}

/* Waits for all processes, and prints what they have done. Returns the exit
 * status. */
static int
report(const struct tally *tallies, size_t processes, uint64_t seconds)
{
	uint64_t	 requests = 0, errors = 0, us;
	struct rusage	 usage;
	int		 status, failed = 0;

	while (wait(&status) > 0)
		if (status != 0)
			failed = 1;
	for (size_t i = 0; i < processes; i++) {
		requests += tallies[i].requests;
		errors += tallies[i].errors;
	}
	(void)getrusage(RUSAGE_CHILDREN, &usage);
	us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
	    1000000 + (uint64_t)(usage.ru_utime.tv_usec +
	    usage.ru_stime.tv_usec);
	printf("bench requests=%" PRIu64 " errors=%" PRIu64 " duration_us=%"
	    PRIu64 " client_us=%" PRIu64 "\n", requests, errors,
	    seconds * 1000000, us);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int argc, char *argv[])
{
	const struct settings	*settings;
	struct tally		*tallies;
	size_t			 scenario = 0, processes;
	uint64_t		 seconds, start;

	processes = argc == 6 ? strtoul(argv[4], NULL, 10) : 0;
	seconds = argc == 6 ? strtoul(argv[5], NULL, 10) : 0;
	while (argc == 6 && scenario < SCENARIO_COUNT &&
	    strcmp(scenarios[scenario].name, argv[3]) != 0)
		scenario++;
	if (processes < 1 || processes > PROCESSES_MAX || seconds < 1 ||
	    scenario == SCENARIO_COUNT) {
		fprintf(stderr, "usage: raw CONF USERS SCENARIO PROCESSES "
		    "SECONDS\n");
		return 2;
	}
	if (sodium_init() == -1)
		fatal("cannot initialise libsodium");
	log_set_level(LOG_LEVEL_WARNING);
	settings = read_settings(argv[1]);
	read_users(argv[2], settings->markets);
	tallies = mmap(NULL, processes * sizeof(*tallies), PROT_READ |
	    PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		fatal("no memory");
	/* All begin together, after the forks. */
	start = clock_ms() + 300;
	for (size_t i = 0; i < processes; i++)
		start_client(settings, scenario, i, processes, start,
		    start + seconds * 1000, &tallies[i]);
	return report(tallies, processes, seconds);
}
