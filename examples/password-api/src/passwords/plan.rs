//! What a password request comes to: the one place where fields are judged together.

use super::alphabet;
use super::digest::Algorithm;
use super::encoding::Encoding;
use super::format::Format;
use super::grouping::Grouping;
use super::phrase::{self, Wordlist};
use super::request::{
    DEFAULT_DELIM, DEFAULT_GROUP_SEP, DEFAULT_LENGTH, DEFAULT_OUT_ENC, DEFAULT_WORDS, MAX_LENGTH,
    PasswordRequest,
};
use crate::error::GenerateError;
use crate::payload::Invalid;
use crate::random::{ByteSource, Random};

/// The most characters of all outputs together.
const MAX_TOTAL_CHARS: usize = 4 * 1024 * 1024;
/// The random bytes of an encoded key when none are asked for.
const DEFAULT_KEY_BYTES: usize = 32;
/// The fewest random bytes in a digest: its length would hide that fewer went in.
const MIN_DIGEST_SEED: usize = 16;

/// A request that is known to be possible.
#[derive(Debug, Clone)]
pub struct Plan {
    count: usize,
    recipe: Recipe,
    grouping: Option<Grouping>,
}

#[derive(Debug, Clone)]
enum Recipe {
    Characters { alphabet: Vec<char>, length: usize },
    Bytes { encoding: Encoding, bytes: usize },
    Digest { algorithm: Algorithm, seed: usize, encoding: Encoding },
    Uuid,
    Phrase { words: usize, delimiter: String, list: Wordlist },
}

impl Plan {
    /// Judges a request. A field that the format has no use for is refused unless it has its default: an
    /// option that silently does nothing is worse than an error, above all for a secret.
    pub fn new(request: PasswordRequest) -> Result<Self, Invalid> {
        refuse_useless_fields(&request)?;
        if request.bits > 0 && request.entropy_bytes > 0 {
            return Err(Invalid::new("bits and entropy_bytes exclude each other"));
        }
        let grouping = grouping(&request)?;
        let count = request.count;
        let recipe = Recipe::of(request)?;
        let chars = recipe.max_chars();
        let chars = grouping.as_ref().map_or(chars, |grouping| grouping.grouped_chars(chars));
        if chars.saturating_mul(count) > MAX_TOTAL_CHARS {
            return Err(Invalid(format!("all outputs together must have <= {MAX_TOTAL_CHARS} characters")));
        }
        Ok(Self { count, recipe, grouping })
    }

    /// Generates all outputs.
    pub fn generate<S: ByteSource>(&self, random: &mut Random<S>) -> Result<Vec<String>, GenerateError> {
        (0..self.count)
            .map(|_| {
                let text = self.recipe.make(random)?;
                Ok(match &self.grouping {
                    None => text,
                    Some(grouping) => grouping.apply(&text),
                })
            })
            .collect()
    }
}

impl Recipe {
    fn of(request: PasswordRequest) -> Result<Self, Invalid> {
        let encoding = match request.format {
            Format::Password => return Self::characters(&request),
            Format::Uuid => return Ok(Self::Uuid),
            Format::Bip39 => return Self::phrase(request),
            Format::Hex => Encoding::Hex,
            Format::Base64 => Encoding::Base64,
            Format::Base64Url => Encoding::Base64Url,
            Format::Crock32 => Encoding::Crock32,
            Format::Crock32Check => Encoding::Crock32Check,
            Format::Base58 => Encoding::Base58,
            Format::Base58Check => Encoding::Base58Check,
            format => return Self::digest(format, &request),
        };
        Ok(Self::Bytes { encoding, bytes: asked_bytes(&request).unwrap_or(DEFAULT_KEY_BYTES) })
    }

    fn characters(request: &PasswordRequest) -> Result<Self, Invalid> {
        let alphabet = alphabet::of(request)?;
        let bits = if request.bits > 0 { request.bits } else { request.entropy_bytes * 8 };
        if bits == 0 {
            return Ok(Self::Characters { alphabet, length: request.length });
        }
        if request.length != DEFAULT_LENGTH {
            return Err(Invalid::new("length and the entropy (bits, entropy_bytes) exclude each other"));
        }
        let length = alphabet::length_for(bits, &alphabet);
        if length > MAX_LENGTH {
            return Err(Invalid(format!(
                "so much entropy needs a length of {length}, which must be <= {MAX_LENGTH}"
            )));
        }
        Ok(Self::Characters { alphabet, length })
    }

    fn digest(format: Format, request: &PasswordRequest) -> Result<Self, Invalid> {
        let Some(algorithm) = Algorithm::of(format) else {
            return Err(Invalid(format!("format {} cannot be generated", format.name())));
        };
        // As much as the digest can hold.
        let seed = asked_bytes(request).unwrap_or(algorithm.output_bytes());
        if seed < MIN_DIGEST_SEED {
            return Err(Invalid(format!(
                "entropy_bytes must be >= {MIN_DIGEST_SEED} for format {}",
                format.name()
            )));
        }
        Ok(Self::Digest { algorithm, seed, encoding: Encoding::named(&request.out_enc)? })
    }

    fn phrase(request: PasswordRequest) -> Result<Self, Invalid> {
        let bits = if request.bits > 0 { request.bits } else { request.entropy_bytes * 8 };
        let words = if bits == 0 {
            request.words
        } else if request.words == DEFAULT_WORDS {
            phrase::words_for(bits).ok_or_else(|| {
                Invalid::new("a bip39 phrase holds 128, 160, 192, 224 or 256 bits (entropy_bytes 16 to 32)")
            })?
        } else {
            return Err(Invalid::new("words and the entropy (bits, entropy_bytes) exclude each other"));
        };
        if phrase::entropy_bytes(words).is_none() {
            return Err(Invalid::new("words must be 12, 15, 18, 21 or 24"));
        }
        Ok(Self::Phrase { words, delimiter: request.delim, list: Wordlist::new(request.bip39_wordlist)? })
    }

    fn max_chars(&self) -> usize {
        match self {
            Self::Characters { length, .. } => *length,
            Self::Bytes { encoding, bytes } => encoding.max_chars(*bytes),
            Self::Digest { algorithm, encoding, .. } => encoding.max_chars(algorithm.output_bytes()),
            Self::Uuid => 36,
            Self::Phrase { words, delimiter, list } => words * (list.longest() + delimiter.chars().count()),
        }
    }

    fn make<S: ByteSource>(&self, random: &mut Random<S>) -> Result<String, GenerateError> {
        Ok(match self {
            Self::Characters { alphabet, length } => {
                let mut text = String::with_capacity(*length);
                for _ in 0..*length {
                    text.push(alphabet[random.below(alphabet.len())?]);
                }
                text
            }
            Self::Bytes { encoding, bytes } => encoding.encode(&random.bytes(*bytes)?),
            Self::Digest { algorithm, seed, encoding } => {
                encoding.encode(&algorithm.hash(&random.bytes(*seed)?))
            }
            Self::Uuid => {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&random.bytes(16)?);
                uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
            }
            Self::Phrase { words, delimiter, list } => {
                let bytes = phrase::entropy_bytes(*words).unwrap_or(32);
                phrase::phrase(&random.bytes(bytes)?, list, delimiter)
            }
        })
    }
}

/// The random bytes asked for, if any; bits are rounded up to whole bytes.
fn asked_bytes(request: &PasswordRequest) -> Option<usize> {
    Some(request.entropy_bytes.max(request.bits.div_ceil(8))).filter(|&bytes| bytes > 0)
}

fn grouping(request: &PasswordRequest) -> Result<Option<Grouping>, Invalid> {
    if request.group == 0 {
        if request.group_sep != DEFAULT_GROUP_SEP || !request.group_pad.is_empty() {
            return Err(Invalid::new("group_sep and group_pad need group"));
        }
        return Ok(None);
    }
    Ok(Some(Grouping {
        size: request.group,
        separator: request.group_sep.clone(),
        pad: request.group_pad.chars().next(),
    }))
}

fn refuse_useless_fields(request: &PasswordRequest) -> Result<(), Invalid> {
    let format = request.format;
    let (password, phrase) = (format == Format::Password, format == Format::Bip39);
    let uuid = format == Format::Uuid;
    let useless = [
        ("length", !password && request.length != DEFAULT_LENGTH),
        ("charset", !password && !request.charset.is_empty()),
        ("symbols", !password && !request.symbols.is_empty()),
        ("no_symbols", !password && request.no_symbols),
        ("max_entropy", !password && request.max_entropy),
        ("entropy_bytes", uuid && request.entropy_bytes > 0),
        ("bits", uuid && request.bits > 0),
        ("group", (uuid || phrase) && request.group > 0),
        ("out_enc", Algorithm::of(format).is_none() && request.out_enc != DEFAULT_OUT_ENC),
        ("words", !phrase && request.words != DEFAULT_WORDS),
        ("delim", !phrase && request.delim != DEFAULT_DELIM),
        ("bip39_wordlist", !phrase && !request.bip39_wordlist.is_empty()),
    ];
    match useless.iter().find(|(_, useless)| *useless) {
        Some((name, _)) => Err(Invalid(format!("{name} does not apply to format {}", format.name()))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Plan;
    use crate::passwords::{FIELDS, Format, PasswordRequest};
    use crate::payload::Payload;
    use crate::random::Random;

    fn plan(body: &str) -> Result<Plan, String> {
        Payload::parse("password", FIELDS, body.as_bytes(), false)
            .and_then(|payload| PasswordRequest::read(payload, 512))
            .and_then(Plan::new)
            .map_err(|invalid| invalid.0)
    }

    fn outputs(body: &str) -> Vec<String> {
        plan(body).unwrap().generate(&mut Random::from_os()).unwrap()
    }

    fn refused(body: &str) -> String {
        plan(body).unwrap_err()
    }

    #[test]
    fn the_default_is_one_password_of_twenty_characters() {
        let outputs = outputs("{}");
        assert_eq!(outputs.len(), 1);
        assert_eq!(outputs[0].chars().count(), 20);
    }

    #[test]
    fn every_format_gives_its_shape_and_no_output_twice() {
        for (name, _) in Format::ALL {
            let outputs = outputs(&format!("{{\"format\":\"{name}\",\"count\":40}}"));
            assert_eq!(outputs.iter().collect::<BTreeSet<_>>().len(), 40, "{name}");
            for output in outputs {
                let fits = match name {
                    "password" => output.len() == 20,
                    "hex" | "sha256" | "sha3_256" | "blake2s" => output.len() == 64,
                    "sha512" | "sha3_512" | "blake2b" => output.len() == 128,
                    "base64" => output.len() == 44 && output.ends_with('='),
                    "base64url" => output.len() == 43,
                    "crock32" => output.len() == 52,
                    "crock32check" => output.len() == 53,
                    "base58" => bs58::decode(&output).into_vec().unwrap().len() == 32,
                    "base58check" => bs58::decode(&output).with_check(None).into_vec().unwrap().len() == 32,
                    "uuid" => {
                        output.len() == 36 && &output[14..15] == "4" && "89ab".contains(&output[19..20])
                    }
                    "bip39" => bip39::Mnemonic::parse_normalized(&output).unwrap().word_count() == 24,
                    other => panic!("no expectation for {other}"),
                };
                assert!(fits, "{name}: {output}");
            }
        }
    }

    #[test]
    fn alphabets_follow_the_request() {
        let all = |body: &str, accept: fn(char) -> bool| {
            outputs(body).iter().flat_map(|text| text.chars()).all(accept)
        };
        assert!(all("{\"charset\":\"ab\",\"count\":20}", |c| c == 'a' || c == 'b'));
        assert!(all("{\"no_symbols\":true,\"count\":50}", |c| c.is_ascii_alphanumeric()));
        assert!(all("{\"symbols\":\"§\",\"count\":50}", |c| c.is_ascii_alphanumeric() || c == '§'));
        let seen: BTreeSet<char> = outputs("{\"max_entropy\":true,\"length\":4096}")[0].chars().collect();
        assert_eq!(seen, ('!'..='~').collect());
        assert_eq!(refused("{\"charset\":\"aaa\"}"), "charset must have at least 2 different characters");
        assert!(refused("{\"charset\":\"ab\",\"max_entropy\":true}").contains("exclude each other"));
        assert!(refused("{\"symbols\":\"!\",\"no_symbols\":true}").contains("exclude each other"));
    }

    #[test]
    fn entropy_sets_the_size() {
        assert_eq!(outputs("{\"format\":\"hex\",\"entropy_bytes\":4}")[0].len(), 8);
        assert_eq!(outputs("{\"format\":\"hex\",\"bits\":33}")[0].len(), 10);
        assert_eq!(outputs("{\"charset\":\"0123456789abcdef\",\"bits\":128}")[0].len(), 32);
        assert_eq!(outputs("{\"format\":\"bip39\",\"bits\":128}")[0].split(' ').count(), 12);
        assert!(refused("{\"format\":\"hex\",\"bits\":8,\"entropy_bytes\":1}").contains("exclude"));
        assert!(refused("{\"length\":21,\"bits\":8}").contains("exclude"));
        assert!(refused("{\"charset\":\"ab\",\"bits\":8192}").contains("length of 8192"));
        assert!(refused("{\"format\":\"sha256\",\"entropy_bytes\":8}").contains(">= 16"));
        assert!(refused("{\"format\":\"bip39\",\"bits\":129}").contains("128, 160"));
    }

    #[test]
    fn digests_are_written_as_asked() {
        assert_eq!(outputs("{\"format\":\"sha256\",\"out_enc\":\"base64url\"}")[0].len(), 43);
        assert!(
            refused("{\"format\":\"sha256\",\"out_enc\":\"rot13\"}").starts_with("out_enc must be one of")
        );
        assert_eq!(
            refused("{\"format\":\"hex\",\"out_enc\":\"base64\"}"),
            "out_enc does not apply to format hex"
        );
    }

    #[test]
    fn phrases_use_the_given_words_and_delimiter() {
        let output = &outputs("{\"format\":\"bip39\",\"words\":15,\"delim\":\"-\"}")[0];
        assert_eq!(output.split('-').count(), 15);
        assert!(refused("{\"format\":\"bip39\",\"words\":13}").starts_with("words must be 12"));
        assert!(refused("{\"format\":\"bip39\",\"bip39_wordlist\":[\"a\"]}").contains("2048"));
    }

    #[test]
    fn groups_need_a_size() {
        assert_eq!(outputs("{\"group\":5}")[0].len(), 23);
        assert_eq!(outputs("{\"length\":7,\"group\":5,\"group_pad\":\"=\"}")[0].len(), 11);
        assert!(
            outputs("{\"charset\":\"ab\",\"length\":7,\"group\":5,\"group_pad\":\"=\"}")[0].ends_with("===")
        );
        assert_eq!(refused("{\"group_sep\":\"+\"}"), "group_sep and group_pad need group");
        assert_eq!(refused("{\"format\":\"uuid\",\"group\":4}"), "group does not apply to format uuid");
    }

    #[test]
    fn a_client_may_fill_in_every_field_with_its_default() {
        let body = r#"{"count":1,"length":20,"charset":"","symbols":"","no_symbols":false,"max_entropy":false,
            "format":"uuid","entropy_bytes":0,"bits":0,"out_enc":"hex","group":0,"group_sep":"-","group_pad":"",
            "words":24,"delim":" ","bip39_wordlist":""}"#;
        assert_eq!(outputs(body).len(), 1);
        for name in FIELDS {
            assert!(body.contains(&format!("\"{name}\":")), "{name}");
        }
    }

    #[test]
    fn ceilings_hold() {
        assert_eq!(refused("{\"count\":513}"), "count must be <= 512");
        assert_eq!(refused("{\"length\":4097}"), "length must be <= 4096");
        assert_eq!(refused("{\"entropy_bytes\":1025}"), "entropy_bytes must be <= 1024");
        assert_eq!(refused("{\"bits\":8193}"), "bits must be <= 8192");
        assert_eq!(
            refused(&format!("{{\"charset\":\"{}\"}}", "ab".repeat(257))),
            "charset must have <= 512 characters"
        );
        assert_eq!(
            refused(&format!("{{\"symbols\":\"{}\"}}", "!".repeat(129))),
            "symbols must have <= 128 characters"
        );
        assert_eq!(
            refused(&format!("{{\"group\":1,\"group_sep\":\"{}\"}}", "-".repeat(17))),
            "group_sep must have <= 16 characters"
        );
        assert_eq!(refused("{\"group\":1,\"group_pad\":\"xx\"}"), "group_pad must have <= 1 characters");
        let total = "{\"count\":512,\"length\":4096,\"group\":1,\"group_sep\":\"----------------\"}";
        assert_eq!(refused(total), "all outputs together must have <= 4194304 characters");
        assert!(plan("{\"count\":512,\"length\":4096}").is_ok());
        assert!(refused("{\"format\":\"rot13\"}").starts_with("format must be one of password, hex"));
    }
}
