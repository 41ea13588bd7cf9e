/*
 * market_file.h: reads markets.d into a registry, and prints a market back as
 * a file.
 */
#ifndef ORDERMUX_MARKET_FILE_H
#define ORDERMUX_MARKET_FILE_H

#include <stdbool.h>

struct arena;
struct buf;
struct ini_errors;
struct market;
struct market_registry;

/*
 * Reads all *.conf of a directory. Errors (file, line, what was expected) are
 * added to the list; among them two markets with one prefix or one database,
 * no default zone or two, an unknown time zone, a pattern that does not
 * compile, an amount with too many digits, a default market that there is not.
 * NULL when there was any. Database passwords are read too unless
 * without_secrets (for a check by somebody who may not read them).
 */
struct market_registry *market_load(const char *dir, const char *default_name,
    const char *conf_dir, bool without_secrets, struct arena *,
    struct ini_errors *);

/* The options of a market's file, as ini_list_options() has them. */
void	market_file_list(struct buf *);

/* The market's file as it is in force, secrets masked. */
void	market_print(const struct market *, struct buf *);

#endif
