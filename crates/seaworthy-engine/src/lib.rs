//! Drives Docker Engine and Podman through their HTTP API.
