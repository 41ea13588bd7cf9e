/*
 * delivery.c: one attempt to deliver one message (see delivery.h). Called by
 * pool.c.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "auth/secretbox.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json_read.h"
#include "base/log.h"
#include "base/slot.h"
#include "courier/delivery.h"
#include "courier/sms.h"
#include "market/market.h"
#include "store/outbox_store.h"

#define PAUSE_MIN	INT64_C(1000000)	/* µs */
#define PAUSE_MAX	INT64_C(60000000)

/* The kinds of messages, and how to deliver them. */
static const struct kind {
	const char	*name;
	void		(*start)(struct job *, struct command *);
	unsigned	(*timeout)(const struct market *);	/* ms */
} kinds[] = {
	{ OUTBOX_KIND_SMS, sms_start, sms_timeout },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(*kinds))

unsigned
delivery_timeout(const struct market *market)
{
	unsigned	 longest = 0, ms;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		ms = kinds[i].timeout(market);
		longest = ms > longest ? ms : longest;
	}
	return longest;
}

int64_t
delivery_pause(unsigned attempt)
{
	int64_t	 us = attempt > 6 ? PAUSE_MAX : PAUSE_MIN << (attempt - 1);

	if (us > PAUSE_MAX)
		us = PAUSE_MAX;
	return us - us / 4 + randombytes_uniform((uint32_t)us / 2);
}

/* ---- start ---- */

/*
 * Opens the payload for the job. Returns false with an outcome if that fails. A
 * message that no key opens is tried again: another host may have sealed it
 * with a newer key, which this host will get soon.
 */
static bool
open_payload(struct delivery *d, const struct secretbox_keys *keys,
    const struct outbox_claim *m)
{
	size_t		 len;
	const char	*text, *why;

	text = secretbox_open(keys, (const unsigned char *)m->payload,
	    m->payload_len, d->arena, &len);
	if (text == NULL) {
		command_refuse(&d->command, COMMAND_AGAIN,
		    "no valid key opens it");
		return false;
	}
	if (!json_read(d->arena, text, len, &d->job.payload, &why) ||
	    !json_object_is_type(d->job.payload, json_type_object)) {
		command_refuse(&d->command, COMMAND_DEAD,
		    "payload is not a JSON object");
		return false;
	}
	return true;
}

/* Starts the delivery by the message's kind. An unknown kind is tried again: a
 * newer version of the service on another host may have written it. */
static void
start_by_kind(struct delivery *d, const struct secretbox_keys *keys,
    const struct outbox_claim *m)
{
	if (m->expired) {
		command_refuse(&d->command, COMMAND_DEAD, "expired");
		return;
	}
	/* This stops a message that crashes the courier each time. */
	if (m->attempts > DELIVERY_ATTEMPTS_MAX) {
		command_refuse(&d->command, COMMAND_DEAD, "too many attempts");
		return;
	}
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].name, m->kind) == 0) {
			if (open_payload(d, keys, m))
				kinds[i].start(&d->job, &d->command);
			return;
		}
	command_refuse(&d->command, COMMAND_AGAIN, "unknown message kind");
}

void
delivery_start(struct delivery *d, const struct market *market,
    const struct texts *texts, const struct secretbox_keys *keys,
    struct program *proved, const struct outbox_claim *m)
{
	d->busy = true;
	d->over = d->unsure = false;
	d->job = (struct job){ .market = market, .texts = texts,
	    .id = arena_strdup(d->arena, m->message_id), .arena = d->arena };
	snprintf(d->kind, sizeof(d->kind), "%s", m->kind);
	d->attempt = m->attempts;
	d->outcome = (struct outbox_outcome){ .id = m->id };
	d->proved = proved;
	start_by_kind(d, keys, m);
	d->program = d->job.program != NULL ? program_at(d->job.program) :
	    (struct program){ .file = 0 };
}

/* ---- end ---- */

/* Writes the log line about the attempt: never the text, nor a part of it. */
static void
log_delivery(const struct delivery *d)
{
	static const struct {
		enum log_level	 level;
		const char	*msg;
	} lines[] = {
		[OUTBOX_DELIVERED] = { LOG_LEVEL_INFO, "message delivered" },
		[OUTBOX_LATER] = { LOG_LEVEL_WARNING,
		    "message not delivered, will retry" },
		[OUTBOX_DEAD] = { LOG_LEVEL_ERROR,
		    "message not delivered, giving up" },
	};
	enum outbox_end	 end = d->outcome.end;

	log_write(lines[end].level, lines[end].msg, LOG_FIELDS(
	    log_str("id", d->job.id), log_str("kind", d->kind),
	    log_str("to", d->job.to), log_uint("attempt", d->attempt),
	    log_str("why", d->command.why),
	    log_uint("ms", clock_ms() - d->command.began_ms),
	    log_int("pause_ms", d->outcome.pause / 1000)));
}

/* Learns from how the program ended whether it can be believed. One that has
 * delivered nothing yet gives no message up. */
static void
judge_program(struct delivery *d)
{
	struct command	*c = &d->command;
	size_t		 n = strlen(c->why);

	if (d->job.program == NULL)
		return;
	if (c->state == COMMAND_DELIVERED)
		*d->proved = d->program;
	else if (c->state == COMMAND_DEAD &&
	    !program_same(&d->program, d->proved)) {
		c->state = COMMAND_AGAIN;
		snprintf(c->why + n, sizeof(c->why) - n,
		    " (not final: this command has delivered nothing yet)");
	}
}

/* Decides the outcome from how the command ended. */
static void
decide_outcome(struct delivery *d)
{
	struct outbox_outcome	*o = &d->outcome;

	o->why = d->command.why;
	if (d->command.state == COMMAND_DELIVERED) {
		o->end = OUTBOX_DELIVERED;
		o->why = NULL;
	} else if (d->command.state == COMMAND_DEAD ||
	    d->attempt >= DELIVERY_ATTEMPTS_MAX)
		o->end = OUTBOX_DEAD;
	else {
		o->end = OUTBOX_LATER;
		o->pause = delivery_pause(d->attempt);
	}
}

bool
delivery_check(struct delivery *d)
{
	if (d->over)
		return true;
	if (d->command.state == COMMAND_RUNNING) {
		command_listen(&d->command);
		command_limit(&d->command, clock_ms());
	}
	if (!command_ended(&d->command, d->job.secrets))
		return false;
	judge_program(d);
	decide_outcome(d);
	log_set_market(d->job.market->name);
	log_delivery(d);
	log_set_market(NULL);
	d->over = true;
	return true;
}

void
delivery_clear(struct delivery *d)
{
	command_abandon(&d->command);
	/* It contains the text and the code. */
	arena_reset(d->arena);
	d->busy = d->over = false;
	d->job = (struct job){ .payload = NULL };
}
