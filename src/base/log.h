/*
 * log.h: one event, one line, on standard error, in logfmt.
 *
 *	<6>level=info msg="Order created: ..." request_id=4be1 market=us id=7
 *
 * The prefix is the journal's priority (sd-daemon(3)); it is there only when
 * standard error is the journal's, which systemd says in JOURNAL_STREAM. A line
 * is written by one write(2) of at most LOG_LINE_MAX bytes, so that the lines
 * of several workers never mix. No name comes twice in a line: a field takes
 * the place of the context (log_set_market) of the same name. Values
 * that come from a client are escaped: no value can end a line or forge a
 * field. Never pass a token, a login code or a secret.
 *
 * A service must go on while its journal stands still. So it sets a limit
 * (log_set_wait): a line that is not taken within it is dropped. From then on
 * lines are dropped at once, until one is taken again; before it a line says
 * how many were dropped. A file and a broken pipe make nobody wait.
 *
 * A process is single threaded; the context below is the process's.
 */
#ifndef ORDERMUX_LOG_H
#define ORDERMUX_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 4096

/* The numbers are syslog's, which are the journal's. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

enum log_kind { LOG_KIND_END, LOG_KIND_STRING, LOG_KIND_SIGNED,
	LOG_KIND_UNSIGNED };

/* One name=value of a line; lives only for the call. */
struct log_field {
	const char	*name;
	enum log_kind	 kind;
	const char	*string;	/* NULL is written as nothing */
	int64_t		 number;
	uint64_t	 count;
};

static inline struct log_field
log_str(const char *name, const char *value)
{
	return (struct log_field){ .name = name, .kind = LOG_KIND_STRING,
	    .string = value };
}

static inline struct log_field
log_int(const char *name, int64_t value)
{
	return (struct log_field){ .name = name, .kind = LOG_KIND_SIGNED,
	    .number = value };
}

static inline struct log_field
log_uint(const char *name, uint64_t value)
{
	return (struct log_field){ .name = name, .kind = LOG_KIND_UNSIGNED,
	    .count = value };
}

#define LOG_FIELDS(...) \
	((const struct log_field[]){ __VA_ARGS__ __VA_OPT__(,) \
	    { .name = NULL } })

/* log_info("worker ended", log_int("pid", pid), log_str("how", how)); */
#define log_error(msg, ...) \
	log_write(LOG_LEVEL_ERROR, msg, LOG_FIELDS(__VA_ARGS__))
#define log_warning(msg, ...) \
	log_write(LOG_LEVEL_WARNING, msg, LOG_FIELDS(__VA_ARGS__))
#define log_notice(msg, ...) \
	log_write(LOG_LEVEL_NOTICE, msg, LOG_FIELDS(__VA_ARGS__))
#define log_info(msg, ...) \
	log_write(LOG_LEVEL_INFO, msg, LOG_FIELDS(__VA_ARGS__))
#define log_debug(msg, ...) \
	log_write(LOG_LEVEL_DEBUG, msg, LOG_FIELDS(__VA_ARGS__))

/* Lines less urgent than this are not written. Info until called. */
void	log_set_level(enum log_level);

/* No line waits longer for whoever reads standard error, in ms. A line waits
 * without end until this is called: once, before the process forks and before
 * it gives up rights. */
void	log_set_wait(unsigned ms);

/* What every following line carries; "" or NULL leaves the field out. The
 * strings are kept by address until the next call. */
void	log_set_request(const char *request_id);
void	log_set_market(const char *market);
/* The customer whom the request is of; 0 leaves the field out. */
void	log_set_user(int64_t user);

/* The fields end with one whose name is NULL. */
void	log_write(enum log_level, const char *msg, const struct log_field *);

/* Configuration or environment: says so on a line of level error, exits 1.
 * For start-up only. */
_Noreturn void	fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* A bug of ours: says so and aborts. */
_Noreturn void	panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

#endif
