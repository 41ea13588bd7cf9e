/*
 * relaxed.h: reads and writes a number in shared memory.
 *
 * Relaxed means: each number stands for itself. A reader may see a new value
 * of one and an old value of another, and must not need more. If only one
 * process may do something, let it exchange the number instead
 * (atomic_compare_exchange_strong()).
 */
#ifndef ORDERMUX_RELAXED_H
#define ORDERMUX_RELAXED_H

#include <stdatomic.h>

#define relaxed_load(field) \
	atomic_load_explicit((field), memory_order_relaxed)
#define relaxed_store(field, value) \
	atomic_store_explicit((field), (value), memory_order_relaxed)

#endif
