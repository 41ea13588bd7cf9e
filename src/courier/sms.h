/*
 * sms.h: messages of the kind "sms": {"to", "template", "values"}, delivered
 * by the market's [sms] command. How such a command is written is in
 * docs/sms.md.
 */
#ifndef ORDERMUX_SMS_H
#define ORDERMUX_SMS_H

#include <stddef.h>

#include "courier/command.h"
#include "courier/job.h"

/* The line that the command reads: {"id":...,"to":...,"text":...} and a
 * newline, in the arena; fills the job's "to" and secrets. NULL with *why when
 * the message can never be sent. */
const char *	sms_line(struct job *, size_t *len, const char **why);

/* Starts the command: COMMAND_RUNNING; or COMMAND_AGAIN or COMMAND_DEAD with
 * its "why". */
void	sms_start(struct job *, struct command *);

/* How long the market's command may take, in ms: 1 s to 5 minutes. */
unsigned	sms_timeout(const struct market *);

#endif
