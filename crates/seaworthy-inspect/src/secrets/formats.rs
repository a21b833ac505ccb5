//! The known formats: `formats.tsv`, one line each. Public documentation of each issuer is the source of the shapes.
//!
//! Columns: name, what it is, beginnings, bytes that may come before a beginning, bytes that may be shown, judge,
//! pattern. In a beginning `@` is a letter, a digit, `_` or `-`, `§` may also be `~` or `.`, `#` a digit, `%` a lower-case hexadecimal digit, `·` a
//! space, and a leading `^` or `!` says that no letter or digit comes before. In a pattern `{N}`, `{U}`, `{W}` and `{B}`
//! stand for the end of the token, `{A}` for what stands between a name and its value.

use std::sync::LazyLock;

/// One format.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Beginnings, one of which is in every match.
    pub(super) literals: Vec<&'static str>,
    /// How many bytes of a match may come before its beginning.
    pub(super) back: usize,
    /// How much of a match may be shown: the part that names the kind.
    pub(super) shown: usize,
    pub(super) judge: Judge,
    /// What must match from the beginning on (less `back`), in Rust's syntax without Unicode; group 1 is the secret.
    pub(super) pattern: String,
}

/// How a match is judged. Entropies are in tenths of a bit a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    /// Entropy of what follows the shown part.
    Entropy(u8),
    /// The last six characters are a checksum of those after the first four.
    Checksum,
    /// An AWS key id: base 32 of the account.
    AwsId,
    /// A macaroon in base64 after `pypi-`.
    Macaroon,
    /// Bech32 with its checksum.
    Bech32,
    /// Base64 of `user:password`.
    Basic,
    /// Three parts, the first two base64 of JSON.
    Jwt,
    /// A PEM block with a body.
    Pem,
    /// Base64 of a PEM block.
    Base64Pem,
    /// Base64 of a text that has a secret.
    Base64,
    /// A PuTTY key file.
    Putty,
    /// A key of 32 bytes for Curve25519.
    Curve,
    /// A secret key of minisign or signify.
    Signify,
    /// A wallet sealed by a password, as JSON.
    Wallet,
    /// A JSON web key with its private part.
    Jwk,
    /// A password in a URL.
    Url,
    /// A value after a name that says what it is.
    Random(u8),
    /// A value after the issuer's name; a word such as `key` must stand between them.
    Context(u8),
    /// As the former; the value is a UUID.
    Uuid,
    /// A value that only must not be a placeholder.
    Raw,
}

impl Judge {
    fn parse(text: &str) -> Option<Self> {
        let (name, tenths) = text.split_once(' ').unwrap_or((text, "0"));
        let tenths = tenths.parse().ok()?;
        Some(match name {
            "entropy" => Self::Entropy(tenths),
            "checksum" => Self::Checksum,
            "aws-id" => Self::AwsId,
            "macaroon" => Self::Macaroon,
            "bech32" => Self::Bech32,
            "basic" => Self::Basic,
            "jwt" => Self::Jwt,
            "pem" => Self::Pem,
            "base64-pem" => Self::Base64Pem,
            "base64" => Self::Base64,
            "putty" => Self::Putty,
            "curve25519" => Self::Curve,
            "signify" => Self::Signify,
            "wallet" => Self::Wallet,
            "jwk" => Self::Jwk,
            "url" => Self::Url,
            "random" => Self::Random(tenths),
            "context" => Self::Context(tenths),
            "uuid" => Self::Uuid,
            "raw" => Self::Raw,
            _ => return None,
        })
    }

    /// Whether the beginning is a token's own: then no letter or digit comes right before it.
    pub(super) fn is_word(self) -> bool {
        matches!(
            self,
            Self::Entropy(_)
                | Self::Checksum
                | Self::AwsId
                | Self::Macaroon
                | Self::Bech32
                | Self::Jwt
                | Self::Base64Pem
                | Self::Base64
        )
    }
}

/// Every format of the table.
pub(super) static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let rows = include_str!("formats.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(row).collect()
});

fn row(line: &'static str) -> Option<Format> {
    let mut columns = line.split('\t');
    let mut next = || columns.next();
    let (name, what) = (next()?, next()?);
    let literals = next()?.split(' ').collect();
    let (back, shown) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let judge = Judge::parse(next()?)?;
    let pattern = next()?
        .replace("{N}", "(?:[^0-9A-Za-z]|$)")
        .replace("{U}", "(?:[^0-9A-Za-z_]|$)")
        .replace("{W}", r"(?:[^0-9A-Za-z_\-]|$)")
        .replace("{B}", "(?:[^0-9A-Za-z+/=]|$)")
        .replace("{A}", r#"(?:\\?["'])?\]?\s{0,4}(?::=|=>|[:=,>]|\n\s{1,16}value:)\s{0,4}(?:\\?["'])?"#);
    Some(Format { name, what, literals, back, shown, judge, pattern })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_read() {
        let rows = include_str!("formats.tsv").lines().filter(|line| !line.starts_with('#'));
        for line in rows {
            assert!(row(line).is_some(), "{line}");
        }
        let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
        assert!(names.len() >= 60, "{}", names.len());
    }
}
