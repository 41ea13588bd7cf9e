/*
 * stage.h: what a worker is doing now, written by the worker alone and read
 * from shared memory by the master (death reports, deadline, watchdog) and the
 * other workers (db/gate.h). The request path gets a pointer to its stage;
 * where the memory comes from is the daemon's business (base/board.h).
 *
 * Each field is atomic by itself, relaxed: a reader may see a new phase with
 * an old route, and must not need more.
 */
#ifndef ORDERMUX_STAGE_H
#define ORDERMUX_STAGE_H

#include <stdatomic.h>
#include <stdint.h>

enum stage_phase {
	STAGE_STARTING,		/* before the first wait */
	STAGE_WAITING,		/* for a request */
	STAGE_READING,		/* accept, parameters, body */
	STAGE_RULES,		/* token, validation, answer being made */
	STAGE_DATABASE,		/* a statement is on its way */
	STAGE_WRITING,		/* the answer */
	STAGE__MAX
};

#define STAGE_NONE UINT32_MAX	/* no route, no market */

struct stage {
	_Atomic uint32_t phase;		/* enum stage_phase */
	_Atomic uint32_t route;		/* index of the route table */
	_Atomic uint32_t market;	/* index in the registry */
	_Atomic uint64_t since_ms;	/* clock_ms(), of the phase */
	_Atomic uint64_t busy_ms;	/* clock_ms() of the accept; 0 = waiting */
	_Atomic uint64_t entered_ms;	/* the market's database; 0 = not in it */
	/* Since the slot was made; a respawned worker counts on. */
	_Atomic uint64_t requests;	/* finished */
	_Atomic uint64_t answers[6];	/* [n] = answers of n00..n99; [0] = none */
};

/* Stamps the phase with the time. Busy is from reading to waiting. */
void	stage_set(struct stage *, enum stage_phase);
void	stage_set_route(struct stage *, uint32_t route);
void	stage_set_market(struct stage *, uint32_t market);

/* The request begins to use its market's database; is done with it, as with
 * another market. */
void	stage_enter(struct stage *);
void	stage_leave(struct stage *);

/* Nobody is in the slot any more, or not yet. */
void	stage_clear(struct stage *);

/* A request has been answered with the HTTP status (0: the client had gone);
 * route and market are none again. */
void	stage_finished(struct stage *, int status);

const char *	stage_phase_name(uint32_t phase);

#endif
