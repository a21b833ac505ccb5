//! The bearer token: how it is kept, and how a request's is compared with it.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The shortest token accepted, in characters.
pub const MIN_TOKEN_CHARS: usize = 24;

/// The token a client must present. Only its SHA-256 is kept, so that the token itself is not in memory
/// and tokens of any length are compared in the same time.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Accepts at least [`MIN_TOKEN_CHARS`] visible ASCII characters; the error says what is wrong.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has a character that is not visible ASCII");
        }
        if text.len() < MIN_TOKEN_CHARS {
            return Err("is shorter than 24 characters");
        }
        Ok(Self(Sha256::digest(text).into()))
    }

    /// Says whether the request carries exactly one `Authorization: Bearer` header with this token.
    pub fn authorizes(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return false;
        };
        let presented: [u8; 32] = Sha256::digest(token.trim_start_matches(' ')).into();
        scheme.eq_ignore_ascii_case("bearer") & bool::from(presented.ct_eq(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

    use super::Token;

    const TEXT: &str = "0123456789abcdef01234567";

    fn authorized(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        Token::new(TEXT).unwrap().authorizes(&headers)
    }

    #[test]
    fn tokens_are_long_visible_ascii() {
        assert!(Token::new(TEXT).is_ok());
        assert_eq!(Token::new(&TEXT[1..]).unwrap_err(), "is shorter than 24 characters");
        assert_eq!(Token::new("").unwrap_err(), "is empty");
        for bad in ["0123456789abcdef 01234567", "0123456789abcdef01234567\n", "0123456789äbcdef01234567"] {
            assert!(Token::new(bad).is_err());
        }
        assert_eq!(format!("{:?}", Token::new(TEXT).unwrap()), "Token(…)");
    }

    #[test]
    fn one_bearer_header_with_the_token_is_needed() {
        assert!(authorized(&[&format!("Bearer {TEXT}")]));
        assert!(authorized(&[&format!("bearer {TEXT}")]));
        assert!(!authorized(&[]));
        assert!(!authorized(&[TEXT]));
        assert!(!authorized(&["Bearer"]));
        assert!(!authorized(&["Bearer "]));
        assert!(!authorized(&[&format!("Basic {TEXT}")]));
        assert!(!authorized(&[&format!("Bearer {TEXT}x")]));
        assert!(!authorized(&[&format!("Bearer {}", &TEXT[..23])]));
        assert!(!authorized(&[&format!("Bearer {TEXT}"), &format!("Bearer {TEXT}")]));
    }
}
