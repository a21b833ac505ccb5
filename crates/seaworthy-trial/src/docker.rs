//! The trial on a Docker Engine or Podman.
