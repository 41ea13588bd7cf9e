/*
 * outbox_signal.c: see outbox_signal.h.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "base/outbox_signal.h"

static int		 event = -1;
static _Atomic uint64_t	*raised;

bool
outbox_signal_init(void)
{
	void	*memory;

	event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (event == -1)
		return false;
	memory = mmap(NULL, sizeof(*raised), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		close(event);
		event = -1;
		return false;
	}
	raised = memory;
	return true;
}

void
outbox_signal_free(void)
{
	if (event == -1)
		return;
	close(event);
	munmap((void *)raised, sizeof(*raised));
	event = -1;
	raised = NULL;
}

void
outbox_signal_raise(unsigned market)
{
	uint64_t	one = 1;

	if (event == -1 || market >= OUTBOX_SIGNAL_MARKETS_MAX)
		return;
	/* The bit first: whoever is woken finds it. */
	atomic_fetch_or(raised, UINT64_C(1) << market);
	/* Full, it is readable already. */
	if (write(event, &one, sizeof(one)) == -1)
		return;
}

int
outbox_signal_fd(void)
{
	return event;
}

uint64_t
outbox_signal_take(void)
{
	uint64_t	count;

	if (event == -1)
		return 0;
	/* The count first: a bit that is set now is taken below, or makes the
	 * descriptor readable again. */
	if (read(event, &count, sizeof(count)) == -1)
		count = 0;
	return atomic_exchange(raised, 0);
}
