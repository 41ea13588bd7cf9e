/*
 * market_file.h: reads a market from its file, and prints it back as one.
 */
#ifndef ORDERMUX_MARKET_FILE_H
#define ORDERMUX_MARKET_FILE_H

#include <stdbool.h>

struct arena;
struct buf;
struct ini_errors;
struct market;
struct market_database;
struct market_host;

/* What reading the files of one set of markets shares. */
struct market_loader {
	const char		*conf_dir;	/* relative paths begin here */
	bool			 without_secrets;
	struct arena		*arena;
	struct ini_errors	*errors;
};

/* Fills the market, whose name and file are set, from that file; its password
 * too, unless without_secrets. True when there was no error; else whatever
 * could be read is there. */
bool	market_file_read(const struct market_loader *, struct market *);

/* Reads the password of a market that was read without secrets, if it has a
 * password_file. The list of errors must be the one that it was read with. */
bool	market_read_password(const char *conf_dir, struct market *,
    struct arena *, struct ini_errors *);

/* Whether two hosts are the same server. "localhost" is the socket and no
 * port, anything else a port and no socket. */
bool	market_same_host(const struct market_database *,
    const struct market_host *, const struct market_database *,
    const struct market_host *);

/* The options of a market's file, as ini_list_options() has them. */
void	market_file_list(struct buf *);

/* The market's file as it is in force; of a secret, its file. */
void	market_print(const struct market *, struct buf *);

#endif
