//! What generated names must have in common.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::payload::Payload;
use crate::random::Random;
use crate::usernames::{FIELDS, PROFILES, UsernameRequest, generate};

fn respond(body: &str) -> Result<Value, String> {
    let request = Payload::parse("username", FIELDS, body.as_bytes(), false)
        .and_then(|payload| UsernameRequest::read(payload, 512))
        .map_err(|invalid| invalid.0)?;
    let generated = generate(&request, &mut Random::from_os()).map_err(|error| error.to_string())?;
    Ok(generated.into_json(request.show_meta))
}

fn names(body: &str) -> Vec<String> {
    let response = respond(body).unwrap();
    response["usernames"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn refused(body: &str) -> String {
    respond(body).unwrap_err()
}

#[test]
fn the_default_response_has_the_documented_shape() {
    let response = respond("{}").unwrap();
    assert_eq!(response["usernames"].as_array().unwrap().len(), 10);
    assert_eq!(response["effective_min_len"], 8);
    assert_eq!(response["effective_max_len"], 16);
    assert_eq!(response["token_cap"], 366);
    assert_eq!(response.as_object().unwrap().len(), 4);
}

#[test]
fn names_of_every_profile_keep_its_rules() {
    for profile in PROFILES {
        let body =
            format!("{{\"profile\":\"{}\",\"count\":200,\"min_len\":5,\"max_len\":100}}", profile.name);
        let response = respond(&body).unwrap();
        assert_eq!(response["effective_min_len"], 5.max(profile.min));
        assert_eq!(response["effective_max_len"], profile.max);
        let names = names(&body);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 200, "{}", profile.name);
        for name in names {
            let separator = |c: char| profile.separators.contains(&c);
            assert!((5.max(profile.min)..=profile.max).contains(&name.len()), "{name}");
            assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
            assert!(name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
            let allowed = |c: char| c.is_ascii_lowercase() || ('2'..='9').contains(&c) || separator(c);
            assert!(name.chars().all(allowed), "{name}");
            assert!(
                !name.as_bytes().windows(2).any(|two| two.iter().all(|&c| separator(char::from(c)))),
                "{name}"
            );
        }
    }
}

#[test]
fn the_largest_request_is_met_without_repeating_a_word() {
    let names = names("{\"count\":512}");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 512);
}

#[test]
fn no_scheme_takes_more_than_its_share() {
    let response = respond("{\"count\":100,\"show_meta\":true,\"initials_weight\":1.5}").unwrap();
    let mut schemes: BTreeMap<&str, usize> = BTreeMap::new();
    for meta in response["meta"].as_array().unwrap() {
        *schemes.entry(meta["scheme"].as_str().unwrap()).or_default() += 1;
    }
    assert!(schemes.values().all(|&made| made <= 28), "{schemes:?}");
    assert!(schemes.contains_key("initials_word"), "{schemes:?}");
    let without = respond("{\"count\":100,\"show_meta\":true}").unwrap().to_string();
    assert!(!without.contains("initials_word"));
}

#[test]
fn lengths_of_schemes_are_what_they_give() {
    use crate::usernames::scheme::Scheme;
    let mut random = Random::from_os();
    for (short, long) in [("fox", "mountain"), ("mountain", "fox")] {
        for scheme in Scheme::ALL {
            for (separator, target) in [("", 1), ("-", 100)] {
                for _ in 0..20 {
                    let words = &[short, long][..scheme.words()];
                    let name = scheme.make(words, separator, target, &mut random).unwrap();
                    let (shortest, longest) = scheme.lengths();
                    assert!((shortest..=longest).contains(&name.len()), "{name}");
                }
            }
        }
    }
}

#[test]
fn filters_refuse_names_and_words() {
    for name in
        names("{\"count\":200,\"disallow_prefix\":[\"B\",\"k\"],\"disallow_substring\":[\"A\",\"7\"]}")
    {
        assert!(!name.starts_with(['b', 'k']) && !name.contains(['a', '7']), "{name}");
    }
    let cap = |body: &str| respond(body).unwrap()["token_cap"].as_u64().unwrap();
    assert_eq!(cap("{\"token_blacklist\":[\"Amber\",\"amber\",\"unknown\"]}"), 365);
    assert!(cap("{\"disallow_substring\":[\"e\"]}") < 300);
    let few = refused("{\"count\":50,\"min_len\":1,\"max_len\":1,\"profile\":\"github\"}");
    assert_eq!(few, "the lengths and filters leave too few usernames: found 14 of 50");
}

#[test]
fn a_given_blacklist_is_kept() {
    let consonants = "bdfgklmnprstvz";
    let listed: Vec<String> = consonants.chars().take(13).map(|c| format!("\"{c}\"")).collect();
    let body = format!(
        "{{\"count\":1,\"min_len\":1,\"max_len\":1,\"profile\":\"github\",\"pool_scale\":16,\"blacklist\":[{}]}}",
        listed.join(",")
    );
    assert_eq!(names(&body), ["z"]);
}

#[test]
fn stream_names_end_in_distinct_tags() {
    let names = names("{\"count\":512,\"uniqueness_mode\":\"stream\",\"max_len\":12}");
    let tags: BTreeSet<&str> = names.iter().map(|name| &name[name.len() - 4..]).collect();
    assert_eq!(tags.len(), 512);
    assert!(names.iter().all(|name| (8..=12).contains(&name.len())));
    assert!(refused("{\"uniqueness_mode\":\"stream\",\"min_len\":3,\"max_len\":6}").contains(">= 7"));
    assert!(refused("{\"uniqueness_mode\":\"file\"}").contains("blacklist or stream"));
}

#[test]
fn nothing_can_be_made_to_persist() {
    for body in [
        "{\"no_save\":false}",
        "{\"no_token_save\":false}",
        "{\"safe_mode\":false}",
        "{\"no_leading_digit\":false}",
    ] {
        assert!(refused(body).contains("must be true"), "{body}");
    }
    for body in [
        "{\"stream_save_tokens\":true}",
        "{\"stream_state_persist\":true}",
        "{\"allow_plaintext_stream_state\":true}",
    ] {
        assert!(refused(body).contains("must be false"), "{body}");
    }
    assert!(refused("{\"stream_state\":\"/tmp/state\"}").starts_with("stream_state must be empty"));
    assert!(refused("{\"blacklist\":\"/tmp/list\"}").contains("files on the server are not read"));
    assert!(refused("{\"token_blacklist\":\"/tmp/list\"}").contains("files on the server are not read"));
}

#[test]
fn a_client_may_fill_in_every_field_with_its_default() {
    let body = r#"{"count":10,"min_len":8,"max_len":16,"profile":"generic","safe_mode":true,
        "uniqueness_mode":"blacklist","blacklist":"","no_save":true,"token_blacklist":"","no_token_save":true,
        "no_token_block":false,"stream_save_tokens":false,"stream_state":"","stream_state_persist":false,
        "allow_plaintext_stream_state":false,"disallow_prefix":[],"disallow_substring":[],"no_leading_digit":true,
        "max_scheme_pct":0.28,"history":10,"pool_scale":4,"initials_weight":0,"show_meta":false}"#;
    assert_eq!(names(body).len(), 10);
    for name in FIELDS {
        assert!(body.contains(&format!("\"{name}\":")), "{name}");
    }
}

#[test]
fn ceilings_hold() {
    assert_eq!(refused("{\"count\":513}"), "count must be <= 512");
    assert_eq!(refused("{\"min_len\":9,\"max_len\":8}"), "min_len must be <= max_len");
    assert!(refused("{\"profile\":\"x\",\"min_len\":16}").starts_with("profile x allows 4 to 15 characters"));
    assert!(refused("{\"profile\":\"nowhere\"}").starts_with("profile must be one of bluesky, "));
    let long = format!("{{\"disallow_prefix\":[\"{}\"]}}", "x".repeat(65));
    assert_eq!(refused(&long), "disallow_prefix must have <= 64 characters");
    let many = format!("{{\"disallow_substring\":[{}\"x\"]}}", "\"x\",".repeat(128));
    assert_eq!(refused(&many), "disallow_substring must have <= 128 items");
    assert!(refused("{\"max_scheme_pct\":1.1}").starts_with("max_scheme_pct must be from"));
    assert!(refused("{\"pool_scale\":0}").starts_with("pool_scale must be >= 1"));
}
