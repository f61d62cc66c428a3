//! qd-testkit
