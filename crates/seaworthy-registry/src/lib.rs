//! A synchronous client of the OCI distribution specification.
