/*
 * record.c: raw bytes on the socket of the web server: FastCGI records, or
 * what somebody takes for such.
 *
 * What must be so is what shop.h says of each answer; and no answer where
 * there was no request.
 */
#include <fastcgi.h>
#include <string.h>

#include "base/arena.h"
#include "shop.h"

/* libfcgi forgets 48 bytes for each record of a type that it does not know. A
 * web server sends none. */
const char	*__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libfcgi.so\n";
}

#define ANSWERED_MAX	64	/* records that libfcgi answers by itself */
#define LENGTH_MAX	0x100000

/* A length of a name or value, at *p; the bytes of it are passed over. */
static size_t
take_length(const unsigned char **p, const unsigned char *end)
{
	size_t	 n = **p;

	if ((n & 0x80) == 0 || end - *p < 4) {
		++*p;
		return n & 0x7f;
	}
	n = (n & 0x7f) << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 |
	    (*p)[3];
	*p += 4;
	return n;
}

/* Whether all lengths in the parameters are such as fit into memory. */
static bool
lengths_fit(const unsigned char *p, size_t len)
{
	const unsigned char	*end = p + len;
	size_t			 name, value;

	while (p < end) {
		name = take_length(&p, end);
		if (p == end)
			return name <= LENGTH_MAX;
		value = take_length(&p, end);
		if (name > LENGTH_MAX || value > LENGTH_MAX)
			return false;
		if (name + value > (size_t)(end - p))
			return true;
		p += name + value;
	}
	return true;
}

/* The bytes as libfcgi walks over them. */
struct walk {
	const unsigned char	*p;
	const unsigned char	*end;
	int			 id;		/* of the request; 0 = none yet */
	size_t			 answered;	/* records, by libfcgi itself */
	struct buf		 params;	/* of the request */
	bool			 skip;		/* content, as if of others */
	bool			 fit;
};

/*
 * Whether libfcgi passes over the content: that of another request's record,
 * and behind one of those without any, that of the next one.
 */
static bool
is_skipped(struct walk *w, int type, int id, size_t n)
{
	bool	 other = id != 0 && id != w->id && type != FCGI_BEGIN_REQUEST;
	bool	 skipped = id != 0 && (other || w->skip);

	if (other || (type == FCGI_PARAMS && id == w->id))
		w->skip = skipped && n == 0;
	return skipped;
}

/*
 * One record, of which at least the header is there. libfcgi forgets the
 * padding of a request's begin when it turns to the parameters, and takes the
 * content of a record of no request for parameters, unless it knows its type.
 */
static void
walk_record(struct walk *w)
{
	const unsigned char	*content = w->p + FCGI_HEADER_LEN;
	int			 type = w->p[1], id = w->p[2] << 8 | w->p[3];
	size_t			 n = (size_t)w->p[4] << 8 | w->p[5];
	size_t			 left = (size_t)(w->end - content);
	size_t			 whole = n + w->p[6];

	if (n > left)
		n = left;
	if (type == FCGI_BEGIN_REQUEST && w->id == 0) {
		w->id = id;
		whole = n;
	} else if (type == FCGI_BEGIN_REQUEST || id == 0)
		w->answered++;
	if (!is_skipped(w, type, id, n) &&
	    (id == 0 ? type != FCGI_GET_VALUES :
	    type == FCGI_PARAMS && id == w->id))
		buf_add(&w->params, content, n);
	if (id == 0 && !lengths_fit(content, n))
		w->fit = false;
	w->p = content + (whole < left ? whole : left);
}

/*
 * What is kept away from libfcgi, because it is known:
 * - a parameter's length near INT_MAX: it adds name and value in an int and
 *   ends the process by an assertion (what is left of CVE-2025-23016 in
 *   Debian 12's 2.4.2; a respawned worker goes on); a length of hundreds of
 *   megabytes is memory that it takes for granted.
 * - more records that it answers by itself than fit a socket that nobody
 *   reads: it waits for its reader, rightly.
 */
static bool
is_fit(struct arena *arena, const unsigned char *p, size_t size)
{
	struct walk	 w = { .p = p, .end = p + size, .fit = true };

	buf_init(&w.params, arena, 1024);
	while (w.end - w.p >= FCGI_HEADER_LEN)
		walk_record(&w);
	return w.fit && w.answered <= ANSWERED_MAX &&
	    lengths_fit((const unsigned char *)w.params.data, w.params.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena		*arena = fuzz_arena();
	struct shop_answer	 answer;

	if (is_fit(arena, data, size))
		(void)shop_serve(arena, data, size, true, &answer);
	return 0;
}
