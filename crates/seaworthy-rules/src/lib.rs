//! Every rule, one file and one page each; pure functions from facts to findings.
