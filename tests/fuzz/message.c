/*
 * message.c: the text of a message and what is filled into it. The input is
 * the text, as an administrator writes it, a NUL, and the message's payload as
 * JSON.
 *
 * What must be so: a text without an error has its code in it once it is
 * filled in; and what the command is given is one line of JSON, to that
 * number, with that text; all that must not get into a log is noted.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "config/ini.h"
#include "config/texts.h"
#include "courier/sms.h"
#include "fuzz.h"
#include "market/market.h"

/* The shipped texts' languages, each with this text; NULL after an error. */
static struct texts *
load(struct arena *arena, const char *text, size_t n)
{
	const struct market_registry	*r = fuzz_markets();
	struct ini_errors		 errors;
	struct texts			*texts;

	for (size_t i = 0; i < r->count; i++)
		fuzz_write(arena_printf(arena, "login_code.%s.txt",
		    r->markets[i].language), text, n);
	ini_errors_init(&errors, arena);
	texts = texts_load(fuzz_dir(), r, arena, &errors);
	for (size_t i = 0; i < r->count; i++)
		MUST(texts_complete(texts, r->markets[i].language) ==
		    (errors.count == 0));
	return errors.count == 0 ? texts : NULL;
}

/* Whether a secret of the job is this text. */
static bool
is_secret(const struct job *job, const char *text)
{
	for (size_t i = 0; job->secrets[i] != NULL; i++)
		if (strcmp(job->secrets[i], text) == 0)
			return true;
	return false;
}

static const char *
member(struct json_object *o, const char *name)
{
	struct json_object	*value;

	MUST(json_object_object_get_ex(o, name, &value));
	MUST(json_object_is_type(value, json_type_string));
	return json_object_get_string(value);
}

static void
check_line(struct arena *arena, const struct job *job, const char *line,
    size_t n)
{
	struct json_object	*o, *values;
	const char		*to = member(job->payload, "to"), *text;

	MUST(strlen(line) == n && strchr(line, '\n') == line + n - 1);
	o = fuzz_json(arena, line, n);
	MUST(json_object_object_length(o) == 3);
	MUST(strcmp(member(o, "to"), to) == 0);
	text = member(o, "text");
	MUST(json_object_object_get_ex(job->payload, "values", &values));
	MUST(strstr(text, member(values, "code")) != NULL);
	MUST(is_secret(job, text) && is_secret(job, to + 1));
	if (json_object_object_length(values) <= 4)
		MUST(is_secret(job, member(values, "code")));
	MUST(strlen(job->to) == 6);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct market_registry	*r = fuzz_markets();
	struct arena			*arena = fuzz_arena();
	struct job			 job = { .arena = arena, .id = "1" };
	size_t				 n;
	const char			*text, *line, *why;

	text = fuzz_part(arena, &data, &size, '\0', &n);
	job.texts = load(arena, text, n);
	n = size;
	text = arena_strndup(arena, (const char *)data, size);
	if (job.texts == NULL || !json_read(arena, text, n, &job.payload,
	    &why) || !json_object_is_type(job.payload, json_type_object))
		return 0;
	for (size_t i = 0; i < r->count; i++) {
		memset(job.secrets, 0, sizeof(job.secrets));
		job.market = &r->markets[i];
		line = sms_line(&job, &n, &why);
		if (line != NULL)
			check_line(arena, &job, line, n);
		else
			MUST(why != NULL && *why != '\0');
	}
	return 0;
}
