/*
 * board.h: the scoreboard, memory that the master shares with the workers
 * and the courier.
 *
 * A slot belongs to a child's index, not to its pid, so that a respawned
 * one goes on counting and sums never fall. Each slot has one writer, the
 * child that has its index now, and lies on cache lines of its own. The
 * courier's is the one behind the workers'.
 */
#ifndef ORDERMUX_BOARD_H
#define ORDERMUX_BOARD_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/stage.h"

struct board_slot {
	alignas(128) struct stage stage;
};

struct board {
	size_t			 count;
	struct board_slot	*slots;
};

/* Before the first fork. False with errno when there is no memory. */
bool	board_init(struct board *, size_t slots);

/* Of the calling process; the others keep theirs. */
void	board_free(struct board *);

#endif
