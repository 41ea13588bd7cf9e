/*
 * hash.h: FNV-1a of 64 bits: a number for bytes whose value is of no use to an
 * attacker. Every part of a key goes through hash_add(): a part that is only
 * XORed in makes keys equal whose next part differs by the same bits.
 */
#ifndef ORDERMUX_HASH_H
#define ORDERMUX_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* The hash of what "hash" is of, and of these bytes behind it. */
static inline uint64_t
hash_add(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char	*p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
