//! The known formats as a table. Public documentation of each issuer is the source of the shapes.

/// One format.
pub(super) struct Detector {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Texts one of which a match begins with.
    pub(super) literals: &'static [&'static str],
    /// What follows, from the literal on. Go's and Rust's syntax without Unicode.
    pub(super) pattern: &'static str,
    /// How much of a match may be shown: the part that names the kind.
    pub(super) shown: usize,
    pub(super) judge: Judge,
}

/// How sure a match is.
#[derive(Clone, Copy)]
pub(super) enum Judge {
    /// Entropy of what follows the shown part must reach this many tenths of a bit a byte.
    Entropy(u8),
    /// The last six characters are a checksum of those after the first four.
    Checksum,
    /// The first group is base64 of `user:password`.
    BasicAuth,
    /// Three parts, the first two base64 of JSON.
    Jwt,
    /// A PEM block with a body.
    Pem,
    /// The first group has the secret, which must look random.
    Value,
}

macro_rules! detector {
    ($name:literal, $what:literal, [$($literal:literal),+], $pattern:literal, $shown:expr, $judge:expr) => {
        Detector { name: $name, what: $what, literals: &[$($literal),+], pattern: $pattern, shown: $shown, judge: $judge }
    };
}

/// Every format. Patterns end where the token must end: `(?:[^…]|$)` stands for a look-ahead, group 1 for the token.
pub(super) static DETECTORS: [Detector; 39] = [
    detector!(
        "github-token",
        "GitHub token",
        ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"(gh[pousr]_[0-9A-Za-z]{36})(?:[^0-9A-Za-z_]|$)",
        4,
        Judge::Checksum
    ),
    detector!(
        "github-fine-grained",
        "GitHub fine-grained token",
        ["github_pat_"],
        r"(github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59})(?:[^0-9A-Za-z_]|$)",
        11,
        Judge::Entropy(35)
    ),
    detector!(
        "gitlab-token",
        "GitLab token",
        ["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"],
        r"(gl[a-z]{2,5}-[0-9A-Za-z_\-]{20,64})(?:[^0-9A-Za-z_\-]|$)",
        5,
        Judge::Entropy(33)
    ),
    detector!(
        "aws-access-key-id",
        "AWS access key id",
        ["AKIA", "ASIA"],
        r"(A[KS]IA[A-Z2-7]{16})(?:[^0-9A-Za-z/+=]|$)",
        4,
        Judge::Entropy(27)
    ),
    detector!(
        "aws-secret-access-key",
        "AWS secret access key",
        ["aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "secretAccessKey", "SecretAccessKey"],
        r#"[A-Za-z_]+["']?\s{0,4}[:=]\s{0,4}["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
        0,
        Judge::Value
    ),
    detector!(
        "slack-token",
        "Slack token",
        ["xoxb-", "xoxp-", "xoxs-", "xapp-"],
        r"(xox[abprs]-[0-9]{8,15}-[0-9A-Za-z\-]{20,120}|xapp-[0-9]-[A-Z0-9]{8,15}-[0-9]{8,15}-[0-9a-f]{40,80})(?:[^0-9A-Za-z\-]|$)",
        5,
        Judge::Entropy(30)
    ),
    detector!(
        "slack-webhook",
        "Slack webhook",
        ["hooks.slack.com/services/T"],
        r"(hooks\.slack\.com/services/T[0-9A-Z]{8,12}/B[0-9A-Z]{8,12}/[0-9A-Za-z]{24})(?:[^0-9A-Za-z]|$)",
        24,
        Judge::Entropy(35)
    ),
    detector!(
        "google-api-key",
        "Google API key",
        ["AIza"],
        r"(AIza[0-9A-Za-z_\-]{35})(?:[^0-9A-Za-z_\-]|$)",
        4,
        Judge::Entropy(38)
    ),
    detector!(
        "google-oauth-secret",
        "Google OAuth secret",
        ["GOCSPX-"],
        r"(GOCSPX-[0-9A-Za-z_\-]{28})(?:[^0-9A-Za-z_\-]|$)",
        7,
        Judge::Entropy(35)
    ),
    detector!(
        "stripe-key",
        "Stripe live key",
        ["sk_live_", "rk_live_"],
        r"([sr]k_live_[0-9A-Za-z]{20,120})(?:[^0-9A-Za-z]|$)",
        8,
        Judge::Entropy(33)
    ),
    detector!(
        "npm-token",
        "npm token",
        ["npm_"],
        r"(npm_[0-9A-Za-z]{36})(?:[^0-9A-Za-z_]|$)",
        4,
        Judge::Checksum
    ),
    detector!(
        "npm-auth",
        "npm registry token",
        [":_auth", ":_password"],
        r#":_(?:authToken|auth|password)=["']?([^\s"'$\{]{10,200})"#,
        0,
        Judge::Value
    ),
    detector!(
        "pypi-token",
        "PyPI token",
        ["pypi-AgE"],
        r"(pypi-AgE[0-9A-Za-z_\-]{60,300})(?:[^0-9A-Za-z_\-]|$)",
        8,
        Judge::Entropy(38)
    ),
    detector!(
        "jwt",
        "JSON web token",
        ["eyJhbGciOi", "eyJ0eXAiOi", "eyJraWQiOi"],
        r"(eyJ[A-Za-z0-9_\-]{10,400}\.e[wy][A-Za-z0-9_\-]{10,4000}\.[A-Za-z0-9_\-]{20,700})(?:[^A-Za-z0-9_\-.]|$)",
        3,
        Judge::Jwt
    ),
    detector!(
        "private-key",
        "private key",
        ["-----BEGIN "],
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----",
        27,
        Judge::Pem
    ),
    detector!(
        "docker-auth",
        "registry password",
        ["\"auth\""],
        r#""auth"\s{0,8}:\s{0,8}"([A-Za-z0-9+/=_\-]{8,4000})""#,
        0,
        Judge::BasicAuth
    ),
    detector!(
        "docker-hub-token",
        "Docker Hub token",
        ["dckr_"],
        r"(dckr_[po]at_[0-9A-Za-z_\-]{27,32})(?:[^0-9A-Za-z_\-]|$)",
        9,
        Judge::Entropy(33)
    ),
    detector!(
        "sendgrid-key",
        "SendGrid key",
        ["SG."],
        r"(SG\.[0-9A-Za-z_\-]{22}\.[0-9A-Za-z_\-]{43})(?:[^0-9A-Za-z_\-]|$)",
        3,
        Judge::Entropy(40)
    ),
    detector!(
        "digitalocean-token",
        "DigitalOcean token",
        ["dop_v1_", "doo_v1_", "dor_v1_"],
        r"(do[opr]_v1_[0-9a-f]{64})(?:[^0-9A-Za-z]|$)",
        7,
        Judge::Entropy(30)
    ),
    detector!(
        "shopify-token",
        "Shopify token",
        ["shpat_", "shpca_", "shppa_", "shpss_"],
        r"(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})(?:[^0-9A-Za-z]|$)",
        6,
        Judge::Entropy(28)
    ),
    detector!(
        "rubygems-key",
        "RubyGems key",
        ["rubygems_"],
        r"(rubygems_[0-9a-f]{48})(?:[^0-9A-Za-z]|$)",
        9,
        Judge::Entropy(30)
    ),
    detector!(
        "vault-token",
        "Vault token",
        ["hvs.", "hvb."],
        r"(hv[sb]\.[0-9A-Za-z_\-]{60,300})(?:[^0-9A-Za-z_\-]|$)",
        4,
        Judge::Entropy(38)
    ),
    detector!(
        "azure-storage-key",
        "Azure storage key",
        ["AccountKey="],
        r"AccountKey=([A-Za-z0-9+/]{86}==)",
        0,
        Judge::Entropy(40)
    ),
    detector!(
        "age-key",
        "age key",
        ["AGE-SECRET-KEY-1"],
        r"(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})",
        16,
        Judge::Entropy(35)
    ),
    detector!(
        "anthropic-key",
        "Anthropic key",
        ["sk-ant-"],
        r"(sk-ant-[a-z0-9]{3,8}-[0-9A-Za-z_\-]{80,120})(?:[^0-9A-Za-z_\-]|$)",
        7,
        Judge::Entropy(40)
    ),
    detector!(
        "openai-key",
        "OpenAI key",
        ["sk-proj-"],
        r"(sk-(?:proj|svcacct)-[0-9A-Za-z_\-]{40,200})(?:[^0-9A-Za-z_\-]|$)",
        8,
        Judge::Entropy(40)
    ),
    detector!(
        "hugging-face-token",
        "Hugging Face token",
        ["hf_"],
        r"(hf_[A-Za-z]{34})(?:[^0-9A-Za-z_]|$)",
        3,
        Judge::Entropy(38)
    ),
    detector!(
        "grafana-token",
        "Grafana token",
        ["glsa_", "glc_eyJ"],
        r"(glsa_[0-9A-Za-z]{32}_[0-9a-f]{8}|glc_eyJ[0-9A-Za-z+/=]{40,300})(?:[^0-9A-Za-z]|$)",
        5,
        Judge::Entropy(35)
    ),
    detector!(
        "sentry-token",
        "Sentry token",
        ["sntry"],
        r"(sntrys_eyJ[0-9A-Za-z+/=_\-]{60,400}|sntryu_[0-9a-f]{64})(?:[^0-9A-Za-z]|$)",
        7,
        Judge::Entropy(32)
    ),
    detector!(
        "atlassian-token",
        "Atlassian token",
        ["ATATT3x"],
        r"(ATATT3x[0-9A-Za-z_\-=]{100,250})(?:[^0-9A-Za-z_\-=]|$)",
        7,
        Judge::Entropy(40)
    ),
    detector!(
        "postman-key",
        "Postman key",
        ["PMAK-"],
        r"(PMAK-[0-9a-f]{24}-[0-9a-f]{34})(?:[^0-9A-Za-z]|$)",
        5,
        Judge::Entropy(30)
    ),
    detector!(
        "new-relic-key",
        "New Relic key",
        ["NRAK-"],
        r"(NRAK-[0-9A-Z]{27})(?:[^0-9A-Za-z]|$)",
        5,
        Judge::Entropy(33)
    ),
    detector!(
        "linear-key",
        "Linear key",
        ["lin_api_"],
        r"(lin_api_[0-9A-Za-z]{40})(?:[^0-9A-Za-z]|$)",
        8,
        Judge::Entropy(35)
    ),
    detector!(
        "databricks-token",
        "Databricks token",
        ["dapi"],
        r"(dapi[0-9a-f]{32}(?:-[0-9])?)(?:[^0-9A-Za-z]|$)",
        4,
        Judge::Entropy(30)
    ),
    detector!(
        "doppler-token",
        "Doppler token",
        ["dp.pt."],
        r"(dp\.[ps]t\.[0-9A-Za-z._\-]{40,80})(?:[^0-9A-Za-z]|$)",
        6,
        Judge::Entropy(35)
    ),
    detector!(
        "pulumi-token",
        "Pulumi token",
        ["pul-"],
        r"(pul-[0-9a-f]{40})(?:[^0-9A-Za-z]|$)",
        4,
        Judge::Entropy(32)
    ),
    detector!(
        "terraform-token",
        "Terraform Cloud token",
        [".atlasv1."],
        r"(\.atlasv1\.[0-9A-Za-z_\-]{60,70})(?:[^0-9A-Za-z_\-]|$)",
        9,
        Judge::Entropy(38)
    ),
    detector!(
        "planetscale-token",
        "PlanetScale token",
        ["pscale_"],
        r"(pscale_(?:tkn|pw|oauth)_[0-9A-Za-z_.\-]{32,64})(?:[^0-9A-Za-z_.\-]|$)",
        10,
        Judge::Entropy(35)
    ),
    detector!(
        "discord-webhook",
        "Discord webhook",
        ["discord.com/api/webhooks/"],
        r"(discord\.com/api/webhooks/[0-9]{17,20}/[0-9A-Za-z_\-]{60,80})(?:[^0-9A-Za-z_\-]|$)",
        24,
        Judge::Entropy(38)
    ),
];
