/*
 * sms.c: delivers an SMS by running a command (see sms.h). Called by the
 * courier.
 */
#include <json-c/json.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "config/texts.h"
#include "courier/sms.h"
#include "market/market.h"

#define SHOWN_DIGITS	4	/* of a phone number in the log */

/* A command gets this environment, and nothing from ours. */
#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Returns a string member. NULL if it is missing or not a string. */
static const char *
sms_string_member(struct json_object *o, const char *name)
{
	struct json_object	*value;

	if (!json_object_object_get_ex(o, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* Whether a text is a phone number as we store it: '+' and digits. */
static bool
is_sms_number(const char *to)
{
	size_t	 n = strlen(to);

	return *to == '+' && n > SHOWN_DIGITS && n <= PHONE_MAX &&
	    strspn(to + 1, "0123456789") == n - 1;
}

/* Notes what must not be logged: the phone number (its digits, however the '+'
 * is written), the text, and the values in it. */
static void
note_sms_secrets(struct job *job, const char *to, const char *text,
    struct json_object *values)
{
	size_t	 n = 0;

	job->to = arena_printf(job->arena, "..%s",
	    to + strlen(to) - SHOWN_DIGITS);
	job->secrets[n++] = text;
	job->secrets[n++] = to + 1;
	json_object_object_foreach(values, name, value) {
		(void)name;
		/* Only strings are in the text. A NULL ends the list. */
		if (n < JOB_SECRETS_MAX &&
		    json_object_is_type(value, json_type_string))
			job->secrets[n++] = json_object_get_string(value);
	}
	job->secrets[n] = NULL;
}

/* The text in the language of the message. If it names none (it is of an older
 * version), or one that has been removed since, in that of the market. */
static const char *
render_sms(const struct job *job, const char *template,
    struct json_object *values, const char **why)
{
	const char	*language = sms_string_member(job->payload,
	    "language"), *text = NULL;

	if (language != NULL)
		text = texts_render(job->texts, template, language, values,
		    job->arena, why);
	return text != NULL ? text : texts_render(job->texts, template,
	    job->market->language, values, job->arena, why);
}

const char *
sms_line(struct job *job, size_t *len, const char **why)
{
	struct json_object	*payload = job->payload;
	const char		*to = sms_string_member(payload, "to"), *text;
	const char		*template = sms_string_member(payload,
	    "template");
	struct json_object	*values;
	struct buf		 b;
	struct json_out		 j = { .buf = &b };

	*why = "the message needs a phone number, a template and values";
	if (to == NULL || template == NULL || !is_sms_number(to) ||
	    !json_object_object_get_ex(payload, "values", &values) ||
	    !json_object_is_type(values, json_type_object))
		return NULL;
	text = render_sms(job, template, values, why);
	if (text == NULL)
		return NULL;
	note_sms_secrets(job, to, text, values);
	buf_init(&b, job->arena, 256);
	jw_begin(&j, '{');
	jw_put_text(&j, "id", job->id);
	jw_put_text(&j, "to", to);
	jw_put_text(&j, "text", text);
	jw_end(&j, '}');
	buf_putc(&b, '\n');
	*len = b.len;
	return buf_text(&b);
}

/* Splits the command at white space. Returns the program and its arguments,
 * with a NULL at the end. */
static char **
split_sms_command(const char *command, struct arena *arena)
{
	static const char	 space[] = " \t";
	/* At most every second byte is a word. */
	char			**argv = arena_array(arena,
	    strlen(command) / 2 + 2, sizeof(*argv));
	size_t			 n = 0, len;

	for (command += strspn(command, space); *command != '\0';
	    command += strspn(command, space)) {
		len = strcspn(command, space);
		argv[n++] = arena_strndup(arena, command, len);
		command += len;
	}
	return argv;
}

void
sms_start(struct job *job, struct command *c)
{
	const struct market	*m = job->market;
	struct command_plan	 plan = { .timeout = sms_timeout(m) };
	char			*envp[] = { (char[]){ PATH },
	    (char[]){ "LANG=C.UTF-8" }, NULL, NULL };
	const char		*why;

	plan.input = sms_line(job, &plan.input_len, &why);
	if (plan.input == NULL) {
		command_refuse(c, COMMAND_DEAD, why);
		return;
	}
	plan.argv = split_sms_command(m->sms.command, job->arena);
	if (plan.argv[0] == NULL) {
		command_refuse(c, COMMAND_AGAIN,
		    "the market has no [sms] command");
		return;
	}
	envp[2] = arena_printf(job->arena, "ORDERMUX_MARKET=%s", m->name);
	plan.envp = envp;
	job->program = plan.argv[0];
	command_start(c, &plan);
}

unsigned
sms_timeout(const struct market *market)
{
	return market->sms.timeout;
}
