/*
 * command.h: a program that delivers one message. Whatever it does, it can do
 * the courier no harm: it is run with no shell, in a process group of its own,
 * with a time limit, and with what it is to read in a file that nobody waits
 * for it to read. What it prints goes nowhere; the first line of what it
 * complains of is kept for the log. When it ends, all that is left of its
 * group is killed.
 *
 * exit 0			delivered
 * exit 75 (EX_TEMPFAIL)	to be tried again
 * killed, too slow, cannot be started
 *				to be tried again: what it did is unknown
 * any other exit		dead: it would fail again
 *
 * Too slow is who had to be killed. One that has ended by itself has said what
 * became of the message, however late that is looked at.
 */
#ifndef ORDERMUX_COMMAND_H
#define ORDERMUX_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define COMMAND_WHY_MAX	 256	/* bytes, with the NUL */
#define COMMAND_SAID_MAX 512

enum command_state {
	COMMAND_NONE,
	COMMAND_RUNNING,
	/* How it ended: */
	COMMAND_DELIVERED,
	COMMAND_AGAIN,
	COMMAND_DEAD
};

struct command {
	enum command_state	 state;
	pid_t			 pid;
	int			 complaints;	/* its stderr; -1 = closed */
	uint64_t		 began_ms;	/* clock_ms() */
	uint64_t		 deadline_ms;
	bool			 late;		/* was to be killed */
	char			 said[COMMAND_SAID_MAX];
	size_t			 said_len;
	bool			 said_line;	/* the line has ended */
	char			 why[COMMAND_WHY_MAX];	/* once it has ended */
};

/* What is to be run; used only during the call. */
struct command_plan {
	char *const	*argv;		/* [0] = absolute path; ends NULL */
	char *const	*envp;
	const char	*input;		/* its standard input */
	size_t		 input_len;
	unsigned	 timeout;	/* ms */
};

/* Starts it: COMMAND_RUNNING; or COMMAND_AGAIN with "why" when there can be no
 * process. */
void	command_start(struct command *, const struct command_plan *);

/* Makes it one that was never begun, with an outcome and its "why". */
void	command_refuse(struct command *, enum command_state, const char *why);

/* Takes what it has written on its standard error; never waits. */
void	command_listen(struct command *);

/* Kills it when its time is over. */
void	command_limit(struct command *, uint64_t now_ms);

/*
 * Whether it has ended: state and "why" then say how, with each of the secrets
 * masked, in printable UTF-8. Never waits.
 */
bool	command_ended(struct command *, const char *const *secrets);

/* Ends it with no outcome, at once. */
void	command_abandon(struct command *);

#endif
