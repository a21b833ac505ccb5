//! What the compose specification allows where: the keys, and the kinds of their values.

use super::value::{Data, Tag, Value};
use seaworthy_facts::Spanned;
use seaworthy_finding::{Span, did_you_mean};

/// A kind of value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Nothing is checked.
    Any,
    Text,
    /// A text that is a duration: `1m30s`.
    Duration,
    /// `true` or `false`, also as text.
    Flag,
    /// `true` or `false`.
    PureFlag,
    /// A whole number, also as text.
    Whole,
    /// A number, also as text.
    Number,
    /// A text, a number, a flag or nothing.
    Scalar,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list.
    List(&'static Self),
    /// A mapping with free keys.
    Free(&'static Self),
    /// A mapping with these keys; those in the second list have to be there.
    Keys(&'static [(&'static str, Self)], &'static [&'static str]),
    /// Any of these.
    Either(&'static [Self]),
    /// The kind, or nothing.
    Maybe(&'static Self),
}

use Kind::{
    Any, Duration, Either, Flag, Free, Keys, List, Maybe, Number, PureFlag, Scalar, Text, Whole, Word,
};

const TEXTS: Kind = List(&Text);
const LIST_OR_TEXT: Kind = Either(&[Text, TEXTS]);
const LIST_OR_MAP: Kind = Either(&[Free(&Scalar), TEXTS]);
const COMMAND: Kind = Maybe(&LIST_OR_TEXT);
const HOSTS: Kind = Either(&[Free(&LIST_OR_TEXT), TEXTS]);
const OPTIONS: Kind = Free(&Scalar);
const ULIMITS: Kind = Free(&Either(&[Whole, Keys(&[("hard", Whole), ("soft", Whole)], &["soft", "hard"])]));
const FILES: Kind = List(&Either(&[
    Text,
    Keys(&[("source", Text), ("target", Text), ("uid", Text), ("gid", Text), ("mode", Number)], &[]),
]));
const HOOKS: Kind = List(&HOOK);
const HOOK: Kind = Keys(
    &[
        ("command", COMMAND),
        ("user", Text),
        ("privileged", Flag),
        ("working_dir", Text),
        ("environment", LIST_OR_MAP),
    ],
    &[],
);
const EXTERNAL: Kind = Either(&[Flag, Free(&Any)]);
const RATES: Kind = List(&Keys(&[("path", Text), ("rate", Whole)], &[]));
const WEIGHTS: Kind = List(&Keys(&[("path", Text), ("weight", Whole)], &[]));
const REQUEST: &[(&str, Kind)] = &[
    ("capabilities", TEXTS),
    ("count", Either(&[Text, Whole])),
    ("device_ids", TEXTS),
    ("driver", Text),
    ("options", LIST_OR_MAP),
];
const ROLLOUT: Kind = Keys(
    &[
        ("parallelism", Whole),
        ("delay", Duration),
        ("failure_action", Text),
        ("monitor", Duration),
        ("max_failure_ratio", Number),
        ("order", Word(&["start-first", "stop-first"])),
    ],
    &[],
);
const BUILD: Kind = Keys(
    &[
        ("context", Text),
        ("dockerfile", Text),
        ("dockerfile_inline", Text),
        ("entitlements", TEXTS),
        ("args", LIST_OR_MAP),
        ("ssh", LIST_OR_MAP),
        ("labels", LIST_OR_MAP),
        ("cache_from", TEXTS),
        ("cache_to", TEXTS),
        ("no_cache", Flag),
        ("no_cache_filter", LIST_OR_TEXT),
        ("additional_contexts", LIST_OR_MAP),
        ("network", Text),
        ("provenance", Flag2),
        ("sbom", Flag2),
        ("pull", Flag),
        ("target", Text),
        ("shm_size", Number),
        ("extra_hosts", HOSTS),
        ("isolation", Text),
        ("privileged", Flag),
        ("secrets", FILES),
        ("tags", TEXTS),
        ("ulimits", ULIMITS),
        ("platforms", TEXTS),
    ],
    &[],
);
#[expect(non_upper_case_globals, reason = "it stands among the kinds")]
const Flag2: Kind = Either(&[Flag, Text]);
const DEPLOY: Kind = Maybe(&Keys(
    &[
        ("mode", Text),
        ("endpoint_mode", Text),
        ("replicas", Whole),
        ("labels", LIST_OR_MAP),
        ("rollback_config", ROLLOUT),
        ("update_config", ROLLOUT),
        (
            "resources",
            Keys(
                &[
                    ("limits", Keys(&[("cpus", Number), ("memory", Text), ("pids", Whole)], &[])),
                    (
                        "reservations",
                        Keys(
                            &[
                                ("cpus", Number),
                                ("memory", Text),
                                ("generic_resources", List(&Any)),
                                ("devices", List(&Keys(REQUEST, &["capabilities"]))),
                            ],
                            &[],
                        ),
                    ),
                ],
                &[],
            ),
        ),
        (
            "restart_policy",
            Keys(
                &[("condition", Text), ("delay", Duration), ("max_attempts", Whole), ("window", Duration)],
                &[],
            ),
        ),
        (
            "placement",
            Keys(
                &[
                    ("constraints", TEXTS),
                    ("preferences", List(&Keys(&[("spread", Text)], &[]))),
                    ("max_replicas_per_node", Whole),
                ],
                &[],
            ),
        ),
    ],
    &[],
));
const WATCH: Kind = Maybe(&Keys(
    &[(
        "watch",
        List(&Keys(
            &[
                ("ignore", LIST_OR_TEXT),
                ("include", LIST_OR_TEXT),
                ("path", Text),
                ("action", Word(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"])),
                ("target", Text),
                ("exec", HOOK),
                ("initial_sync", Flag),
            ],
            &["path", "action"],
        )),
    )],
    &[],
));
const HEALTH: Kind = Keys(
    &[
        ("disable", Flag),
        ("interval", Duration),
        ("retries", Number),
        ("test", LIST_OR_TEXT),
        ("timeout", Duration),
        ("start_period", Duration),
        ("start_interval", Duration),
    ],
    &[],
);
const MOUNT: Kind = Keys(
    &[
        ("type", Word(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"])),
        ("source", Text),
        ("target", Text),
        ("read_only", Flag),
        ("consistency", Text),
        (
            "bind",
            Keys(
                &[
                    ("propagation", Text),
                    ("create_host_path", Flag),
                    ("recursive", Word(&["enabled", "disabled", "writable", "readonly"])),
                    ("selinux", Word(&["z", "Z"])),
                ],
                &[],
            ),
        ),
        ("volume", Keys(&[("labels", LIST_OR_MAP), ("nocopy", Flag), ("subpath", Text)], &[])),
        ("tmpfs", Keys(&[("size", Number), ("mode", Number)], &[])),
        ("image", Keys(&[("subpath", Text)], &[])),
    ],
    &["type"],
);
const ATTACHMENT: Kind = Maybe(&Keys(
    &[
        ("aliases", TEXTS),
        ("interface_name", Text),
        ("ipv4_address", Text),
        ("ipv6_address", Text),
        ("link_local_ips", TEXTS),
        ("mac_address", Text),
        ("driver_opts", OPTIONS),
        ("priority", Number),
        ("gw_priority", Number),
    ],
    &[],
));
const DEPENDENCY: Kind = Keys(
    &[
        ("restart", Flag),
        ("required", PureFlag),
        ("condition", Word(&["service_started", "service_healthy", "service_completed_successfully"])),
    ],
    &["condition"],
);
const PORT: Kind = Keys(
    &[
        ("name", Text),
        ("mode", Text),
        ("host_ip", Text),
        ("target", Whole),
        ("published", Either(&[Text, Whole])),
        ("protocol", Text),
        ("app_protocol", Text),
    ],
    &[],
);

/// A service.
pub(super) const SERVICE: Kind = Keys(
    &[
        ("annotations", LIST_OR_MAP),
        ("attach", Flag),
        (
            "blkio_config",
            Keys(
                &[
                    ("device_read_bps", RATES),
                    ("device_read_iops", RATES),
                    ("device_write_bps", RATES),
                    ("device_write_iops", RATES),
                    ("weight", Whole),
                    ("weight_device", WEIGHTS),
                ],
                &[],
            ),
        ),
        ("build", Either(&[Text, BUILD])),
        ("cap_add", TEXTS),
        ("cap_drop", TEXTS),
        ("cgroup", Word(&["host", "private"])),
        ("cgroup_parent", Text),
        ("command", COMMAND),
        ("configs", FILES),
        ("container_name", Text),
        ("cpu_count", Whole),
        ("cpu_percent", Number),
        ("cpu_period", Number),
        ("cpu_quota", Number),
        ("cpu_rt_period", Number),
        ("cpu_rt_runtime", Number),
        ("cpu_shares", Number),
        ("cpus", Number),
        ("cpuset", Text),
        ("credential_spec", Keys(&[("config", Text), ("file", Text), ("registry", Text)], &[])),
        ("depends_on", Either(&[TEXTS, Free(&DEPENDENCY)])),
        ("deploy", DEPLOY),
        ("develop", WATCH),
        ("device_cgroup_rules", TEXTS),
        (
            "devices",
            List(&Either(&[
                Text,
                Keys(&[("source", Text), ("target", Text), ("permissions", Text)], &["source"]),
            ])),
        ),
        ("dns", LIST_OR_TEXT),
        ("dns_opt", TEXTS),
        ("dns_search", LIST_OR_TEXT),
        ("domainname", Text),
        ("entrypoint", COMMAND),
        (
            "env_file",
            Either(&[
                Text,
                List(&Either(&[
                    Text,
                    Keys(&[("path", Text), ("format", Text), ("required", Flag)], &["path"]),
                ])),
            ]),
        ),
        ("environment", LIST_OR_MAP),
        ("expose", List(&Either(&[Text, Number]))),
        ("extends", Either(&[Text, Keys(&[("service", Text), ("file", Text)], &["service"])])),
        ("external_links", TEXTS),
        ("extra_hosts", HOSTS),
        ("gpus", Either(&[Word(&["all"]), List(&Keys(REQUEST, &[]))])),
        ("group_add", List(&Either(&[Text, Number]))),
        ("healthcheck", HEALTH),
        ("hostname", Text),
        ("image", Text),
        ("init", Flag),
        ("ipc", Text),
        ("isolation", Text),
        ("label_file", LIST_OR_TEXT),
        ("labels", LIST_OR_MAP),
        ("links", TEXTS),
        ("logging", Keys(&[("driver", Text), ("options", OPTIONS)], &[])),
        ("mac_address", Text),
        ("mem_limit", Number),
        ("mem_reservation", Number),
        ("mem_swappiness", Number),
        ("memswap_limit", Number),
        (
            "models",
            Either(&[TEXTS, Free(&Maybe(&Keys(&[("endpoint_var", Text), ("model_var", Text)], &[])))]),
        ),
        ("network_mode", Text),
        ("networks", Either(&[TEXTS, Free(&ATTACHMENT)])),
        ("oom_kill_disable", Flag),
        ("oom_score_adj", Whole),
        ("pid", Maybe(&Text)),
        ("pids_limit", Number),
        ("platform", Text),
        ("ports", List(&Either(&[Number, Text, PORT]))),
        ("post_start", HOOKS),
        ("pre_stop", HOOKS),
        ("privileged", Flag),
        ("profiles", TEXTS),
        ("provider", Keys(&[("type", Text), ("options", Free(&Any))], &["type"])),
        ("pull_policy", Text),
        ("pull_refresh_after", Text),
        ("read_only", Flag),
        ("restart", Text),
        ("runtime", Text),
        ("scale", Whole),
        ("secrets", FILES),
        ("security_opt", TEXTS),
        ("shm_size", Number),
        ("stdin_open", Flag),
        ("stop_grace_period", Duration),
        ("stop_signal", Text),
        ("storage_opt", Free(&Any)),
        ("sysctls", LIST_OR_MAP),
        ("tmpfs", LIST_OR_TEXT),
        ("tty", Flag),
        ("ulimits", ULIMITS),
        ("use_api_socket", Flag),
        ("user", Text),
        ("userns_mode", Text),
        ("uts", Text),
        ("volumes", List(&Either(&[Text, MOUNT]))),
        ("volumes_from", TEXTS),
        ("working_dir", Text),
    ],
    &[],
);
const NETWORK: Kind = Maybe(&Keys(
    &[
        ("name", Text),
        ("driver", Text),
        ("driver_opts", OPTIONS),
        (
            "ipam",
            Keys(
                &[
                    ("driver", Text),
                    (
                        "config",
                        List(&Keys(
                            &[
                                ("subnet", Text),
                                ("ip_range", Text),
                                ("gateway", Text),
                                ("aux_addresses", Free(&Text)),
                            ],
                            &[],
                        )),
                    ),
                    ("options", Free(&Text)),
                ],
                &[],
            ),
        ),
        ("external", EXTERNAL),
        ("internal", Flag),
        ("enable_ipv4", Flag),
        ("enable_ipv6", Flag),
        ("attachable", Flag),
        ("labels", LIST_OR_MAP),
    ],
    &[],
));
const VOLUME: Kind = Maybe(&Keys(
    &[
        ("name", Text),
        ("driver", Text),
        ("driver_opts", OPTIONS),
        ("external", EXTERNAL),
        ("labels", LIST_OR_MAP),
    ],
    &[],
));
const STORED: Kind = Keys(
    &[
        ("name", Text),
        ("content", Text),
        ("environment", Text),
        ("file", Text),
        ("external", EXTERNAL),
        ("labels", LIST_OR_MAP),
        ("driver", Text),
        ("driver_opts", OPTIONS),
        ("template_driver", Text),
    ],
    &[],
);
const INCLUDE: Kind = List(&Either(&[
    Text,
    Keys(&[("path", LIST_OR_TEXT), ("env_file", LIST_OR_TEXT), ("project_directory", Text)], &[]),
]));
/// A whole file.
pub(super) const FILE: Kind = Keys(
    &[
        ("version", Any),
        ("name", Text),
        ("include", INCLUDE),
        ("services", Free(&SERVICE)),
        (
            "models",
            Free(&Keys(
                &[("name", Text), ("model", Text), ("context_size", Whole), ("runtime_flags", TEXTS)],
                &["model"],
            )),
        ),
        ("networks", Free(&NETWORK)),
        ("volumes", Free(&VOLUME)),
        ("secrets", Free(&STORED)),
        ("configs", Free(&STORED)),
    ],
    &[],
);

/// What does not fit.
pub(crate) enum Misfit {
    /// A key nobody knows: the service it stands in, its text and the nearest known one.
    Unknown(Option<String>, Spanned<String>, Option<String>),
    /// A value of another kind.
    Wrong(Span, String),
}

/// Checks a file as it is written, `<<` followed. Where `whole` is not set, keys may come from elsewhere.
pub(crate) fn check(root: &Value, whole: bool) -> Vec<Misfit> {
    let mut checker = Checker { whole, service: None, out: Vec::new() };
    checker.value(root, FILE, &mut Vec::new());
    checker.out
}

struct Checker {
    whole: bool,
    service: Option<String>,
    out: Vec<Misfit>,
}

impl Checker {
    fn wrong(&mut self, value: &Value, path: &[&str], expected: &str) {
        let path = path.join(".");
        self.out.push(Misfit::Wrong(value.span, format!("`{path}` is {expected}, here is {}", shape(value))));
    }

    fn value<'b>(&mut self, value: &'b Value, kind: Kind, path: &mut Vec<&'b str>) {
        // What a variable stands for is not known here, and what is reset is gone.
        let open = value.str().is_some_and(|text| text.contains('$'));
        if value.tag == Tag::Reset || open || matches!(kind, Any) {
            return;
        }
        match kind {
            Maybe(_) if value.is_null() => {}
            Maybe(kind) => self.value(value, *kind, path),
            Either(kinds) => match kinds.iter().find(|kind| fits(value, **kind)) {
                Some(kind) => self.value(value, *kind, path),
                None => {
                    let names: Vec<&str> = kinds.iter().map(|kind| name(*kind)).collect();
                    self.wrong(value, path, &names.join(" or "));
                }
            },
            _ if !fits(value, kind) => self.wrong(value, path, name(kind)),
            List(kind) => {
                for item in value.items() {
                    self.value(item, *kind, path);
                }
            }
            Free(kind) => {
                for (key, (_, value)) in value.map().into_iter().flatten() {
                    if key.starts_with("x-") {
                        continue;
                    }
                    path.push(key);
                    if path.len() == 2 && path[0] == "services" {
                        self.service = Some(key.clone());
                    }
                    self.value(value, *kind, path);
                    if path.len() == 2 {
                        self.service = None;
                    }
                    path.pop();
                }
            }
            Keys(keys, required) => self.keys(value, keys, required, path),
            Word(words) => {
                let word = value.text().unwrap_or_default();
                if !words.contains(&word.as_str()) {
                    let near = did_you_mean(&word, words.iter().copied())
                        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                    let path = path.join(".");
                    let message = format!("`{path}` is one of `{}`, not `{word}`{near}", words.join("`, `"));
                    self.out.push(Misfit::Wrong(value.span, message));
                }
            }
            Duration => {
                let text = value.text().unwrap_or_default();
                if !is_duration(&text) {
                    let path = path.join(".");
                    let message = format!("`{path}` is a duration with units like `1m30s`, not `{text}`");
                    self.out.push(Misfit::Wrong(value.span, message));
                }
            }
            _ => {}
        }
    }

    fn keys<'b>(
        &mut self,
        value: &'b Value,
        keys: &[(&'static str, Kind)],
        required: &[&str],
        path: &mut Vec<&'b str>,
    ) {
        let Some(map) = value.map() else { return };
        for (key, (span, value)) in map {
            if let Some((_, kind)) = keys.iter().find(|(known, _)| known == key) {
                path.push(key);
                self.value(value, *kind, path);
                path.pop();
            } else if !key.starts_with("x-") {
                // A key that is merged in is judged where it is written, once.
                let known =
                    |misfit: &Misfit| matches!(misfit, Misfit::Unknown(_, other, _) if other.span == *span);
                if !self.out.iter().any(known) {
                    let near = did_you_mean(key, keys.iter().map(|(known, _)| *known)).map(str::to_owned);
                    let key = Spanned { value: key.clone(), span: *span };
                    self.out.push(Misfit::Unknown(self.service.clone(), key, near));
                }
            }
        }
        if !self.whole {
            return;
        }
        for key in required {
            if !map.contains_key(*key) {
                let path = path.join(".");
                self.out.push(Misfit::Wrong(value.span, format!("`{path}` lacks the key `{key}`")));
            }
        }
    }
}

/// Whether a value is of the kind on the outside.
fn fits(value: &Value, kind: Kind) -> bool {
    let text = value.str().is_some();
    let number = matches!(value.data, Data::Int(_) | Data::Float(_));
    let open = value.str().is_some_and(|text| text.contains('$'));
    if open {
        return !matches!(kind, List(_) | Free(_) | Keys(..));
    }
    match kind {
        Any => true,
        Text | Duration | Word(_) => text,
        Flag => matches!(value.data, Data::Bool(_)) || (text && value.flag().is_some()),
        PureFlag => matches!(value.data, Data::Bool(_)),
        Whole => matches!(value.data, Data::Int(_)) || text,
        Number => number || text,
        Scalar => !matches!(value.data, Data::Map(_) | Data::Seq(_)),
        List(_) => matches!(value.data, Data::Seq(_)),
        Free(_) | Keys(..) => value.map().is_some(),
        Either(kinds) => kinds.iter().any(|kind| fits(value, *kind)),
        Maybe(kind) => value.is_null() || fits(value, *kind),
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Any => "anything",
        Text | Word(_) => "a text",
        Duration => "a duration",
        Flag | PureFlag => "`true` or `false`",
        Whole => "a whole number",
        Number => "a number",
        Scalar => "a single value",
        List(_) => "a list",
        Free(_) | Keys(..) => "a mapping",
        Either(_) => "a text or a list",
        Maybe(kind) => name(*kind),
    }
}

fn shape(value: &Value) -> String {
    match &value.data {
        Data::Null => "nothing".to_owned(),
        Data::Bool(flag) => format!("the flag `{flag}`; put it in quotes where it is a text"),
        Data::Int(_) | Data::Float(_) => {
            format!("the number `{}`; put it in quotes where it is a text", value.text().unwrap_or_default())
        }
        Data::Str(text) => format!("the text `{}`", text.chars().take(40).collect::<String>()),
        Data::Seq(_) => "a list".to_owned(),
        Data::Map(_) => "a mapping".to_owned(),
    }
}

/// A duration as Go reads it, with days and weeks.
fn is_duration(text: &str) -> bool {
    let mut rest = text.trim_start_matches(['+', '-']);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let number = &rest[..digits];
        let units = ["ns", "us", "\u{b5}s", "\u{3bc}s", "ms", "s", "m", "h", "d", "w", "y"];
        // The longest unit counts: `ms` before `m`.
        let unit =
            units.iter().filter(|unit| rest[digits..].starts_with(**unit)).max_by_key(|unit| unit.len());
        match unit {
            Some(unit) if number.parse::<f64>().is_ok() => rest = &rest[digits + unit.len()..],
            _ => return false,
        }
    }
    true
}
