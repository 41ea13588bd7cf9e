/*
 * child.h: the master's children: the workers and the courier. Starts them,
 * collects those that have ended, and says in the log how they ended.
 *
 * children_init() allocates all memory. Nothing is allocated after that.
 */
#ifndef ORDERMUX_CHILD_H
#define ORDERMUX_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/scoreboard.h"

struct listener;
struct settings;
struct slot;

enum child_kind { CHILD_WORKER, CHILD_COURIER, CHILD__MAX };

/* A process, or the place for one. */
struct child {
	enum child_kind		 kind;
	size_t			 index;
	pid_t			 pid;		/* 0 = not running */
	const struct settings	*settings;	/* it was started with these */
	struct slot		*slot;
	uint64_t		 requests;	/* in the slot, at the start */
	uint64_t		 pause;		/* the last one; 0 = none */
	uint64_t		 due;		/* when to start the next one */
};

struct children {
	const struct listener	*listener;
	const struct settings	*settings;	/* for the next children */
	int			 signals;	/* the master's signalfd */
	struct scoreboard	 board;
	struct child		*list;		/* the workers come first */
	size_t			 count;		/* length of the list */
	size_t			 workers;	/* how many are workers */
	size_t			 running;	/* processes of all kinds */
	bool			 stopping;	/* no child is replaced */
};

/* Makes a slot for each child. The caller has set listener, settings and
 * signals; everything else is zero. Ends the program if memory is short. */
void	children_init(struct children *);
void	children_free(struct children *);

/* How many workers run with these settings. */
size_t	child_workers(const struct settings *);

/* Starts the children that are due. While stopping, none is. */
void	children_spawn_due(struct children *);

/* When the next child is due. UINT64_MAX = all are running. */
uint64_t	children_next_spawn(const struct children *);

/*
 * Collects all children that have ended, and decides when each is replaced:
 * at once, or, if it ended before its first finished request, after 2 s. That
 * pause doubles each time, up to 60 s.
 */
void	children_reap(struct children *);

/* How many children of a kind are running. */
size_t	children_running(const struct children *, enum child_kind);

/* Sends SIGTERM to the children of a kind. */
void	children_terminate(const struct children *, enum child_kind);

/* Sends SIGKILL to a running child. The log says why, and what it was doing. */
void	child_kill(const struct child *, const char *why);

#endif
