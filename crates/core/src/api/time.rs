//! `time`: the time with its milliseconds, and as ISO 8601 has it.

use super::{Named, bytes};
use crate::bridge::direct;
use moonpool_lua::ffi;
use std::ffi::c_int;

const FUNCTIONS: &[Named] = &[(c"now", now), (c"iso", iso), (c"parse", parse), (c"monotonic", monotonic)];

const DAY: i64 = 86_400;

/// The years that four digits can name, in seconds since 1970: the first second of the year 1, and that after 9999.
const FIRST: i64 = -62_135_596_800;
const END: i64 = 253_402_300_800;

/// Sets the global `time`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, FUNCTIONS);
        super::set_library(state, c"time");
    }
}

unsafe extern "C-unwind" fn now(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this with its own state; nothing in this frame has a destructor.
    unsafe {
        let ms = direct::work(state, |direct| Ok(direct.context.now_ms()));
        ffi::lua_pushnumber(state, ms / 1000.0);
    }
    1
}

unsafe extern "C-unwind" fn monotonic(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `now`.
    unsafe {
        let seconds = direct::work(state, |direct| Ok(direct.context.monotonic()));
        ffi::lua_pushnumber(state, seconds);
    }
    1
}

unsafe extern "C-unwind" fn iso(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `now`.
    unsafe {
        let ms = match ffi::lua_type(state, 1) {
            ffi::LUA_TNONE => direct::work(state, |direct| Ok(direct.context.now_ms())),
            _ => (ffi::luaL_checknumber(state, 1) * 1000.0).round(),
        };
        // What is no number is in no range.
        if !(FIRST as f64 * 1000.0..END as f64 * 1000.0).contains(&ms) {
            return ffi::luaL_argerror(state, 1, c"a time in the years 1 to 9999 expected".as_ptr());
        }
        bytes::push(state, &shown(ms as i64));
    }
    1
}

/// As `toISOString` of JavaScript.
fn shown(ms: i64) -> [u8; 24] {
    let (seconds, ms) = (ms.div_euclid(1000), ms.rem_euclid(1000));
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = date_of(days);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut write = |from: usize, to: usize, mut number: i64| {
        for digit in text[from..to].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    write(0, 4, year);
    write(5, 7, month);
    write(8, 10, day);
    write(11, 13, second / 3600);
    write(14, 16, second / 60 % 60);
    write(17, 19, second % 60);
    write(20, 23, ms);
    text
}

/// The date that is so many days after 1970-01-01, in the calendar of ISO 8601. Years begin in March here, so that the day
/// of a leap year is the last.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (year + era * 400, month + 3);
    if month > 12 { (year + 1, month - 12, day) } else { (year, month, day) }
}

/// The days from 1970-01-01 to a date.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1 - 719_468
}

unsafe extern "C-unwind" fn parse(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `now`. The text is an argument.
    unsafe {
        let text = bytes::check(state, 1);
        let read = direct::work(state, |direct| {
            read(text).map(Some).or_else(|message| {
                direct.keep(message.as_bytes().into());
                Ok(None)
            })
        });
        match read {
            Some(seconds) => {
                ffi::lua_pushnumber(state, seconds);
                1
            }
            None => {
                ffi::lua_pushnil(state);
                bytes::push(state, direct::kept(state));
                direct::forget_kept(state);
                2
            }
        }
    }
}

/// A time or a date in seconds since 1970, or what is wrong with it.
fn read(text: &[u8]) -> Result<f64, &'static str> {
    const FORM: &str = "time: the text is no time as 2024-05-17T08:30:00Z, and no date as 2024-05-17";
    const DATE: &str = "time: there is no such date";
    const TIME: &str = "time: there is no such time of a day";
    let mut rest = Rest(text);
    let year = rest.number(4).filter(|_| rest.skip(b"-")).ok_or(FORM)?;
    let month = rest.number(2).filter(|_| rest.skip(b"-")).ok_or(FORM)?;
    let day = rest.number(2).ok_or(FORM)?;
    if year < 1 || !(1..=12).contains(&month) || day < 1 {
        return Err(DATE);
    }
    let days = days_of(year, month, day);
    if date_of(days) != (year, month, day) {
        return Err(DATE);
    }
    if rest.0.is_empty() {
        return Ok((days * DAY) as f64);
    }
    let hour = Some(()).filter(|()| rest.skip(b"Tt ")).and_then(|()| rest.number(2)).ok_or(FORM)?;
    let minute = Some(()).filter(|()| rest.skip(b":")).and_then(|()| rest.number(2)).ok_or(FORM)?;
    let (mut second, mut fraction) = (0, 0.0);
    if rest.skip(b":") {
        second = rest.number(2).ok_or(FORM)?;
        if rest.skip(b".,") {
            fraction = rest.fraction().ok_or(FORM)?;
        }
    }
    // A minute may have a leap second, which is the first one of the next minute for everybody who counts seconds.
    if hour > 23 || minute > 59 || second > 60 {
        return Err(TIME);
    }
    let offset = rest.offset()?.ok_or(FORM)?;
    let seconds = days * DAY + hour * 3600 + minute * 60 + second - offset;
    if !(FIRST..END).contains(&seconds) {
        return Err("time: the time is not in the years 1 to 9999");
    }
    Ok(seconds as f64 + fraction)
}

/// What is left to read of a time.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// A number of so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
    }

    /// Skips one of these bytes, if it is next.
    fn skip(&mut self, bytes: &[u8]) -> bool {
        let is_next = self.0.first().is_some_and(|byte| bytes.contains(byte));
        self.0 = &self.0[usize::from(is_next)..];
        is_next
    }

    /// Digits behind the point. What comes after the ninth is nothing that a float could tell.
    fn fraction(&mut self) -> Option<f64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).take(30).count();
        let (digits, rest) = self.0.split_at(digits);
        self.0 = rest;
        let text = str::from_utf8(&digits[..digits.len().min(9)]).ok().filter(|text| !text.is_empty())?;
        Some(text.parse::<f64>().ok()? / 10_f64.powi(text.len() as i32))
    }

    /// The offset from UTC, in seconds, which ends the text.
    fn offset(&mut self) -> Result<Option<i64>, &'static str> {
        if self.0.is_empty() {
            return Err("time: the text does not say which offset from UTC it has, as Z or +02:00 at its end");
        }
        if self.skip(b"Zz") {
            return Ok(Some(0).filter(|_| self.0.is_empty()));
        }
        let sign = if self.0.first() == Some(&b'-') { -1 } else { 1 };
        if !self.skip(b"+-") {
            return Ok(None);
        }
        let Some(hours) = self.number(2) else { return Ok(None) };
        let has_minutes = self.skip(b":") || !self.0.is_empty();
        let Some(minutes) = (if has_minutes { self.number(2) } else { Some(0) }) else { return Ok(None) };
        if hours > 23 || minutes > 59 {
            return Err("time: there is no such offset from UTC");
        }
        Ok(Some(sign * (hours * 3600 + minutes * 60)).filter(|_| self.0.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_of_ten_thousand_years_is_what_it_was() {
        let mut expected = (1, 1, 1);
        for days in FIRST / DAY..END / DAY {
            assert_eq!(date_of(days), expected);
            assert_eq!(days_of(expected.0, expected.1, expected.2), days);
            let (year, month, day) = expected;
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let most = match month {
                2 => 28 + i64::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                _ if day == most => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
        assert_eq!(expected, (10_000, 1, 1));
    }
}
