//! What is known of ShellCheck's numbers: how bad each is, and which shells it is about.

use crate::lint::{Dialect, Level};

/// Numbers of errors, in order.
const ERRORS: &[u16] = &[
    1019, 1020, 1035, 1037, 1039, 1040, 1041, 1042, 1044, 1045, 1046, 1047, 1049, 1058, 1064, 1065, 1069,
    1070, 1072, 1073, 1074, 1075, 1080, 1087, 1088, 1089, 1097, 1101, 1102, 1105, 1114, 1115, 1118, 1126,
    1127, 1128, 1133, 1140, 1141, 1143, 2045, 2066, 2068, 2070, 2071, 2072, 2078, 2080, 2081, 2082, 2096,
    2104, 2105, 2127, 2142, 2144, 2145, 2148, 2157, 2168, 2199, 2218, 2239, 2242, 2260, 2261, 2264, 2270,
    2271, 2272, 2273, 2274, 2276, 2277, 2280, 2282, 2296, 2298, 2300, 2301, 2316, 2328, 2333, 2387, 2389,
    2390, 2391, 2396,
];

/// Numbers of traps for some inputs, in order.
const INFOS: &[u16] = &[
    1001, 1003, 1004, 1079, 1091, 2009, 2012, 2013, 2014, 2015, 2016, 2018, 2019, 2021, 2022, 2026, 2028,
    2029, 2030, 2031, 2035, 2059, 2086, 2094, 2102, 2103, 2117, 2119, 2153, 2162, 2196, 2197, 2223, 2230,
    2231, 2251, 2267, 2291, 2295, 2308, 2317, 2329,
];

/// Numbers of taste, in order.
const STYLES: &[u16] = &[
    2001, 2002, 2003, 2004, 2005, 2006, 2007, 2116, 2126, 2129, 2143, 2181, 2212, 2219, 2233, 2235, 2236,
    2237, 2268, 2290, 2321, 2323, 2331,
];

/// Numbers about what the standard lacks and busybox has, in order.
const IN_BUSYBOX: &[u16] = &[
    2028, 3003, 3010, 3012, 3014, 3020, 3036, 3037, 3040, 3041, 3042, 3043, 3045, 3046, 3048, 3049, 3057,
    3058, 3060, 3065, 3066, 3067,
];

/// Numbers whose change replaces a spelling by another one of the same meaning, in order.
const SPELLINGS: &[u16] = &[2007, 3007, 3014];

/// Numbers whose change is what most people want, in order. The others delete code, exchange quotes, or leave the
/// finding where it was.
const MENDED: &[u16] = &[1001, 1007, 2006, 2007, 2038, 2086, 2102, 2196, 2197, 3007, 3014];

/// The flags `echo` takes are one thing in the standard and another in Debian's shell.
const ECHO_FLAGS: (u16, u16) = (3037, 3036);

/// The number of variables that only some shells set.
pub(crate) const UNSET: u16 = 3028;

/// Variables that Bash sets and the standard does not know, in order.
const IN_BASH: [&str; 19] = [
    "BASHOPTS",
    "BASHPID",
    "BASH_SOURCE",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HOSTNAME",
    "HOSTTYPE",
    "MACHTYPE",
    "OSTYPE",
    "PIPESTATUS",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "UID",
];

/// Whether only some shells set a variable.
pub(crate) fn only_in_bash(name: &str) -> bool {
    IN_BASH.binary_search(&name).is_ok()
}

/// Whether a variable is another one at every look, so that setting it does not replace it.
pub(crate) fn changes(name: &str) -> bool {
    matches!(name, "RANDOM" | "SECONDS")
}

/// The number a finding has in this shell; nothing where the shell can do what it is about.
pub(crate) fn of(code: u16, dialect: Dialect, written: &str) -> Option<u16> {
    match dialect {
        Dialect::BashAsSh if (3000..4000).contains(&code) => None,
        Dialect::Busybox if IN_BUSYBOX.binary_search(&code).is_ok() => None,
        Dialect::Dash if code == ECHO_FLAGS.0 => (written != "-n").then_some(ECHO_FLAGS.1),
        _ => Some(code),
    }
}

/// Whether the linter's change is worth offering.
pub(crate) fn mends(code: u16) -> bool {
    MENDED.binary_search(&code).is_ok()
}

/// Whether the script surely means the same after the linter's change.
pub(crate) fn keeps_meaning(code: u16) -> bool {
    SPELLINGS.binary_search(&code).is_ok()
}

/// How bad ShellCheck calls it.
pub(crate) fn level(code: u16, dialect: Dialect) -> Level {
    let known = |list: &[u16]| list.binary_search(&code).is_ok();
    if known(ERRORS) || (dialect == Dialect::Dash && (3000..4000).contains(&code)) {
        Level::Error
    } else if known(INFOS) {
        Level::Info
    } else if known(STYLES) {
        Level::Style
    } else {
        Level::Warning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_order() {
        for list in [ERRORS, INFOS, STYLES, IN_BUSYBOX, SPELLINGS, MENDED] {
            assert!(list.is_sorted_by(|a, b| a < b));
        }
        assert_eq!(level(2086, Dialect::Sh), Level::Info);
        assert_eq!(level(2006, Dialect::Sh), Level::Style);
        assert_eq!(level(2068, Dialect::Sh), Level::Error);
    }
}
