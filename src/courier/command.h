/*
 * command.h: a program that delivers one message. The program cannot harm the
 * courier. It runs without a shell, in a process group of its own, and with a
 * time limit. Its input is a file, so that the courier never waits for it to
 * read. Its output is discarded. The first line that it writes to its standard
 * error (its complaint) is kept for the log. When it ends, the rest of its
 * process group is killed.
 *
 * exit 0			delivered
 * exit 75 (EX_TEMPFAIL)	try again
 * killed, timed out, cannot be started
 *				try again: nobody knows what it did
 * any other exit		dead: it would fail again (but see delivery.h)
 *
 * A program has timed out if it had to be killed. If it ended by itself, its
 * exit status counts, no matter how late the courier looks.
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
	bool			 late;		/* was sent SIGKILL */
	char			 said[COMMAND_SAID_MAX];
	size_t			 said_len;
	bool			 said_line;	/* the line is complete */
	char			 why[COMMAND_WHY_MAX];	/* once it has ended */
};

/* What to run. Used only during the call. */
struct command_plan {
	char *const	*argv;		/* [0] = absolute path; ends NULL */
	char *const	*envp;
	const char	*input;		/* its standard input */
	size_t		 input_len;
	unsigned	 timeout;	/* ms */
};

/* Starts the program: COMMAND_RUNNING, or COMMAND_AGAIN with "why" if it cannot
 * be started. */
void	command_start(struct command *, const struct command_plan *);

/* Sets an outcome and its "why" without starting a program. */
void	command_refuse(struct command *, enum command_state, const char *why);

/* Reads its standard error. Never waits. */
void	command_listen(struct command *);

/* Kills the program if its time is over. */
void	command_limit(struct command *, uint64_t now_ms);

/*
 * Whether the program has ended. If so, state and "why" say how, in printable
 * UTF-8, with each of the secrets (a list that ends with NULL) masked. Never
 * waits.
 */
bool	command_ended(struct command *, const char *const *secrets);

/* Kills the program. There is no outcome. */
void	command_abandon(struct command *);

#endif
