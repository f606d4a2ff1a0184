/* The calendar of an MC146818: ten bytes that count seconds. */
#ifndef DEVICES_MC146818_INT_H
#define DEVICES_MC146818_INT_H

#include "core/types.h"

/* Register addresses, datasheet table 3, and the AT's century byte. */
enum rtc_register {
    RTC_SECONDS = 0,
    RTC_SECONDS_ALARM = 1,
    RTC_MINUTES = 2,
    RTC_MINUTES_ALARM = 3,
    RTC_HOURS = 4,
    RTC_HOURS_ALARM = 5,
    RTC_WEEKDAY = 6, /* 1 = Sunday */
    RTC_DAY = 7,
    RTC_MONTH = 8,
    RTC_YEAR = 9,
    RTC_A = 10,
    RTC_B = 11,
    RTC_C = 12,
    RTC_D = 13,
    RTC_CENTURY = 0x32,
};

#define RTC_B_24H 0x02
#define RTC_B_DM  0x04 /* binary, not BCD */

/* All take the RAM; the format stands in ram[RTC_B]. */

/* Sets clock and calendar to `seconds` since 1970; false outside 1900-9999. */
bool rtc_set_time(uint8_t *ram, int64_t seconds);

/* Counts `seconds` on. True if the alarm came on the way. */
bool rtc_advance(uint8_t *ram, uint64_t seconds);

#endif
