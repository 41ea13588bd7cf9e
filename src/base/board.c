/*
 * board.c: makes the scoreboard. Called by the master, before its first fork.
 * It must not know who uses which slot, nor what a slot's numbers mean.
 */
#include <sys/mman.h>

#include "base/board.h"

/* One mapping: the gates, and the slots behind them. */
static size_t
board_size(const struct board *board)
{
	return BOARD_MARKET_MAX * sizeof(*board->gates) +
	    board->count * sizeof(*board->slots);
}

bool
board_init(struct board *board, size_t workers, size_t others)
{
	void *memory;
	size_t i;

	board->workers = workers;
	board->count = workers + others;
	/* Zeroed pages; the children inherit the mapping, not a copy. */
	memory = mmap(NULL, board_size(board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;

	board->gates = memory;
	board->slots = (void *)(board->gates + BOARD_MARKET_MAX);
	for (i = 0; i < board->count; i++) {
		stage_set_route(&board->slots[i].stage, STAGE_NONE);
		stage_set_market(&board->slots[i].stage, STAGE_NONE);
	}
	return true;
}

void
board_free(struct board *board)
{
	(void)munmap(board->gates, board_size(board));
	board->gates = NULL;
	board->slots = NULL;
	board->count = 0;
}
