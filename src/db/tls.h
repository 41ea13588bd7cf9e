/*
 * tls.h: TLS to a database server, for whoever connects to one.
 */
#ifndef ORDERMUX_STORE_TLS_H
#define ORDERMUX_STORE_TLS_H

#include <mysql.h>

/*
 * To be called before mysql_real_connect(). With the file of an authority:
 * only TLS, and only with a server that has a certificate of that authority
 * for the name that is connected to. With "": none. It is always said
 * outright, as the libraries' defaults differ.
 */
void	tls_set(MYSQL *, const char *ca);

#endif
