//! One pass over the bytes of an image: files, packages, secrets, waste.
