/*
 * board.c: makes the scoreboard. Called by the master, before its first fork.
 * It must not know who uses which slot, nor what a slot's numbers mean.
 */
#include <sys/mman.h>

#include "daemon/board.h"

bool
board_init(struct board *board, size_t slots)
{
	void *memory;
	size_t i;

	/* Zeroed pages; the children inherit the mapping, not a copy. */
	memory = mmap(NULL, slots * sizeof(*board->slots),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;

	board->slots = memory;
	board->count = slots;
	for (i = 0; i < slots; i++) {
		stage_set_route(&board->slots[i].stage, STAGE_NONE);
		stage_set_market(&board->slots[i].stage, STAGE_NONE);
	}
	return true;
}

void
board_free(struct board *board)
{
	(void)munmap(board->slots, board->count * sizeof(*board->slots));
	board->slots = NULL;
	board->count = 0;
}
