/*
 * board.h: the scoreboard, memory that master and workers share.
 *
 * A slot belongs to a worker's index, not to its pid, so that a respawned
 * worker goes on counting and sums never fall. Each slot has one writer, the
 * worker that has its index now, and lies on cache lines of its own.
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
bool	board_init(struct board *, size_t workers);

/* Of the calling process; the others keep theirs. */
void	board_free(struct board *);

#endif
