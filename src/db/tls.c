/*
 * tls.c: see tls.h.
 */
#include "db/tls.h"

#if defined(MARIADB_BASE_VERSION) || defined(MARIADB_VERSION_ID)
void
tls_set(MYSQL *mysql, const char *ca)
{
	my_bool	 on = *ca != '\0';

	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	if (on)
		mysql_options(mysql, MYSQL_OPT_SSL_CA, ca);
}
#else
void
tls_set(MYSQL *mysql, const char *ca)
{
	unsigned	 mode = *ca != '\0' ? SSL_MODE_VERIFY_IDENTITY :
	    SSL_MODE_DISABLED;

	mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
	if (*ca != '\0')
		mysql_options(mysql, MYSQL_OPT_SSL_CA, ca);
}
#endif
