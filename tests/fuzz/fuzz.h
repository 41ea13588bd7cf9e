/*
 * fuzz.h: what the fuzz targets share. Each target is one file with
 * LLVMFuzzerTestOneInput() (libFuzzer), linked with the same library as the
 * daemon, and built with AddressSanitizer and UBSan by scripts/fuzz.
 *
 * A target does not only wait for a crash: it says, by MUST(), what has to be
 * true of every input. No target needs a database or a network.
 */
#ifndef ORDERMUX_FUZZ_H
#define ORDERMUX_FUZZ_H

#include <fcgiapp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/token.h"
#include "base/buf.h"

struct arena;
struct json_object;
struct market_registry;

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Ends the process with a finding when it is not so. */
#define MUST(so) \
	((so) ? (void)0 : fuzz_wrong(#so, __FILE__, __LINE__))

_Noreturn void	fuzz_wrong(const char *what, const char *file, int line);

/* The arena of one input, empty again at each call. */
struct arena *	fuzz_arena(void);

/* A directory of this process, gone at its exit; and a file in it. */
const char *	fuzz_dir(void);
const char *	fuzz_write(const char *name, const void *, size_t);

/* The shipped markets. */
const struct market_registry *fuzz_markets(void);

/* Strict JSON, or a finding. What json_read() says about it is the reading
 * of another author: json_write.c's is checked by it. */
struct json_object *fuzz_json(struct arena *, const char *, size_t);

/* A part of an input: up to the separator (which is passed over) or the end.
 * In the arena, with a NUL behind it. */
char *	fuzz_part(struct arena *, const uint8_t **, size_t *, char separator,
    size_t *len);

/* The keys by which the corpus's tokens are signed, the first for all that is
 * made. */
extern const struct token_key fuzz_keys[2];

#endif
