/*
 * secret_file.c: see secret_file.h.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/text.h"
#include "config/ini.h"
#include "config/secret_file.h"

#define UNIT_COMMAND	"systemctl cat ordermux.service 2>/dev/null"
#define LOAD		"LoadCredential="
#define LOAD_ENCRYPTED	"LoadCredentialEncrypted="

/* ---- credentials ---- */

/* Whether root checks as somebody else. */
static bool
is_judging(void)
{
	return getuid() == 0 && geteuid() != 0;
}

/* If the unit's line gives the credential, returns what comes behind its name
 * and the colon: the path, "" if there is none; else NULL. */
static const char *
credential_of_line(const char *line, const char *prefix, const char *name)
{
	size_t	 n = strlen(name);

	if (strncmp(line, prefix, strlen(prefix)) != 0)
		return NULL;
	line += strlen(prefix);
	if (strncmp(line, name, n) != 0)
		return NULL;
	if (line[n] == ':')
		return line + n + 1;
	return line[n] == '\0' ? line + n : NULL;
}

/* The file from which systemd gives the service the credential; "" if that is
 * not a file to be read here; NULL if the unit does not name it. */
static const char *
credential_source(const char *name, struct arena *arena)
{
	/* The command is a constant: nothing of it comes from outside. */
	/* NOLINTNEXTLINE(cert-env33-c) */
	FILE		*unit = popen(UNIT_COMMAND, "re");
	const char	*found = NULL, *path;
	char		*line = NULL;
	size_t		 cap = 0;

	while (unit != NULL && getline(&line, &cap, unit) != -1) {
		line[strcspn(line, "\n")] = '\0';
		/* An empty one takes all before it away. */
		if (strcmp(line, LOAD) == 0)
			found = NULL;
		else if ((path = credential_of_line(line, LOAD, name)) != NULL)
			found = arena_strdup(arena, path);
		else if (credential_of_line(line, LOAD_ENCRYPTED, name))
			found = "";
	}
	free(line);
	if (unit != NULL)
		pclose(unit);
	return found;
}

/* ---- who may read and change it ---- */

/* Says how to mend a file that this process's user may not open: it, or the
 * first directory on the way that is closed. */
static void
say_denied(const struct secret_file *f, const char *wrong)
{
	const struct passwd	*user = getpwuid(geteuid());
	const struct group	*group = getgrgid(getegid());
	struct arena		*arena = f->errors->arena;
	const char		*closed = NULL, *name;

	for (const char *p = strchr(f->path + 1, '/');
	    closed == NULL && p != NULL; p = strchr(p + 1, '/')) {
		const char	*dir = arena_strndup(arena, f->path,
		    (size_t)(p - f->path));

		if (faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) == -1)
			closed = dir;
	}
	name = group != NULL ? group->gr_name : "ordermux";
	ini_error_at(f->errors, f->field, "%s%s %s (as the user %s): chgrp %s "
	    "%s && chmod %s %s", f->what, f->path, wrong, user != NULL ?
	    user->pw_name : "of the service", name, closed != NULL ? closed :
	    f->path, closed != NULL ? "0750" : "0640", closed != NULL ?
	    closed : f->path);
}

/* Says which directory of the path everybody may write to. Who can do that can
 * put another file in the secret's place; in a directory further up, another
 * directory, unless there is a sticky bit. */
static void
check_directories(const struct secret_file *f, const char *path)
{
	struct stat	 st;
	const char	*last = strrchr(path, '/');
	const char	*dir;

	for (const char *p = strchr(path + 1, '/'); p != NULL;
	    p = strchr(p + 1, '/')) {
		dir = arena_strndup(f->errors->arena, path, (size_t)(p - path));
		if (stat(dir, &st) == -1 || (st.st_mode & S_IWOTH) == 0 ||
		    (p != last && (st.st_mode & S_ISVTX) != 0))
			continue;
		if (p == last)
			ini_flaw_at(f->errors, f->field, "%s%s can be replaced "
			    "by everybody: chmod o-w %s", f->what, f->path,
			    dir);
		else
			ini_warning_at(f->errors, f->field, "%s%s can be "
			    "replaced by everybody: chmod o-w %s", f->what,
			    f->path, dir);
	}
}

/* Says what everybody may do with the file. */
static void
check_permissions(const struct secret_file *f)
{
	struct stat	 st;
	char		 real[PATH_MAX];

	if (stat(f->path, &st) == -1)
		return;
	if ((st.st_mode & S_IWOTH) != 0)
		ini_flaw_at(f->errors, f->field, "%s%s can be changed by "
		    "everybody: make a new secret, and chmod 0640 %s", f->what,
		    f->path, f->path);
	else if ((st.st_mode & S_IROTH) != 0)
		ini_warning_at(f->errors, f->field, "%s%s can be read by "
		    "everybody: chmod 0640 %s", f->what, f->path, f->path);
	if (realpath(f->path, real) != NULL && strcmp(real, f->path) != 0)
		check_directories(f, real);
	else
		check_directories(f, f->path);
}

/* ---- reading ---- */

/* The arena's clean-up. */
static void
free_secret(void *arg)
{
	secret_free(arg);
}

/* Finds the file; true if it is root's to read, for systemd. Its path is NULL
 * if it is too long, and "" if it cannot be read here. */
static bool
find_secret(struct secret_file *f, struct arena *arena)
{
	char		 buf[PATH_MAX];
	const char	*path = NULL;

	if (is_judging() && secret_is_credential(f->name))
		path = credential_source(f->name, arena);
	if (path != NULL) {
		f->path = path;
		return true;
	}
	path = secret_path(f->name, f->conf_dir, buf, sizeof(buf));
	f->path = path != NULL ? arena_strdup(arena, path) : NULL;
	return false;
}

/* Reads the file; returns NULL or what is wrong. */
static const char *
read_secret(const struct secret_file *f, bool as_root, struct secret *s)
{
	uid_t		 user = geteuid();
	const char	*wrong;

	if (as_root && seteuid(0) == -1)
		return strerror(errno);
	wrong = secret_read(f->path, s);
	if (as_root && seteuid(user) == -1)
		return strerror(errno);
	return wrong;
}

bool
secret_file_read(struct secret_file *f, struct secret *s, struct arena *arena)
{
	bool		 as_root = find_secret(f, arena);
	const char	*wrong;

	if (f->path == NULL) {
		ini_error_at(f->errors, f->field,
		    "%sexpected a shorter file name", f->what);
		return false;
	}
	if (as_root && *f->path != '/')
		return true;
	errno = 0;
	wrong = read_secret(f, as_root, s);
	if (wrong == NULL) {
		arena_defer(arena, free_secret, s);
		check_permissions(f);
		return true;
	}
	if (errno == EACCES)
		say_denied(f, wrong);
	else
		ini_error_at(f->errors, f->field, "%s%s %s", f->what, f->path,
		    wrong);
	return false;
}

/* What a person typed: UTF-8 without control characters but white space. */
static bool
is_text(const struct secret *s)
{
	const char	*text = (const char *)s->bytes;

	return str_utf8_valid(text, s->len) && text_is_lines(text, s->len);
}

void
secret_file_check_ends(const struct secret_file *f, const struct secret *s)
{
	static const char	 bom[] = "\xef\xbb\xbf", white[] = " \t\r\n";
	int			 last = s->len > 0 ? s->bytes[s->len - 1] : 0;
	const char		*end = last == '\n' ? "ends with a newline" :
	    "ends with white space";

	if (!is_text(s))
		return;
	if (last != 0 && strchr(white, last) != NULL)
		ini_warning_at(f->errors, f->field, "%s%s %s, which is part of "
		    "it: to remove it, truncate -s -1 %s", f->what, f->path,
		    end, f->path);
	if (s->len > 0 && s->bytes[0] != 0 &&
	    strchr(white, s->bytes[0]) != NULL)
		ini_warning_at(f->errors, f->field, "%s%s begins with white "
		    "space, which is part of it", f->what, f->path);
	if (s->len > 3 && memcmp(s->bytes, bom, 3) == 0)
		ini_warning_at(f->errors, f->field, "%s%s begins with a byte "
		    "order mark, which is part of it: write it with another "
		    "editor", f->what, f->path);
}
