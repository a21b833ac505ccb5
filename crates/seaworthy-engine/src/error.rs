//! What can go wrong between us and an engine.

/// The class of an engine error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No engine answers.
    Unreachable,
    /// The image, container or network does not exist.
    NotFound,
    /// The engine refused: its message says why.
    Refused,
    /// The engine did not answer in time.
    Timeout,
    /// The connection broke, or the answer is not understood.
    Transport,
}

/// Why a call to an engine gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No engine answers at any address that was tried.
    #[error("no container engine answers: tried {}", tried.join("; "))]
    Unreachable {
        /// Each address with the reason.
        tried: Vec<String>,
    },
    /// The address is of a kind we cannot use.
    #[error("the engine's address `{address}` cannot be used: {problem}")]
    Address {
        /// The address.
        address: String,
        /// Why not.
        problem: String,
    },
    /// The engine answered with an error status.
    #[error("the engine refused {call} with status {status}: {message}")]
    Api {
        /// Method and path.
        call: String,
        /// HTTP status.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// The engine did not answer in time.
    #[error("the engine did not answer {call} in time")]
    Timeout {
        /// Method and path.
        call: String,
    },
    /// The connection broke.
    #[error("the connection to the engine broke during {call}")]
    Transport {
        /// Method and path.
        call: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is not understood.
    #[error("the engine's answer to {call} is not understood: {problem}")]
    Answer {
        /// Method and path.
        call: String,
        /// What about it.
        problem: String,
    },
}

impl EngineError {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } | Self::Address { .. } => ErrorKind::Unreachable,
            Self::Api { status: 404, .. } => ErrorKind::NotFound,
            Self::Api { .. } => ErrorKind::Refused,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Transport { .. } | Self::Answer { .. } => ErrorKind::Transport,
        }
    }

    /// What to do next, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { tried } if tried.iter().any(|line| line.contains("ermission denied")) => {
                Some(
                    "add yourself to the group that owns the socket, or use `--engine sandbox`, which needs no engine",
                )
            }
            Self::Unreachable { .. } => Some(
                "start Docker or `podman system service`, set DOCKER_HOST, or use `--engine sandbox`, which needs no \
                 engine",
            ),
            Self::Address { .. } => Some("set DOCKER_HOST to unix:///path/to/socket or tcp://host:port"),
            _ => None,
        }
    }
}
