//! What the fuzz targets share: a conversation that is played from bytes and watched, and mutations that keep lines
//! of JSON what they are.
//!
//! An input is text. A line that begins with `>` is what a person does, every other line is what the agent says:
//!
//! | line | deed |
//! |---|---|
//! | `>q`, `>e`, `>w` as the first line | the permission: ask (as without it), edit freely, everything; with an `r` behind it, a conversation is gone on with |
//! | `>pTEXT`, `>iTEXT` | a prompt, one with an image |
//! | `>sTEXT` | steer |
//! | `>c` | cancel the turn |
//! | `>oNM` | of the N-th offer choose the M-th value |
//! | `>aNMTEXT` | answer the N-th open request with its M-th option, or withdraw it; TEXT stands beside it |

mod conversation;
mod mutate;

pub use conversation::play;
pub use mutate::mutate;
