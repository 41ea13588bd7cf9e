/*
 * job.h: one message to deliver, with its payload opened. A kind of message
 * (kinds[] in delivery.c) gets it to start the delivery.
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
	const char		*id;		/* the same in each attempt */
	struct json_object	*payload;
	struct arena		*arena;		/* until the job has ended */
	/* The kind fills these in: */
	const char		*to;		/* for the log, shortened */
	const char		*program;	/* path; NULL = was not run */
	const char		*secrets[JOB_SECRETS_MAX + 1];	/* not logged */
};

#endif
