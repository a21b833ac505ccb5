//! Image sources and sinks: OCI layouts and archives, docker archives.
