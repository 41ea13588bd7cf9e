/*
 * secret.h: keys and passwords, read from files once, at start or reload.
 *
 * A name without a slash is looked for in $CREDENTIALS_DIRECTORY (systemd's
 * LoadCredential=) when it is there, else beside the configuration file. The
 * bytes are taken as they are; a password is used without one trailing
 * newline, a key is not changed.
 *
 * The bytes are locked in the memory of the process that read them, and zeroed
 * when freed. A fork inherits no lock; but nobody writes to the bytes, so
 * that children share the locked pages of the master. Copies that libraries
 * make (a password in a connection, a token in a request) are not locked: they
 * can be swapped out, but no other process of the user can read them, and no
 * core file has them, because the process is not dumpable.
 */
#ifndef ORDERMUX_SECRET_H
#define ORDERMUX_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MAX 4096		/* bytes in a secret's file, at most */

struct secret {
	unsigned char	*bytes;		/* a NUL follows them */
	size_t		 len;
};

/* The path that a secret's name stands for, in buf; a relative name with a
 * slash in it starts at conf_dir. NULL when it does not fit. */
const char *	secret_path(const char *name, const char *conf_dir, char *buf,
    size_t cap);

/* NULL, or what is wrong, as a text for people without the secret in it
 * ("cannot open: Permission denied", "is empty", "is longer than ..."). */
const char *	secret_read(const char *path, struct secret *);

/* Takes one trailing newline (LF or CRLF) away. */
void	secret_chomp(struct secret *);
void	secret_free(struct secret *);

/* Whether the name can be that of a systemd credential: it has no slash. */
bool	secret_is_credential(const char *name);

/* Makes this process, and its children until they run another program, one
 * whose memory only root can read: no core file, no ptrace(2). Call it before
 * the first secret is read. */
void	secret_forbid_dumps(void);

#endif
