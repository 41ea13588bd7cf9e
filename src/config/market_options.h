/*
 * market_options.h: what a market's file may set: the table by which it is
 * read into a struct market, and printed. What one option alone cannot say
 * (an amount needs the currency's digits) is for market_file.c.
 */
#ifndef ORDERMUX_MARKET_OPTIONS_H
#define ORDERMUX_MARKET_OPTIONS_H

#include "config/ini.h"

extern const struct ini_section market_sections[];

#endif
