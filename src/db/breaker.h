/*
 * breaker.h: keeps requests away from a market's database that does not work.
 *
 * The daemon has one breaker for each market, in memory that all its processes
 * share (base/scoreboard.h). A breaker has two halves:
 *
 *	use	shut if the server hangs: it is connected, but gives an answer
 *		to nobody. No process sends it a statement.
 *	connect	shut if no host can be used: it rejects connections, say, or is
 *		read-only, or has another market's database. No process tries
 *		to connect; existing connections stay in use (a server that
 *		has reached max_connections rejects only new ones).
 *
 * While a half is shut, one process in each second is told to probe: it tries
 * the database with little patience. All others fail at once. The half opens
 * when a probe succeeds.
 *
 * Nothing here waits or fails. Times are clock_ms().
 */
#ifndef ORDERMUX_BREAKER_H
#define ORDERMUX_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

struct scoreboard_market;

/* One process's view of the breaker of one market. */
struct breaker {
	const char		 *market;	/* its name, for the log */
	struct scoreboard_market *shared;
};

enum breaker_answer {
	BREAKER_OPEN,	/* go ahead */
	BREAKER_PROBE,	/* go ahead: you are the probe of this second */
	BREAKER_SHUT	/* do not try */
};

/* Both must outlive the breaker. The memory is zero at the start: open. */
void	breaker_init(struct breaker *, const char *market,
    struct scoreboard_market *);

/* May this process use the database? May it connect to the database? */
enum breaker_answer breaker_use(struct breaker *);
enum breaker_answer breaker_connect(struct breaker *);

/* Whether a half is shut, for who has no breaker of the market. */
bool	breaker_is_shut(const struct scoreboard_market *);

/* Whether the database is known to hang: "use" is shut. */
bool	breaker_hangs(const struct breaker *);

/* Notes that the server has answered a statement, at this time. */
void	breaker_answered(struct breaker *, uint64_t now_ms);

/* Whether no process has had an answer since then. */
bool	breaker_silent(const struct breaker *, uint64_t since_ms);

/* Shuts "use", because the server hangs; shuts "connect", because no host can
 * be used. "why" is for the log, which tells when the first half is shut. */
void	breaker_hung(struct breaker *);
void	breaker_unreachable(struct breaker *, const char *why);

/* Opens "use", because the probe was answered; opens "connect", because a
 * connection was made. The log tells when both are open again. */
void	breaker_works(struct breaker *);
void	breaker_connected(struct breaker *);

#endif
