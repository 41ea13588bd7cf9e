/*
 * grants.h: the SQL that makes the account of a market. For ordermuxctl.
 */
#ifndef ORDERMUX_GRANTS_H
#define ORDERMUX_GRANTS_H

struct arena;
struct market;

/* The hosts from which a service connects to this market's database, as the
 * server sees them, if the database is on the service's own host: "localhost"
 * (by socket), "127.0.0.1", "::1". Ends with NULL. NULL if one of the
 * market's hosts is another one: only people know how it sees us. */
const char **	grants_own_hosts(const struct market *, struct arena *);

/*
 * Returns the SQL that makes an account for each of these hosts (the list ends
 * with NULL): grants/market.sql of the directory, with names and password
 * filled in and quoted. If the market has a tls_ca, the accounts need TLS. NULL
 * after an error: *why says it.
 */
char *	grants_sql(const struct market *, const char *sql_dir,
    const char *const *hosts, struct arena *, const char **why);

#endif
