//! The encrypted private key of cosign: PEM around JSON around NaCl's secretbox, keyed by scrypt
//! (go-securesystemslib: `encrypted/encrypted.go`).

use crate::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The label cosign writes today.
const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label of cosign's first versions.
const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";
/// log2 of scrypt's cost for new keys: 64 MiB.
const LOG_N: u8 = 16;
/// scrypt's block size; the only one that is accepted.
const R: u32 = 8;
/// scrypt's parallelism; the only one that is accepted.
const P: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Encrypted {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Fills a buffer from the system's source.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|error| Error::Key {
        what: "the new key".to_owned(),
        why: format!("the system gives no randomness: {error}"),
    })
}

/// Encrypts a PKCS#8 key.
pub(crate) fn seal(der: &[u8], password: &[u8]) -> Result<String, Error> {
    let (mut salt, mut nonce) = ([0; 32], [0; 24]);
    random(&mut salt)?;
    random(&mut nonce)?;
    let broken =
        || Error::Key { what: "the private key".to_owned(), why: "it cannot be encrypted".to_owned() };
    let key = derive(password, &salt, LOG_N).ok_or_else(broken)?;
    let cipher = XSalsa20Poly1305::new_from_slice(&*key).map_err(|_| broken())?;
    let ciphertext = cipher.encrypt(&nonce.into(), der).map_err(|_| broken())?;
    let document = Encrypted {
        kdf: Kdf {
            name: "scrypt".to_owned(),
            params: Params { n: 1 << LOG_N, r: R, p: P },
            salt: STANDARD.encode(salt),
        },
        cipher: Cipher { name: "nacl/secretbox".to_owned(), nonce: STANDARD.encode(nonce) },
        ciphertext: STANDARD.encode(ciphertext),
    };
    let json = serde_json::to_vec(&document).map_err(|_| broken())?;
    Ok(to_pem(LABEL, &json))
}

/// Decrypts a key file to PKCS#8 DER.
pub(crate) fn open(what: &str, pem: &str, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let fail = |why: &str| Error::Key { what: what.to_owned(), why: why.to_owned() };
    let (label, json) = parse_pem(pem).ok_or_else(|| fail("it is not PEM"))?;
    if label != LABEL && label != OLD_LABEL {
        let why = format!("it is a `{label}`, not an `{LABEL}`");
        return Err(fail(&why));
    }
    let document: Encrypted =
        serde_json::from_slice(&json).map_err(|_| fail("its content is not the expected JSON"))?;
    if document.kdf.name != "scrypt" || document.cipher.name != "nacl/secretbox" {
        return Err(fail("it is not encrypted with scrypt and nacl/secretbox"));
    }
    // Other parameters are either weak or made to exhaust memory.
    let log_n = match (document.kdf.params.n, document.kdf.params.r, document.kdf.params.p) {
        (32_768, R, P) => 15,
        (65_536, R, P) => 16,
        (131_072, R, P) => 17,
        _ => return Err(fail("its scrypt parameters are not ones that cosign writes")),
    };
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| fail("its content is not base64"));
    let salt = decode(&document.kdf.salt)?;
    let nonce: [u8; 24] =
        decode(&document.cipher.nonce)?.try_into().map_err(|_| fail("its nonce has not 24 bytes"))?;
    let ciphertext = decode(&document.ciphertext)?;
    let key = derive(password, &salt, log_n).ok_or_else(|| fail("no key can be derived"))?;
    let cipher = XSalsa20Poly1305::new_from_slice(&*key).map_err(|_| fail("no key can be derived"))?;
    cipher
        .decrypt(&nonce.into(), ciphertext.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| Error::Password { what: what.to_owned() })
}

fn derive(password: &[u8], salt: &[u8], log_n: u8) -> Option<Zeroizing<[u8; 32]>> {
    let params = scrypt::Params::new(log_n, R, P, 32).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, salt, &params, &mut *key).ok()?;
    Some(key)
}

/// The label and the bytes of the first PEM block.
pub(crate) fn parse_pem(text: &str) -> Option<(String, Vec<u8>)> {
    let mut lines = text.lines().map(str::trim);
    let label = lines.find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))?;
    let end = format!("-----END {label}-----");
    let mut body = String::new();
    for line in lines {
        if line == end {
            return Some((label.to_owned(), STANDARD.decode(body).ok()?));
        }
        body.push_str(line);
    }
    None
}

/// A PEM block with lines of 64 characters.
pub(crate) fn to_pem(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_parameters_are_refused_before_memory_is_taken() {
        for (n, r, p) in [(1 << 30, 8, 1), (65_536, 1 << 20, 1), (65_536, 8, 1 << 20), (2, 8, 1), (0, 0, 0)] {
            let json = format!(
                r#"{{"kdf":{{"name":"scrypt","params":{{"N":{n},"r":{r},"p":{p}}},"salt":"AA=="}},"cipher":{{"name":"nacl/secretbox","nonce":"AA=="}},"ciphertext":"AA=="}}"#
            );
            let error = open("k", &to_pem(LABEL, json.as_bytes()), b"").unwrap_err();
            assert!(error.to_string().contains("scrypt parameters"), "{error}");
        }
    }

    #[test]
    fn broken_files_are_errors() {
        for pem in [
            "",
            "-----BEGIN x-----",
            &to_pem(LABEL, b"{}"),
            &to_pem("PRIVATE KEY", b"x"),
            &to_pem(LABEL, b"\xff"),
        ] {
            assert!(matches!(open("k", pem, b""), Err(Error::Key { .. })), "{pem}");
        }
    }

    #[test]
    fn sealed_bytes_open_with_the_password_only() {
        let pem = seal(b"secret", b"pw").unwrap();
        assert!(pem.lines().all(|line| line.len() <= 64));
        assert_eq!(open("k", &pem, b"pw").unwrap().as_slice(), b"secret");
        assert!(matches!(open("k", &pem, b"px"), Err(Error::Password { .. })));
    }
}
