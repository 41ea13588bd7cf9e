/*
 * sms.h: messages of the kind "sms": {"to", "template", "values"}. The market's
 * [sms] command delivers them. docs/sms.md explains how to write such a
 * command.
 */
#ifndef ORDERMUX_SMS_H
#define ORDERMUX_SMS_H

#include <stddef.h>

#include "courier/command.h"
#include "courier/job.h"

/* Makes the line that the command reads: {"id":...,"to":...,"text":...} and a
 * newline, in the arena. Fills in the job's "to" and secrets. NULL with *why if
 * the message can never be sent. */
const char *	sms_line(struct job *, size_t *len, const char **why);

/* Starts the command: COMMAND_RUNNING, or COMMAND_AGAIN or COMMAND_DEAD with
 * "why". */
void	sms_start(struct job *, struct command *);

/* How long the market's command may take, in ms. */
unsigned	sms_timeout(const struct market *);

#endif
