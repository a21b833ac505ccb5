//! Dates in the format of Moment.js, English, in any zone of the zone database.

use jiff::civil::Weekday;
use jiff::tz::TimeZoneDatabase;
use jiff::{Timestamp, Zoned};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The formats that stand for others.
const SHORTHANDS: [(&str, &str); 10] = [
    ("LTS", "h:mm:ss A"),
    ("LT", "h:mm A"),
    ("LLLL", "dddd, MMMM D, YYYY h:mm A"),
    ("LLL", "MMMM D, YYYY h:mm A"),
    ("LL", "MMMM D, YYYY"),
    ("L", "MM/DD/YYYY"),
    ("llll", "ddd, MMM D, YYYY h:mm A"),
    ("lll", "MMM D, YYYY h:mm A"),
    ("ll", "MMM D, YYYY"),
    ("l", "M/D/YYYY"),
];

/// Every token; where several fit, the earlier one wins.
const TOKENS: [&str; 66] = [
    "Hmmss", "hmmss", "Hmm", "hmm", "Mo", "MMMM", "MMM", "MM", "M", "Do", "DDDo", "DDDD", "DDD", "DD", "D",
    "dddd", "ddd", "dd", "do", "d", "wo", "ww", "w|", "w", "Wo", "WW", "W|", "W", "Qo", "Q", "NNNNN", "NNNN",
    "NNN", "NN", "N", "YYYYYY", "YYYYY", "YYYY", "YY", "Y", "yyyy", "yyy", "yy", "yo", "y", "ggggg", "gggg",
    "gg", "GGGGG", "GGGG", "GG", "e", "E", "a", "A", "hh", "h", "HH", "H", "kk", "k", "mm", "m", "ss", "s",
    "x",
];

/// Writes a time. An unknown zone is UTC, as on the runners of the action.
pub(crate) fn format(at: Timestamp, format: &str, zone: &str) -> String {
    let known = TimeZoneDatabase::bundled().get(zone).ok();
    let is_known = known.is_some();
    let time = at.to_zoned(known.unwrap_or(jiff::tz::TimeZone::UTC));
    let default =
        if is_known && time.offset().is_zero() { "YYYY-MM-DDTHH:mm:ss[Z]" } else { "YYYY-MM-DDTHH:mm:ssZ" };
    let format = expand(if format.is_empty() { default } else { format });
    let mut out = String::new();
    let mut rest = format.as_str();
    while let Some(first) = rest.chars().next() {
        if let Some(literal) = literal(rest) {
            out.push_str(literal[1..].strip_suffix(']').unwrap_or_default());
            rest = &rest[literal.len()..];
            continue;
        }
        let escaped = rest.strip_prefix('\\').filter(|rest| !rest.is_empty());
        let token = token(escaped.unwrap_or(rest));
        match escaped {
            Some(_) => out.push_str(token),
            None if first == '\\' => {}
            None => out.push_str(&written(&time, token, is_known)),
        }
        rest = &escaped.unwrap_or(rest)[token.len()..];
    }
    out
}

/// Text in brackets, up to the last bracket that closes before the next one opens.
fn literal(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('[')?;
    let end = inner.find('[').unwrap_or(inner.len());
    let close = inner[..end].rfind(']')?;
    Some(&rest[..close + 2])
}

/// The token at the beginning; a single character when it is none.
fn token(rest: &str) -> &str {
    let run = |c: char, most: usize| rest.bytes().take(most).take_while(|byte| *byte == c as u8).count();
    let runs = run('S', 9).max(run('z', 2)).max(run('Z', 2)).max(run('X', 1));
    if runs > 0 {
        return &rest[..runs];
    }
    let known = TOKENS.iter().find(|token| rest.starts_with(**token)).map(|token| token.len());
    let one = rest.chars().next().map_or(0, char::len_utf8);
    &rest[..known.unwrap_or(one)]
}

/// Replaces what stands for other formats.
fn expand(format: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some(literal) = literal(rest) {
            out.push_str(literal);
            rest = &rest[literal.len()..];
            continue;
        }
        let escaped = rest.strip_prefix('\\').filter(|rest| rest.starts_with(['L', 'l']));
        let at = escaped.unwrap_or(rest);
        match SHORTHANDS.iter().find(|(word, _)| at.starts_with(word)) {
            Some((word, full)) => {
                let taken = word.len() + rest.len() - at.len();
                out.push_str(if escaped.is_some() { &rest[..taken] } else { full });
                rest = &rest[taken..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

fn written(time: &Zoned, token: &str, is_known: bool) -> String {
    let (year, month, day) = (i64::from(time.year()), i64::from(time.month()), i64::from(time.day()));
    let (hour, minute, second) = (i64::from(time.hour()), i64::from(time.minute()), i64::from(time.second()));
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let of_year = i64::from(time.day_of_year());
    let weekday = i64::from(time.weekday().to_sunday_zero_offset());
    let week = week(time);
    let iso = time.date().iso_week_date();
    let (iso_week, iso_year) = (i64::from(iso.week()), i64::from(iso.year()));
    let plain = |value: i64, width: usize| format!("{value:0width$}");
    match token {
        "M" => plain(month, 1),
        "MM" => plain(month, 2),
        "Q" => plain((month + 2) / 3, 1),
        "D" => plain(day, 1),
        "DD" => plain(day, 2),
        "DDD" => plain(of_year, 1),
        "DDDD" => plain(of_year, 3),
        "d" | "e" => plain(weekday, 1),
        "E" => plain((weekday + 6) % 7 + 1, 1),
        "w" => plain(week.1, 1),
        "ww" => plain(week.1, 2),
        "W" => plain(iso_week, 1),
        "WW" => plain(iso_week, 2),
        "YY" => plain(year.rem_euclid(100), 2),
        "Y" | "YYYY" => plain(year, 4),
        "YYYYY" => plain(year, 5),
        "YYYYYY" => format!("{year:+07}"),
        "y" => plain(year, 1),
        "yy" => plain(year, 2),
        "yyy" => plain(year, 3),
        "yyyy" => plain(year, 4),
        "gg" => plain(week.0.rem_euclid(100), 2),
        "gggg" => plain(week.0, 4),
        "ggggg" => plain(week.0, 5),
        "GG" => plain(iso_year.rem_euclid(100), 2),
        "GGGG" => plain(iso_year, 4),
        "GGGGG" => plain(iso_year, 5),
        "H" => plain(hour, 1),
        "HH" => plain(hour, 2),
        "h" => plain(half, 1),
        "hh" => plain(half, 2),
        "k" => plain(if hour == 0 { 24 } else { hour }, 1),
        "kk" => plain(if hour == 0 { 24 } else { hour }, 2),
        "m" => plain(minute, 1),
        "mm" => plain(minute, 2),
        "s" => plain(second, 1),
        "ss" => plain(second, 2),
        "hmm" => format!("{half}{minute:02}"),
        "Hmm" => format!("{hour}{minute:02}"),
        "hmmss" => format!("{half}{minute:02}{second:02}"),
        "Hmmss" => format!("{hour}{minute:02}{second:02}"),
        "Mo" => ordinal(month),
        "Qo" => ordinal((month + 2) / 3),
        "Do" => ordinal(day),
        "DDDo" => ordinal(of_year),
        "do" => ordinal(weekday),
        "wo" => ordinal(week.1),
        "Wo" => ordinal(iso_week),
        "yo" => ordinal(year),
        "MMMM" => month_name(month).to_owned(),
        "MMM" => month_name(month)[..3].to_owned(),
        "dddd" => weekday_name(time.weekday()).to_owned(),
        "ddd" => weekday_name(time.weekday())[..3].to_owned(),
        "dd" => weekday_name(time.weekday())[..2].to_owned(),
        "NNNN" => "Anno Domini".to_owned(),
        "N" | "NN" | "NNN" | "NNNNN" => "AD".to_owned(),
        "a" => if hour > 11 { "pm" } else { "am" }.to_owned(),
        "A" => if hour > 11 { "PM" } else { "AM" }.to_owned(),
        "X" => plain(time.timestamp().as_millisecond().div_euclid(1000), 1),
        "x" => plain(time.timestamp().as_millisecond(), 1),
        "z" | "zz" if is_known => format!("{}", time.strftime("%Z")),
        "z" | "zz" => String::new(),
        "Z" | "ZZ" => {
            let minutes = time.offset().seconds() / 60;
            let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
            let colon = if token == "Z" { ":" } else { "" };
            format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
        }
        _ if token.starts_with('S') => {
            let digits = format!("{:03}000000", time.millisecond());
            digits[..token.len()].to_owned()
        }
        _ => token.to_owned(),
    }
}

fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or("January")
}

fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "Sunday",
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
    }
}

/// Year and week as in the United States: weeks begin on Sunday, and January 1 is in week 1.
fn week(time: &Zoned) -> (i64, i64) {
    let date = time.date();
    let year = i64::from(date.year());
    let weekday = i64::from(date.weekday().to_sunday_zero_offset());
    let of_year = i64::from(date.day_of_year()) - 1;
    // The week that ends in the next year is that year's first.
    if of_year + (6 - weekday) >= i64::from(date.days_in_year()) {
        return (year + 1, 1);
    }
    let first = (weekday - of_year).rem_euclid(7);
    (year, (of_year + first) / 7 + 1)
}

fn ordinal(value: i64) -> String {
    let suffix = match (value % 100 / 10, value % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{value}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, pattern: &str, zone: &str) -> String {
        format(text.parse().unwrap(), pattern, zone)
    }

    #[test]
    fn tokens() {
        let time = "2026-03-07T23:45:06.789Z";
        for (pattern, zone, expected) in [
            ("YYYYMMDD-HHmmss", "Asia/Tokyo", "20260308-084506"),
            ("dddd-MMM-Do-YY-w-DDD", "UTC", "Saturday-Mar-7th-26-10-66"),
            ("hh-mm-A-SSS-Z-z", "America/New_York", "06-45-PM-789--05:00-EST"),
            ("[lit]-GGGG-[W]WW-E-Q-x", "UTC", "lit-2026-W10-6-1-1772927106789"),
            ("L LT", "utc", "03/07/2026 11:45 PM"),
            ("\\Y\\L SSSSS X", "UTC", "YL 78900 1772927106"),
            ("", "UTC", "2026-03-07T23:45:06Z"),
            ("", "Asia/Kolkata", "2026-03-08T05:15:06+05:30"),
            ("", "Mars/Base", "2026-03-07T23:45:06+00:00"),
            ("z", "Mars/Base", ""),
            ("llll k hmm YYY", "UTC", "Sat, Mar 7, 2026 11:45 PM 23 1145 262026"),
        ] {
            assert_eq!(at(time, pattern, zone), expected, "{pattern}");
        }
    }

    #[test]
    fn weeks_turn_with_the_year() {
        assert_eq!(at("2025-12-31T00:00:00Z", "gggg-w GGGG-W", "UTC"), "2026-1 2026-1");
        assert_eq!(at("2027-01-01T00:00:00Z", "gggg-w GGGG-W", "UTC"), "2027-1 2026-53");
        assert_eq!(at("2026-01-04T00:00:00Z", "w", "UTC"), "2");
    }

    #[test]
    fn any_format_is_borne() {
        for pattern in ["[", "]", "\\", "[[a]", "é[", "w|", "\n", "LLLLL"] {
            let _ = at("2026-03-07T23:45:06.789Z", pattern, "UTC");
        }
    }
}
