/*
 * settings_type.h: the types of values that only ordermux.conf has. The field's
 * C type is behind each.
 */
#ifndef ORDERMUX_SETTINGS_TYPE_H
#define ORDERMUX_SETTINGS_TYPE_H

#include "config/ini.h"

extern const struct ini_type settings_type_workers;	/* unsigned */
extern const struct ini_type settings_type_level;	/* unsigned */
extern const struct ini_type settings_type_path;	/* const char * */
extern const struct ini_type settings_type_origins;	/* as ini_list */
extern const struct ini_type settings_type_headers;	/* as ini_list */

#endif
