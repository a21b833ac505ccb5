//! Reads the claims a repository makes: Dockerfiles, ignore files, compose files, documents, git.
