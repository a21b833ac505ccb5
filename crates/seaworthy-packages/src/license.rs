//! Licences as packages state them, as SPDX identifiers where the words leave no doubt.
//!
//! Only exact names are translated: "BSD" is three licences, so it stays what it is.

/// Identifiers of the SPDX licence list, as CycloneDX 1.7 carries it.
const LISTED: &str = include_str!("licenses.txt");
/// Identifiers of the SPDX exception list, of the same date.
const EXCEPTIONS: &str = include_str!("exceptions.txt");

/// The identifier of a licence as the list spells it.
pub fn known(id: &str) -> Option<&'static str> {
    LISTED.lines().find(|known| known.eq_ignore_ascii_case(id))
}

/// The identifier of an exception as the list spells it.
pub fn known_exception(id: &str) -> Option<&'static str> {
    EXCEPTIONS.lines().find(|known| known.eq_ignore_ascii_case(id))
}

/// Whether a text is an identifier of either list, in its spelling.
pub fn is_listed(id: &str) -> bool {
    LISTED.lines().chain(EXCEPTIONS.lines()).any(|known| known == id)
}

/// The identifier of a licence's usual name; nothing where the name may mean several.
pub fn exact(text: &str) -> Option<String> {
    let mut name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    for word in ["the ", "licensed under the "] {
        name = name.strip_prefix(word).map(str::to_owned).unwrap_or(name);
    }
    let id = NAMES.iter().find(|(known, _)| *known == name).map(|(_, id)| *id)?;
    Some(id.to_owned())
}

/// The licence that a well-known page holds.
pub fn of_url(text: &str) -> Option<String> {
    let rest = text.split("://").nth(1)?.trim_start_matches("www.").trim_end_matches('/');
    let rest =
        rest.trim_end_matches(".txt").trim_end_matches(".html").trim_end_matches(".php").to_ascii_lowercase();
    let id = match rest.as_str() {
        "apache.org/licenses/license-2.0" | "opensource.org/licenses/apache-2.0" => "Apache-2.0",
        "opensource.org/licenses/mit" | "opensource.org/licenses/mit-license" => "MIT",
        "opensource.org/licenses/bsd-3-clause" => "BSD-3-Clause",
        "opensource.org/licenses/bsd-2-clause" => "BSD-2-Clause",
        "eclipse.org/legal/epl-2.0" | "eclipse.org/legal/epl-v20" => "EPL-2.0",
        "eclipse.org/legal/epl-v10" => "EPL-1.0",
        "eclipse.org/org/documents/edl-v10" => "BSD-3-Clause",
        "mozilla.org/mpl/2.0" => "MPL-2.0",
        _ => return None,
    };
    Some(id.to_owned())
}

/// The licences of Python's classifiers, all of which hold; nothing when one of them may mean several.
pub fn classifiers<'a>(all: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut ids = Vec::new();
    for name in all.filter_map(|text| text.strip_prefix("License :: ")) {
        let name = name.strip_prefix("OSI Approved").map_or(name, |rest| rest.trim_start_matches(" :: "));
        if name.is_empty() {
            continue;
        }
        let id = exact(name)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    (!ids.is_empty()).then(|| ids.join(" AND "))
}

/// A licence by the short names of Debian's machine-readable copyright files.
pub fn debian(text: &str) -> String {
    let words = text.replace(',', " ");
    let mut out: Vec<String> = Vec::new();
    let mut words = words.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "and" | "or" => out.push(lower.to_ascii_uppercase()),
            "with" => {
                // `with OpenSSL exception` and the like: the list names few of them.
                let name = words.next().unwrap_or_default().to_ascii_lowercase();
                words.next_if(|word| word.eq_ignore_ascii_case("exception"));
                let exception = match name.as_str() {
                    "autoconf" => "Autoconf-exception-generic",
                    "bison" => "Bison-exception-2.2",
                    "classpath" => "Classpath-exception-2.0",
                    "gcc" | "gcc-runtime-library" => "GCC-exception-3.1",
                    "libtool" => "Libtool-exception",
                    "font" => "Font-exception-2.0",
                    _ => return text.trim().to_owned(),
                };
                out.push(format!("WITH {exception}"));
            }
            _ => out.push(debian_name(word)),
        }
    }
    out.join(" ")
}

fn debian_name(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if let Some(id) = gnu(&lower) {
        return id;
    }
    let id = match lower.as_str() {
        "expat" | "mit" => "MIT",
        "apache-2.0" | "apache-2" | "asl-2.0" | "asl-2" => "Apache-2.0",
        "bsd-2-clause" => "BSD-2-Clause",
        "bsd-3-clause" => "BSD-3-Clause",
        "bsd-4-clause" => "BSD-4-Clause",
        "isc" => "ISC",
        "zlib" => "Zlib",
        "mpl-1.1" => "MPL-1.1",
        "mpl-2.0" => "MPL-2.0",
        "cc0" | "cc0-1.0" => "CC0-1.0",
        "cc-by-3.0" => "CC-BY-3.0",
        "cc-by-4.0" => "CC-BY-4.0",
        "cc-by-sa-3.0" => "CC-BY-SA-3.0",
        "cc-by-sa-4.0" => "CC-BY-SA-4.0",
        "bsl-1.0" | "bsl-1" => "BSL-1.0",
        "artistic" | "artistic-1.0" => "Artistic-1.0",
        "artistic-2.0" | "artistic-2" => "Artistic-2.0",
        "psf-2" | "python-2.0" => "PSF-2.0",
        "ofl-1.1" => "OFL-1.1",
        "x11" => "X11",
        "unicode" => "Unicode-DFS-2016",
        "perl" => return "(Artistic-1.0-Perl OR GPL-1.0-or-later)".to_owned(),
        _ => return word.to_owned(),
    };
    id.to_owned()
}

/// The GNU licences: `gpl-2+`, `lgpl-2.1`, `gfdl-1.3+`.
fn gnu(lower: &str) -> Option<String> {
    let (rest, later) = lower.strip_suffix('+').map_or((lower, false), |rest| (rest, true));
    let (family, version) = rest.split_once('-')?;
    let family = match family {
        "gpl" => "GPL",
        "lgpl" => "LGPL",
        "agpl" => "AGPL",
        "gfdl" => "GFDL",
        _ => return None,
    };
    let version = match (family, version) {
        (_, "1" | "1.0") => "1.0",
        (_, "2" | "2.0") => "2.0",
        (_, "3" | "3.0") => "3.0",
        ("LGPL", "2.1") => "2.1",
        ("GFDL", "1.1") => "1.1",
        ("GFDL", "1.2") => "1.2",
        ("GFDL", "1.3") => "1.3",
        _ => return None,
    };
    Some(format!("{family}-{version}-{}", if later { "or-later" } else { "only" }))
}

/// A licence by the names R packages use.
pub fn r(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let name = match plain.split_once("(>=") {
        Some((name, version)) => format!("{name}-{}+", version.trim_end_matches(')')),
        None => plain,
    };
    gnu(&name).or_else(|| exact(text)).unwrap_or_else(|| text.trim().to_owned())
}

/// Usual names, in small letters.
const NAMES: [(&str, &str); 74] = [
    ("0bsd", "0BSD"),
    ("academic free license (afl)", "AFL-3.0"),
    ("agpl-3.0", "AGPL-3.0-only"),
    ("apache 2", "Apache-2.0"),
    ("apache 2.0", "Apache-2.0"),
    ("apache 2.0 license", "Apache-2.0"),
    ("apache license 2.0", "Apache-2.0"),
    ("apache license v2.0", "Apache-2.0"),
    ("apache license, version 2.0", "Apache-2.0"),
    ("apache license version 2.0", "Apache-2.0"),
    ("apache software license 2.0", "Apache-2.0"),
    ("apache software license, version 2.0", "Apache-2.0"),
    ("apache-2.0", "Apache-2.0"),
    ("apache2", "Apache-2.0"),
    ("apache2.0", "Apache-2.0"),
    ("asl 2.0", "Apache-2.0"),
    ("artistic-2.0", "Artistic-2.0"),
    ("boost software license 1.0 (bsl-1.0)", "BSL-1.0"),
    ("bsd 2-clause license", "BSD-2-Clause"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("bsd 3-clause license", "BSD-3-Clause"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("bsd-2-clause", "BSD-2-Clause"),
    ("bsd-3-clause", "BSD-3-Clause"),
    ("2-clause bsd", "BSD-2-Clause"),
    ("3-clause bsd", "BSD-3-Clause"),
    ("3-clause bsd license", "BSD-3-Clause"),
    ("modified bsd", "BSD-3-Clause"),
    ("modified bsd license", "BSD-3-Clause"),
    ("new bsd", "BSD-3-Clause"),
    ("new bsd license", "BSD-3-Clause"),
    ("simplified bsd", "BSD-2-Clause"),
    ("bsl-1.0", "BSL-1.0"),
    ("cc0", "CC0-1.0"),
    ("cc0-1.0", "CC0-1.0"),
    ("cc0 1.0 universal (cc0 1.0) public domain dedication", "CC0-1.0"),
    ("eclipse public license 1.0 (epl-1.0)", "EPL-1.0"),
    ("eclipse public license 2.0 (epl-2.0)", "EPL-2.0"),
    ("eclipse public license v2.0", "EPL-2.0"),
    ("eclipse public license - v 2.0", "EPL-2.0"),
    ("epl-2.0", "EPL-2.0"),
    ("european union public licence 1.2 (eupl 1.2)", "EUPL-1.2"),
    ("expat", "MIT"),
    ("gnu affero general public license v3", "AGPL-3.0-only"),
    ("gnu affero general public license v3 or later (agplv3+)", "AGPL-3.0-or-later"),
    ("gnu general public license v2 (gplv2)", "GPL-2.0-only"),
    ("gnu general public license v2 or later (gplv2+)", "GPL-2.0-or-later"),
    ("gnu general public license v3 (gplv3)", "GPL-3.0-only"),
    ("gnu general public license v3 or later (gplv3+)", "GPL-3.0-or-later"),
    ("gnu lesser general public license v2 (lgplv2)", "LGPL-2.0-only"),
    ("gnu lesser general public license v2 or later (lgplv2+)", "LGPL-2.0-or-later"),
    ("gnu lesser general public license v3 (lgplv3)", "LGPL-3.0-only"),
    ("gnu lesser general public license v3 or later (lgplv3+)", "LGPL-3.0-or-later"),
    ("gplv2", "GPL-2.0-only"),
    ("gplv2+", "GPL-2.0-or-later"),
    ("gplv3", "GPL-3.0-only"),
    ("gplv3+", "GPL-3.0-or-later"),
    ("lgplv3", "LGPL-3.0-only"),
    ("lgplv3+", "LGPL-3.0-or-later"),
    ("isc", "ISC"),
    ("isc license", "ISC"),
    ("isc license (iscl)", "ISC"),
    ("mit", "MIT"),
    ("mit license", "MIT"),
    ("mit no attribution license (mit-0)", "MIT-0"),
    ("mozilla public license 1.1 (mpl 1.1)", "MPL-1.1"),
    ("mozilla public license 2.0 (mpl 2.0)", "MPL-2.0"),
    ("mpl 2.0", "MPL-2.0"),
    ("mpl-2.0", "MPL-2.0"),
    ("psf-2.0", "PSF-2.0"),
    ("unlicense", "Unlicense"),
    ("unlicense (unlicense)", "Unlicense"),
    ("zlib", "Zlib"),
    ("zope public license 2.1", "ZPL-2.1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_exact_is_translated() {
        assert_eq!(exact("The MIT License").as_deref(), Some("MIT"));
        assert_eq!(exact("BSD"), None);
        let all = ["License :: OSI Approved :: MIT License", "License :: OSI Approved", "Topic :: X"];
        assert_eq!(classifiers(all.into_iter()).as_deref(), Some("MIT"));
        assert_eq!(classifiers(["License :: OSI Approved :: BSD License"].into_iter()), None);
        assert_eq!(
            debian("GPL-2+ with Autoconf exception"),
            "GPL-2.0-or-later WITH Autoconf-exception-generic"
        );
        assert_eq!(debian("LGPL-2.1 or Expat"), "LGPL-2.1-only OR MIT");
        assert_eq!(debian("public-domain"), "public-domain");
        assert_eq!((r("GPL (>= 2)").as_str(), r("GPL-3").as_str()), ("GPL-2.0-or-later", "GPL-3.0-only"));
        assert_eq!(of_url("http://www.apache.org/licenses/LICENSE-2.0.txt").as_deref(), Some("Apache-2.0"));
    }
}
