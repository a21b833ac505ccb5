//! Renders findings: terminal, JSON, SARIF, JUnit, Markdown, HTML and CI formats; SPDX documents.
