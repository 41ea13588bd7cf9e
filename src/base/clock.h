/*
 * clock.h: the two clocks. Times in a database are by the wall clock, so that
 * hosts which share one keep theirs right (chrony); waits are measured by the
 * other, which never jumps.
 */
#ifndef ORDERMUX_CLOCK_H
#define ORDERMUX_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since 1970, UTC. */
static inline int64_t
clock_us(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Microseconds since some time: for differences. */
static inline int64_t
clock_monotonic_us(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The same in milliseconds: deadlines, and slot.h's since_ms. */
static inline uint64_t
clock_ms(void)
{
	return (uint64_t)clock_monotonic_us() / 1000;
}

#endif
