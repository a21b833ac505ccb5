//! Answering challenges: which credential, which token service, which scope.

use crate::auth::{self, Credential};
use crate::client::{Call, Client, Payload, drain, read_all};
use crate::error::{Error, Kind};
use crate::token::{self, Challenge, TokenAnswer};
use crate::{retry, url};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Body;
use ureq::http::{Method, Response};

impl Client {
    /// The value of `Authorization` that answers a challenge.
    pub(crate) fn authorize(
        &self,
        call: &Call<'_>,
        challenge: &Challenge,
        words: &str,
    ) -> Result<String, Error> {
        // A helper that is not installed must not stop what needs no credentials, such as pulling a public image.
        let credential = self.credential(call).unwrap_or_else(|problem| {
            self.note_problem(url::origin(&call.url), problem);
            None
        });
        let denied = |words: String| match self.problem(url::origin(&call.url)) {
            Some(problem) => Kind::Credentials(problem),
            None => Kind::Denied(words),
        };
        let (realm, service, scope) = match (challenge, credential.as_ref()) {
            (_, Some(Credential::Bearer(token))) => return Ok(format!("Bearer {token}")),
            (Challenge::Basic, Some(Credential::Basic { user, password })) => {
                return Ok(basic(user, password));
            }
            (Challenge::Basic, _) => {
                return Err(Error::new(call.action, &call.url, denied(words.to_owned())));
            }
            (Challenge::Bearer { realm, service, scope }, _) => (realm, service, scope),
        };
        let fail = |kind| Error::new("fetch token", realm, kind);
        // A registry must not talk us into sending a password in the clear.
        let plain_registry = url::origin(&call.url).starts_with("http://");
        if url::origin(realm).is_empty() || (realm.starts_with("http://") && !plain_registry) {
            return Err(fail(Kind::Protocol("the token service is not reached by https".to_owned())));
        }
        let scopes = token::scopes(call.scope, scope.as_deref());
        let token_call = |method, url, headers, body| Call {
            method,
            url,
            headers,
            payload: body,
            scope: "",
            action: "fetch token",
            again: true,
        };
        let mut answer = if let Some(Credential::Identity(refresh)) = &credential {
            let form = format!(
                "grant_type=refresh_token&client_id=seaworthy&service={}&scope={}&refresh_token={}",
                url::encode(service.as_deref().unwrap_or_default()),
                url::encode(&scopes.join(" ")),
                url::encode(refresh),
            );
            let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
            self.send_open(
                &token_call(Method::POST, realm.clone(), headers, Payload::Bytes(form.as_bytes())),
                None,
            )?
        } else {
            let mut target = realm.clone();
            if let Some(service) = service {
                target = url::with_query(&target, "service", service);
            }
            for scope in &scopes {
                target = url::with_query(&target, "scope", scope);
            }
            let header = match &credential {
                Some(Credential::Basic { user, password }) => Some(basic(user, password)),
                _ => None,
            };
            self.send_open(&token_call(Method::GET, target, Vec::new(), Payload::None), header.as_deref())?
        };
        let code = answer.status().as_u16();
        if code != 200 {
            let words = drain(&mut answer);
            return Err(fail(match code {
                400 | 401 | 403 => denied(words),
                _ => Kind::Status { code, message: words },
            }));
        }
        let body = read_all(answer).map_err(&fail)?;
        // The body holds the token, so no part of it goes into the message.
        let parsed: TokenAnswer = serde_json::from_slice(&body)
            .map_err(|_| fail(Kind::Protocol("the token service did not answer with JSON".to_owned())))?;
        let token = parsed
            .into_token()
            .ok_or_else(|| fail(Kind::Protocol("the token service answered without a token".to_owned())))?;
        Ok(format!("Bearer {token}"))
    }

    /// Sends a request to a token service, which is not asked for a token itself.
    fn send_open(&self, call: &Call<'_>, authorization: Option<&str>) -> Result<Response<Body>, Error> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.once(call, authorization) {
                Ok(answer) if attempt < retry::ATTEMPTS && retry::is_retryable(answer.status().as_u16()) => {
                    let asked = retry::asked_for(answer.headers()).unwrap_or_default().min(retry::LONGEST);
                    std::thread::sleep(asked.max(retry::backoff(attempt)));
                }
                Ok(answer) => return Ok(answer),
                Err(kind) => {
                    let error = Error::new(call.action, &call.url, kind);
                    if attempt >= retry::ATTEMPTS || !error.retryable() {
                        return Err(error);
                    }
                    std::thread::sleep(retry::backoff(attempt));
                }
            }
        }
    }

    fn credential(&self, call: &Call<'_>) -> Result<Option<Credential>, String> {
        let host = url::origin(&call.url).split_once("://").map_or("", |(_, host)| host);
        let domain = if host == "registry-1.docker.io" { "docker.io" } else { host };
        if let Some(given) = self.options().credentials.get(domain) {
            return Ok(Some(given.clone()));
        }
        let repository = call
            .scope
            .strip_prefix("repository:")
            .and_then(|rest| rest.split_once(':'))
            .map_or("", |(name, _)| name);
        let usual;
        let files = match &self.options().auth_files {
            Some(files) => files,
            None => {
                usual = auth::default_files();
                &usual
            }
        };
        auth::find(files, domain, repository)
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
