/*
 * secret_file.h: the secret that an option names: where its file is, what it
 * contains, and who else could read or change it.
 */
#ifndef ORDERMUX_SECRET_FILE_H
#define ORDERMUX_SECRET_FILE_H

#include <stdbool.h>

struct arena;
struct ini_errors;
struct secret;

/* A secret to be read. */
struct secret_file {
	struct ini_errors	*errors;
	const void		*field;		/* the option's, for messages */
	const char		*what;		/* in front of them: "" */
	const char		*name;		/* see secret_path() */
	const char		*conf_dir;
	const char		*path;		/* filled in */
};

/*
 * Reads the secret, to be freed with the arena. Says what is wrong with its
 * file, and how to mend it; false after an error.
 *
 * Root may check a configuration as the user of the service (effective user).
 * A name that the service's unit gives as a credential is then read as
 * systemd does: from the file in the unit, as root. The bytes of one that is
 * encrypted stay NULL.
 */
bool	secret_file_read(struct secret_file *, struct secret *, struct arena *);

/* Warns of white space at the ends of a secret that is text, which most editors
 * and "echo" leave there, and which is part of it. Random bytes may end as they
 * like. */
void	secret_file_check_ends(const struct secret_file *,
    const struct secret *);

#endif
