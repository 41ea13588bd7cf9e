/*
 * slot.h: what a worker is doing now, written by the worker alone and read
 * from shared memory by the master (death reports, deadline, watchdog) and the
 * other workers (db/bulkhead.h). The request path gets a pointer to its slot;
 * where the memory comes from is the daemon's business (base/scoreboard.h).
 *
 * Each field is atomic by itself, relaxed: a reader may see a new phase with
 * an old route, and must not need more. Only one thing is decided here: whether
 * the master may kill the child (slot_condemn). "busy_ms" decides it.
 */
#ifndef ORDERMUX_SLOT_H
#define ORDERMUX_SLOT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum slot_phase {
	SLOT_STARTING,		/* before the first wait */
	SLOT_WAITING,		/* for a request */
	SLOT_READING,		/* accept, parameters, body */
	SLOT_RULES,		/* token, validation, answer being made */
	SLOT_DATABASE,		/* a statement is on its way */
	SLOT_WRITING,		/* the answer */
	SLOT__MAX
};

#define SLOT_NONE UINT32_MAX	/* no route, no market */
#define SLOT_CONDEMNED UINT64_MAX	/* busy_ms of a child to be killed */

struct slot {
	alignas(128) _Atomic uint32_t phase;	/* enum slot_phase */
	_Atomic uint32_t route;		/* index of the route table */
	_Atomic uint32_t market;	/* index in the registry */
	_Atomic uint64_t since_ms;	/* of the phase; all by clock_ms() */
	_Atomic uint64_t busy_ms;	/* of the accept; 0 = waiting;
					 * or SLOT_CONDEMNED */
	/* For db/bulkhead.c. */
	_Atomic uint64_t entered_ms;	/* the database; 0 = not in it */
	_Atomic uint64_t customer;	/* who asks; 0 = nobody known */
	_Atomic uint64_t lock_ms;	/* began to ask for locks; 0 = not */
	_Atomic uint64_t lock_keys[2];	/* of the rows to be locked */
	_Atomic uint64_t held_keys[2];	/* of all since it entered */
	/* Since the slot was made; a respawned worker counts on. */
	_Atomic uint64_t requests;	/* finished */
	/* [n] = answers of n00..n99; [0] = none */
	_Atomic uint64_t answers[6];
};

/* Stamps the phase with the time. Busy is from reading to waiting. Returns
 * false if the master has condemned this child meanwhile: it is about to be
 * killed, and must accept nothing more. */
bool	slot_set(struct slot *, enum slot_phase);
void	slot_set_route(struct slot *, uint32_t route);
void	slot_set_market(struct slot *, uint32_t market);

/* Who asks, as a number that is another one for each customer of the market.
 * A request of another market is again nobody's. */
void	slot_set_customer(struct slot *, uint64_t customer);

/* The request begins to use its market's database; is done with it, as with
 * another market. */
void	slot_enter(struct slot *, uint64_t now_ms);
void	slot_leave(struct slot *);

/*
 * The master is about to kill the child, for what it does since busy_ms, which
 * the master has read. Returns false if the child has gone on since then: it is
 * not to be killed. After true it begins no other request.
 */
bool	slot_condemn(struct slot *, uint64_t busy_ms);

/* Nobody is in the slot any more, or not yet. */
void	slot_clear(struct slot *);

/* A request has been answered with the HTTP status (0: the client had gone);
 * route and market are none again. */
void	slot_finished(struct slot *, int status);

const char *	slot_phase_name(uint32_t phase);

#endif
