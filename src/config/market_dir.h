/*
 * market_dir.h: reads markets.d, a directory of markets' files, into a
 * registry.
 */
#ifndef ORDERMUX_MARKET_DIR_H
#define ORDERMUX_MARKET_DIR_H

#include <stdbool.h>

struct arena;
struct ini_errors;
struct market_registry;

/*
 * Reads all *.conf of a directory. Errors (file, line, what was expected) are
 * added to the list; among them two markets with one prefix or one database,
 * no default zone or two, an unknown time zone, a pattern that does not
 * compile, an amount with too many digits. A market with any error is shut
 * (market.h). NULL if the directory cannot be read, or has no file, or too
 * many. The default market is NULL if there is no such market. Database
 * passwords are read too unless without_secrets (for a check by somebody who
 * may not read them).
 */
struct market_registry *market_load(const char *dir, const char *default_name,
    const char *conf_dir, bool without_secrets, struct arena *,
    struct ini_errors *);

#endif
