/*
 * secret.c: keys and passwords from files, in libsodium's guarded memory:
 * locked where the limit allows, left out of core dumps, zeroed when freed.
 * No function here writes a secret anywhere, nor a copy of one to the stack.
 */
#include <sys/prctl.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

bool
secret_is_credential(const char *name)
{
	return strchr(name, '/') == NULL;
}

void
secret_forbid_dumps(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		panic("prctl: %s", strerror(errno));
}

const char *
secret_path(const char *name, const char *conf_dir, char *buf, size_t cap)
{
	const char	*credentials = getenv("CREDENTIALS_DIRECTORY");
	int		 n;

	if (secret_is_credential(name) && credentials != NULL) {
		n = snprintf(buf, cap, "%s/%s", credentials, name);
		if (n >= 0 && (size_t)n < cap && access(buf, F_OK) == 0)
			return buf;
	}
	if (*name == '/')
		n = snprintf(buf, cap, "%s", name);
	else
		n = snprintf(buf, cap, "%s/%s", conf_dir, name);
	return n < 0 || (size_t)n >= cap ? NULL : buf;
}

/* Returns a text about errno that is good until the next call. */
static const char *
secret_failed(const char *verb)
{
	static char	text[128];

	snprintf(text, sizeof(text), "cannot %s: %s", verb, strerror(errno));
	return text;
}

/* Fills the secret, which has room for SECRET_MAX + 2 bytes, from the file.
 * Returns NULL or what is wrong. */
static const char *
secret_fill(int fd, struct secret *s)
{
	ssize_t	n;

	while (s->len <= SECRET_MAX) {
		n = read(fd, s->bytes + s->len, SECRET_MAX + 1 - s->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return secret_failed("read");
		if (n == 0)
			break;
		s->len += (size_t)n;
	}
	if (s->len == 0)
		return "is empty";
	if (s->len > SECRET_MAX)
		return "is longer than 4096 bytes";
	s->bytes[s->len] = '\0';
	return NULL;
}
_Static_assert(SECRET_MAX == 4096, "the text above names the limit");

const char *
secret_read(const char *path, struct secret *s)
{
	const char	*wrong;
	int		 fd;

	*s = (struct secret){ .bytes = NULL };
	if (sodium_init() < 0)
		panic("libsodium cannot be initialised");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return secret_failed("open");
	s->bytes = sodium_malloc(SECRET_MAX + 2);
	if (s->bytes == NULL)
		panic("out of memory for a secret");
	wrong = secret_fill(fd, s);
	close(fd);
	if (wrong != NULL)
		secret_free(s);
	return wrong;
}

void
secret_chomp(struct secret *s)
{
	if (s->len == 0 || s->bytes[s->len - 1] != '\n')
		return;
	s->len--;
	if (s->len > 0 && s->bytes[s->len - 1] == '\r')
		s->len--;
	s->bytes[s->len] = '\0';
}

void
secret_free(struct secret *s)
{
	sodium_free(s->bytes);	/* zeroes it; NULL is nothing */
	*s = (struct secret){ .bytes = NULL };
}
