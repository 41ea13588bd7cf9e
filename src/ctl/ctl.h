/*
 * ctl.h: what the commands of ordermuxctl share: the command line, the
 * configuration, how a command ends, and how texts get to a terminal.
 *
 * A command is a row in command.c and a function in the file of its group. It
 * writes its result to standard output and errors to standard error, and
 * returns the program's exit status.
 */
#ifndef ORDERMUX_CTL_H
#define ORDERMUX_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "db/db.h"
#include "market/workflow.h"

/* The exit statuses; what they mean for people is a table in command.c. */
enum ctl_status {
	CTL_DONE = 0,
	CTL_ERROR = 1,		/* of reconcile: the books are wrong */
	CTL_USAGE = 2,
	CTL_REFUSED = 3,	/* the rules do not allow it now */
	CTL_AWAY = 4		/* a market could not be read */
};

struct arena;
struct ini_errors;
struct settings;
struct market;

/* The command line, and what all commands need. */
struct ctl {
	const char		*conf;
	const char		*admin;		/* migrate's --user */
	const char		*password_file;	/* --password-file */
	const char		*sql_dir;	/* --sql */
	const char		*client_host;	/* --client-host, or NULL */
	const char		*long_list;	/* --long, or NULL */
	const char		*status;	/* --status, or NULL */
	const char		*limit;		/* --limit, or NULL */
	const char		*customer;	/* order list --user, or NULL */
	const char		*phone;		/* --phone, or NULL */
	const char		*from;		/* --from, or NULL */
	const char		*note;		/* --note, or NULL */
	const char		*by;		/* --by, or NULL */
	const char		*file;		/* --file, or NULL */
	const char		*dry_run;	/* --dry-run, or NULL */
	enum order_state	 to;		/* of "order ship" and so on */
	struct arena		*arena;
	const struct settings	*settings;	/* without secrets, until ... */
	struct settings		*loaded;	/* ... they are read here */
	struct ini_errors	*errors;	/* of the settings */
	char			**args;		/* after the command */
	int			 arg_count;
	bool			 left_out;	/* a market that is shut */
};

/* Writes "ordermuxctl: ..." and a newline to standard error. */
void	ctl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Finds the market with this name; ends the program if there is none. */
const struct market *ctl_market(const struct ctl *, const char *name);

/* Returns the markets that the arguments name, or all if there are none, and
 * their number; ends the program if a name is wrong. Of all, those that are
 * shut are left out, which is an error in the end. */
const struct market **ctl_markets(struct ctl *, size_t *count);

/* Reads the market's password. A command reads no secret that it does not need.
 * Ends the program if that is not possible. */
void	ctl_need_password(const struct ctl *, const struct market *);

/* Makes a connection to the market's database, not yet opened, having read its
 * password. A query may take at most this many milliseconds. Free it with
 * db_free(). */
struct db *	ctl_db(const struct ctl *, const struct market *,
    unsigned query_timeout);

/* Reports that the market's database is unavailable or failed. Not for
 * DB_UNKNOWN, which each command explains itself. Returns CTL_ERROR. */
int	ctl_db_error(const struct market *, enum db_result);

/*
 * Makes a text of a database safe for a terminal; print none without it.
 * Control characters, and those that change the direction of writing, become
 * \n, \t or \xNN, and a backslash becomes two. So a name cannot clear the
 * screen or forge a line. NULL becomes "". The text is in the arena.
 */
const char *	ctl_clean(struct arena *, const char *);

/* Whether a person runs the program as root through sudo (or doas). Then it has
 * rights that the person does not have. */
bool	ctl_is_person(void);

/* Returns who makes a change: "staff:" and --by, the caller of sudo or the
 * login name. Only root itself may name somebody else. Ends the program if the
 * name is somebody else's, too long or empty. */
const char *	ctl_by(const struct ctl *);

/* Returns the --note without white space at its ends, or NULL. Ends the program
 * if the note is too long or not UTF-8. */
const char *	ctl_note(const struct ctl *);

/* Writes an amount with the digits of the market's currency: "24.99". */
const char *	ctl_amount(const struct ctl *, const struct market *,
    int64_t minor);

/* Writes a time: "2025-11-02T10:15:30Z". */
const char *	ctl_time(struct arena *, int64_t us);

/* schema.c */
int	ctl_migrate(struct ctl *);
int	ctl_grants(struct ctl *);
int	ctl_markets_list(struct ctl *);
/* token.c */
int	ctl_token(struct ctl *);
/* order.c */
int	ctl_order_list(struct ctl *);
int	ctl_order_show(struct ctl *);
int	ctl_order_move(struct ctl *);	/* to the state of an argument */
int	ctl_order_enter(struct ctl *);	/* to ctl->to */
/* stock.c */
int	ctl_stock(struct ctl *);
/* reconcile.c */
int	ctl_reconcile(struct ctl *);
/* whois.c */
int	ctl_whois(struct ctl *);

#endif
