/*
 * command.c: runs a program that delivers a message (see command.h). Called by
 * delivery.c and sms.c. It must not know what a message is.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/slot.h"
#include "base/str.h"
#include "courier/command.h"

#define LISTEN_READS	16	/* in one call: the program may never stop */
#define SHOWN_MAX	160	/* bytes of its complaint in the log */
#define MASK		"***"

/* ---- the child ---- */

/* Runs the program, in the child. Does not return. An error here is treated as
 * one of the program: it is logged, and the message is tried again. */
static _Noreturn void
exec_command(const struct command_plan *plan, pid_t parent, int in,
    int complaints)
{
	const struct rlimit	 none = { 0, 0 };
	sigset_t		 none_blocked;
	int			 nowhere;

	(void)setpgid(0, 0);
	/* A program that outlives the courier could deliver while the next
	 * courier does. The courier may have ended before this call. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EX_TEMPFAIL);
	nowhere = open("/dev/null", O_WRONLY);
	if (nowhere == -1 || dup2(in, STDIN_FILENO) == -1 ||
	    dup2(nowhere, STDOUT_FILENO) == -1 ||
	    dup2(complaints, STDERR_FILENO) == -1 || chdir("/") == -1)
		_exit(EX_TEMPFAIL);
	/* Libraries do not open all their connections close-on-exec. */
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	/* A core file would contain the message. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none_blocked);
	(void)sigprocmask(SIG_SETMASK, &none_blocked, NULL);
	(void)execve(plan->argv[0], plan->argv, plan->envp);
	(void)dprintf(STDERR_FILENO, "cannot run %s: %s\n", plan->argv[0],
	    strerror(errno));
	_exit(EX_TEMPFAIL);
}

/* ---- the parent ---- */

/* Creates a file without a name that contains the input. Unlike a pipe, it is
 * never full. Returns its descriptor, at the start of the file, or -1 with
 * errno. */
static int
create_command_input(const struct command_plan *plan)
{
	int	 fd = memfd_create("message", MFD_CLOEXEC);
	size_t	 done = 0;
	ssize_t	 n;

	while (fd != -1 && done < plan->input_len) {
		n = write(fd, plan->input + done, plan->input_len - done);
		if (n == -1) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	if (fd != -1 && lseek(fd, 0, SEEK_SET) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Forks. Returns false with errno. The caller closes both descriptors. */
static bool
fork_command(struct command *c, const struct command_plan *plan, int in,
    int complaints)
{
	pid_t	 parent = getpid();

	c->pid = fork();
	if (c->pid == 0)
		exec_command(plan, parent, in, complaints);
	if (c->pid == -1)
		return false;
	/* Both processes do this, so that the group exists before either goes
	 * on. It fails here if the child already runs its program: then the
	 * child has done it. */
	(void)setpgid(c->pid, c->pid);
	return true;
}

void
command_start(struct command *c, const struct command_plan *plan)
{
	int	 ends[2] = { -1, -1 }, in;
	bool	 ok;

	*c = (struct command){ .complaints = -1,
	    .began_ms = clock_ms() };
	c->deadline_ms = c->began_ms + plan->timeout;
	in = create_command_input(plan);
	ok = in != -1 && pipe2(ends, O_CLOEXEC) == 0 &&
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
	    fork_command(c, plan, in, ends[1]);
	if (ok) {
		c->state = COMMAND_RUNNING;
		c->complaints = ends[0];
	} else {
		c->state = COMMAND_AGAIN;
		snprintf(c->why, sizeof(c->why), "cannot start a process: %s",
		    strerror(errno));
		if (ends[0] != -1)
			close(ends[0]);
	}
	if (ends[1] != -1)
		close(ends[1]);
	if (in != -1)
		close(in);
}

void
command_refuse(struct command *c, enum command_state state, const char *why)
{
	*c = (struct command){ .state = state, .complaints = -1,
	    .began_ms = clock_ms() };
	snprintf(c->why, sizeof(c->why), "%s", why);
}

/* Keeps the first line that is not empty, cut if it is too long. */
static void
keep_complaint(struct command *c, const char *p, size_t n)
{
	for (size_t i = 0; i < n && !c->said_line; i++) {
		if (p[i] == '\n')
			c->said_line = c->said_len > 0;
		else
			c->said[c->said_len++] = p[i];
		if (c->said_len == sizeof(c->said) - 1)
			c->said_line = true;
	}
}

void
command_listen(struct command *c)
{
	char	 text[4096];
	ssize_t	 n;

	for (int i = 0; c->complaints != -1 && i < LISTEN_READS; i++) {
		n = read(c->complaints, text, sizeof(text));
		if (n > 0)
			keep_complaint(c, text, (size_t)n);
		else if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		else {
			close(c->complaints);
			c->complaints = -1;
		}
	}
}

void
command_limit(struct command *c, uint64_t now_ms)
{
	if (c->state != COMMAND_RUNNING || c->late || now_ms < c->deadline_ms)
		return;
	c->late = true;
	(void)kill(-c->pid, SIGKILL);
}

/* Replaces a secret wherever it is in the text. */
static void
mask_secret(char *text, const char *secret)
{
	size_t	 n = strlen(secret), mask = strlen(MASK);
	char	*at = text;

	/* Anything shorter than the mask is not secret. */
	while (n >= mask && (at = strstr(at, secret)) != NULL) {
		memcpy(at, MASK, mask);
		memmove(at + mask, at + n, strlen(at + n) + 1);
		at += mask;
	}
}

/* Masks the secrets in the complaint. If it was cut, part of a secret may be at
 * its end: removes as many bytes as the longest secret has. */
static void
mask_all_secrets(struct command *c, const char *const *secrets)
{
	size_t	 longest = 0, n;

	for (; secrets != NULL && *secrets != NULL; secrets++) {
		mask_secret(c->said, *secrets);
		n = strlen(*secrets);
		longest = n > longest ? n : longest;
	}
	n = strlen(c->said);
	if (c->said_len == sizeof(c->said) - 1)
		c->said[n > longest ? n - longest : 0] = '\0';
}

/* Returns the complaint as one printable line without secrets. */
static const char *
printable_complaint(struct command *c, const char *const *secrets)
{
	size_t	 n = c->said_len;
	bool	 valid;

	c->said[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)c->said[i] < ' ' || c->said[i] == 0x7f)
			c->said[i] = ' ';
	mask_all_secrets(c, secrets);
	n = strnlen(c->said, SHOWN_MAX);
	/* Do not cut a character in two. */
	while (n > 0 && ((unsigned char)c->said[n] & 0xc0) == 0x80)
		n--;
	c->said[n] = '\0';
	valid = str_utf8_valid(c->said, n);
	for (size_t i = 0; i < n && !valid; i++)
		if ((unsigned char)c->said[i] >= 0x80)
			c->said[i] = '?';
	return c->said;
}

/*
 * Fills in state and "why" from the exit status. "late" only explains why the
 * program was killed. We send nothing but SIGKILL: a program that has exited
 * did so by itself, before the signal, and its exit status is true. The courier
 * may look long after the deadline, if a database made it wait.
 */
static void
judge_exit_status(struct command *c, const siginfo_t *info,
    const char *const *secrets)
{
	const char	*complaint = printable_complaint(c, secrets);
	char		 how[64];

	c->state = COMMAND_AGAIN;
	if (info->si_code == CLD_EXITED) {
		snprintf(how, sizeof(how), "exit %d", info->si_status);
		if (info->si_status == EXIT_SUCCESS)
			c->state = COMMAND_DELIVERED;
		else if (info->si_status != EX_TEMPFAIL)
			c->state = COMMAND_DEAD;
	} else if (c->late)
		snprintf(how, sizeof(how), "timed out after %llu ms",
		    (unsigned long long)(c->deadline_ms - c->began_ms));
	else
		snprintf(how, sizeof(how), "signal %d", info->si_status);
	snprintf(c->why, sizeof(c->why), "%s%s%.*s", how,
	    *complaint != '\0' ? ": " : "", SHOWN_MAX, complaint);
}

bool
command_ended(struct command *c, const char *const *secrets)
{
	siginfo_t	 info = { .si_pid = 0 };

	if (c->state != COMMAND_RUNNING)
		return c->state != COMMAND_NONE;
	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
	    -1 || info.si_pid == 0)
		return false;
	/* Before waitpid(): until then no other group can get its number. */
	(void)kill(-c->pid, SIGKILL);
	(void)waitpid(c->pid, NULL, 0);
	command_listen(c);
	if (c->complaints != -1)
		close(c->complaints);
	c->complaints = -1;
	judge_exit_status(c, &info, secrets);
	return true;
}

void
command_abandon(struct command *c)
{
	if (c->state != COMMAND_RUNNING)
		return;
	(void)kill(-c->pid, SIGKILL);
	(void)waitpid(c->pid, NULL, 0);
	if (c->complaints != -1)
		close(c->complaints);
	c->complaints = -1;
	c->state = COMMAND_NONE;
}
