/*
 * job.h: one message that is to be delivered, opened: what a kind of message
 * (courier.c, kinds[]) is given to start its delivery.
 */
#ifndef ORDERMUX_JOB_H
#define ORDERMUX_JOB_H

#define JOB_SECRETS_MAX 6

struct arena;
struct json_object;
struct market;
struct texts;

struct job {
	const struct market	*market;
	const struct texts	*texts;
	const char		*id;		/* the same at each try */
	struct json_object	*payload;
	struct arena		*arena;		/* until the job has ended */
	/* Filled in by the kind: */
	const char		*to;		/* for the log, shortened */
	const char		*secrets[JOB_SECRETS_MAX + 1];	/* for no log */
};

#endif
