/*
 * scoreboard.c: makes the scoreboard. Called by the master, before its first
 * fork.
 * It must not know who uses which slot, nor what a slot's numbers mean.
 */
#include <sys/mman.h>

#include "base/scoreboard.h"

/* One mapping: the markets, and the slots behind them. */
static size_t
scoreboard_size(const struct scoreboard *board)
{
	return SCOREBOARD_MARKET_MAX * sizeof(*board->markets) +
	    board->count * sizeof(*board->slots);
}

bool
scoreboard_init(struct scoreboard *board, size_t workers, size_t others)
{
	void *memory;
	size_t i;

	board->workers = workers;
	board->count = workers + others;
	/* Zeroed pages; the children inherit the mapping, not a copy. */
	memory = mmap(NULL, scoreboard_size(board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;

	board->markets = memory;
	board->slots = (void *)(board->markets + SCOREBOARD_MARKET_MAX);
	for (i = 0; i < board->count; i++) {
		slot_set_route(&board->slots[i], SLOT_NONE);
		slot_set_market(&board->slots[i], SLOT_NONE);
	}
	return true;
}

void
scoreboard_free(struct scoreboard *board)
{
	(void)munmap(board->markets, scoreboard_size(board));
	board->markets = NULL;
	board->slots = NULL;
	board->count = 0;
}
