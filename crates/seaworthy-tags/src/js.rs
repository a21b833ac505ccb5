//! The few habits of JavaScript that show in the action's output: numbers, trimming, sorting.

/// Whether a character is white space to `String.prototype.trim`: Unicode's, without NEL and with the byte-order mark.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// `String.prototype.trim`.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `Number(text)`; not a number is NaN.
pub(crate) fn number(text: &str) -> f64 {
    let text = trim(text);
    if text.is_empty() {
        return 0.0;
    }
    let prefixed = |prefixes: [&str; 2]| prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixed(prefixes) {
            return digits
                .chars()
                .try_fold(0.0, |value, c| {
                    c.to_digit(radix).map(|digit| value * f64::from(radix) + f64::from(digit))
                })
                .filter(|_| !digits.is_empty())
                .unwrap_or(f64::NAN);
        }
    }
    match text.trim_start_matches(['+', '-']) {
        // One sign at most; Rust's other spellings of infinity and "nan" are no numbers there.
        "Infinity" if text.len() <= "Infinity".len() + 1 => {
            if text.starts_with('-') {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }
        }
        rest if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// A whole number as `String(Number(digits))` writes it.
pub(crate) fn digits(text: &str) -> String {
    let short = text.trim_start_matches('0');
    if short.is_empty() {
        return "0".to_owned();
    }
    // Up to 15 digits are exact; beyond that a double decides, and from 1e21 on its shortest form is scientific.
    if short.len() <= 15 {
        return short.to_owned();
    }
    let value: f64 = short.parse().unwrap_or(f64::INFINITY);
    if value.is_infinite() {
        return "Infinity".to_owned();
    }
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: usize = exponent.parse().unwrap_or(0);
    if exponent >= 21 {
        return format!("{mantissa}e+{exponent}");
    }
    let mut all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    while all.len() <= exponent {
        all.push('0');
    }
    all
}

/// Sorts as V8 does for short arrays, with a comparison that need not be an order: NaN is equal to everything, and where
/// such an element stands decides about its neighbours.
///
/// `less` says whether the first comes before the second.
pub(crate) fn sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    if items.len() < 2 {
        return;
    }
    let descending = less(&items[1], &items[0]);
    let mut run = 2;
    while run < items.len() && less(&items[run], &items[run - 1]) == descending {
        run += 1;
    }
    if descending {
        items[..run].reverse();
    }
    for start in run..items.len() {
        let (mut left, mut right) = (0, start);
        while left < right {
            let middle = left + (right - left) / 2;
            if less(&items[start], &items[middle]) {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        items[left..=start].rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_there() {
        for (text, value) in [
            ("", 0.0),
            (" 12 ", 12.0),
            ("0x10", 16.0),
            ("1e3", 1000.0),
            ("-3", -3.0),
            (".5", 0.5),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(number(text).to_bits(), f64::to_bits(value), "{text}");
        }
        for text in ["x", "1x", "0x", "inf", "nan", "--1", "1_0", "+-Infinity", "- 1"] {
            assert!(number(text).is_nan(), "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_written_as_there() {
        assert_eq!(digits("007"), "7");
        assert_eq!(digits("000"), "0");
        assert_eq!(digits("99999999999999999999"), "100000000000000000000");
        assert_eq!(digits("1000000000000000000000"), "1e+21");
    }

    #[test]
    fn sorting_is_stable_and_bears_what_is_no_order() {
        let mut items = vec![(1.0, 'a'), (2.0, 'b'), (1.0, 'c'), (2.0, 'd')];
        sort(&mut items, |left, right| left.0 > right.0);
        assert_eq!(items.iter().map(|item| item.1).collect::<String>(), "bdac");
        let mut items = vec![(f64::NAN, 'a'), (2.0, 'b'), (f64::NAN, 'c'), (3.0, 'd')];
        sort(&mut items, |left, right| left.0 > right.0);
        assert_eq!(items.len(), 4);
    }
}
