#include "devices/mc146818_int.h"

#define SECONDS_PER_DAY 86400
#define HOURS_PM        0x80

static unsigned decode(const uint8_t *ram, uint8_t byte)
{
    return ram[RTC_B] & RTC_B_DM ? byte : (byte >> 4) * 10u + (byte & 15);
}

static uint8_t encode(const uint8_t *ram, unsigned value)
{
    return (uint8_t)(ram[RTC_B] & RTC_B_DM ? value
                                           : value / 10 % 10 << 4 | value % 10);
}

static unsigned get_hours(const uint8_t *ram)
{
    uint8_t byte = ram[RTC_HOURS];
    unsigned hours;

    if (ram[RTC_B] & RTC_B_24H)
        return decode(ram, byte);
    hours = decode(ram, byte & (uint8_t)~HOURS_PM) % 12;
    return byte & HOURS_PM ? hours + 12 : hours;
}

static void set_hours(uint8_t *ram, unsigned hours)
{
    unsigned half = hours % 12;

    if (ram[RTC_B] & RTC_B_24H) {
        ram[RTC_HOURS] = encode(ram, hours);
        return;
    }
    ram[RTC_HOURS] = encode(ram, half ? half : 12);
    if (hours >= 12)
        ram[RTC_HOURS] |= HOURS_PM;
}

/* The chip knows two digits of the year, so each fourth is a leap year. */
static unsigned days_in_month(unsigned month, unsigned year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    if (month == 2 && year % 4 == 0)
        return 29;
    return month >= 1 && month <= 12 ? days[month - 1] : 31;
}

static void next_year(uint8_t *ram)
{
    unsigned year = decode(ram, ram[RTC_YEAR]) + 1;

    if (year >= 100) {
        year = 0;
        ram[RTC_CENTURY] = encode(ram, decode(ram, ram[RTC_CENTURY]) + 1);
    }
    ram[RTC_YEAR] = encode(ram, year);
}

static void next_day(uint8_t *ram)
{
    unsigned day = decode(ram, ram[RTC_DAY]) + 1;
    unsigned month = decode(ram, ram[RTC_MONTH]);

    ram[RTC_WEEKDAY] = encode(ram, decode(ram, ram[RTC_WEEKDAY]) >= 7
                                       ? 1
                                       : decode(ram, ram[RTC_WEEKDAY]) + 1);
    if (day > days_in_month(month, decode(ram, ram[RTC_YEAR]))) {
        day = 1;
        month++;
    }
    if (month > 12) {
        month = 1;
        next_year(ram);
    }
    ram[RTC_DAY] = encode(ram, day);
    ram[RTC_MONTH] = encode(ram, month);
}

/* One update cycle. A byte outside its range goes to 0 as 59 does. */
static void next_second(uint8_t *ram)
{
    unsigned seconds = decode(ram, ram[RTC_SECONDS]) + 1;
    unsigned minutes = decode(ram, ram[RTC_MINUTES]) + 1, hours;

    ram[RTC_SECONDS] = encode(ram, seconds < 60 ? seconds : 0);
    if (seconds < 60)
        return;
    ram[RTC_MINUTES] = encode(ram, minutes < 60 ? minutes : 0);
    if (minutes < 60)
        return;
    hours = get_hours(ram) + 1;
    set_hours(ram, hours < 24 ? hours : 0);
    if (hours >= 24)
        next_day(ram);
}

/* Alarm bytes from C0 up match everything. */
static bool alarm_matches(const uint8_t *ram)
{
    for (unsigned i = RTC_SECONDS; i <= RTC_HOURS; i += 2) {
        if (ram[i + 1] < 0xc0 && ram[i + 1] != ram[i])
            return false;
    }
    return true;
}

static bool advance_seconds(uint8_t *ram, unsigned seconds)
{
    bool alarm = false;

    while (seconds--) {
        next_second(ram);
        alarm = alarm_matches(ram) || alarm;
    }
    return alarm;
}

bool rtc_advance(uint8_t *ram, uint64_t seconds)
{
    bool alarm;

    if (seconds < SECONDS_PER_DAY)
        return advance_seconds(ram, (unsigned)seconds);
    /* One day finds any alarm; what follows it repeats. */
    alarm = advance_seconds(ram, SECONDS_PER_DAY);
    for (uint64_t days = seconds / SECONDS_PER_DAY - 1; days; days--)
        next_day(ram);
    advance_seconds(ram, (unsigned)(seconds % SECONDS_PER_DAY));
    return alarm;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The Gregorian date of a day counted from 1900-01-01. */
static void set_date(uint8_t *ram, unsigned days)
{
    unsigned year = 1900, month = 1;

    while (days >= 365u + is_leap(year))
        days -= 365u + is_leap(year++);
    while (days >= days_in_month(month, is_leap(year) ? 4 : 1))
        days -= days_in_month(month++, is_leap(year) ? 4 : 1);
    ram[RTC_DAY] = encode(ram, days + 1);
    ram[RTC_MONTH] = encode(ram, month);
    ram[RTC_YEAR] = encode(ram, year % 100);
    ram[RTC_CENTURY] = encode(ram, year / 100);
}

bool rtc_set_time(uint8_t *ram, int64_t seconds)
{
    const int64_t first = -INT64_C(25567) * SECONDS_PER_DAY; /* 1900-01-01 */
    const int64_t end = INT64_C(2932897) * SECONDS_PER_DAY;  /* 10000-01-01 */
    unsigned days, rest;

    if (seconds < first || seconds >= end)
        return false;
    days = (unsigned)((seconds - first) / SECONDS_PER_DAY);
    rest = (unsigned)((seconds - first) % SECONDS_PER_DAY);
    ram[RTC_SECONDS] = encode(ram, rest % 60);
    ram[RTC_MINUTES] = encode(ram, rest / 60 % 60);
    set_hours(ram, rest / 3600);
    ram[RTC_WEEKDAY] = encode(ram, (days + 1) % 7 + 1); /* it was a Monday */
    set_date(ram, days);
    return true;
}
