//! Ignore files (`.dockerignore`): reading and matching.
