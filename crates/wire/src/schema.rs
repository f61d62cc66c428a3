//! How the types of `core` stand in the description of the API. `core` itself knows nothing of it; a test compares each of
//! these with what the real type serialises to.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A row: its kind and its content. The contents are described by the TypeScript types of the page.
#[derive(Serialize, ToSchema)]
pub struct Row {
    /// `settings`, `project`, `agent`, `task`, `session`, `message` or `job`.
    pub kind: String,
    /// Its content; every row has an `id` and a `ver`.
    #[schema(value_type = Object)]
    pub row: serde_json::Value,
}

/// The definitive answer to a mutation.
#[derive(Serialize, ToSchema)]
pub struct Outcome {
    /// Which mutation.
    pub mid: Uuid,
    /// The epoch it was settled in.
    pub epoch: u64,
    /// The seq of its record.
    pub seq: u64,
    /// Accepted or refused.
    pub ok: bool,
    /// Why refused.
    pub err: Option<Reject>,
}

/// Why a mutation was refused.
#[derive(Serialize, ToSchema)]
pub struct Reject {
    /// One of a closed set of codes, such as `task_busy`.
    pub code: String,
    /// One or two sentences that say what to do.
    pub message: String,
}

/// One entry of the log.
#[derive(Serialize, ToSchema)]
pub struct Record {
    /// Changes when history is not a continuation.
    pub epoch: u64,
    /// Gapless within the workspace.
    pub seq: u64,
    /// Random bits that tell one history from another with the same numbers.
    pub tag: u32,
    /// When it was decided, in milliseconds since the Unix epoch.
    pub ts: u64,
    /// `person` or `server`.
    pub actor: String,
    /// The mutation it settles.
    pub mid: Uuid,
    /// Accepted or refused.
    pub ok: bool,
    /// Why refused.
    pub err: Option<Reject>,
    /// `put`, `patch` and `delete` of rows.
    #[schema(value_type = Vec<Object>)]
    pub ops: Vec<serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use qd_core::ids::Millis;
    use qd_core::op;
    use serde_json::{Value, to_value};

    fn keys(value: impl Serialize) -> Vec<String> {
        let Value::Object(map) = to_value(value).unwrap() else { panic!("not an object") };
        map.keys().cloned().collect()
    }

    fn reject() -> op::Reject {
        op::Reject::new(op::RejectCode::TaskBusy, "busy")
    }

    #[test]
    fn the_described_record_and_outcome_are_the_real_ones() {
        let record = op::Record {
            epoch: 1,
            seq: 2,
            tag: 3,
            ts: Millis(4),
            actor: op::Actor::Person,
            mid: Uuid::nil().into(),
            ok: false,
            err: Some(reject()),
            ops: Vec::new(),
        };
        let err = || Some(Reject { code: "task_busy".into(), message: "busy".into() });
        let outcome = Outcome { mid: Uuid::nil(), epoch: 1, seq: 2, ok: false, err: err() };
        assert_eq!(to_value(op::Outcome::from(&record)).unwrap(), to_value(outcome).unwrap());
        let described = Record {
            epoch: 1,
            seq: 2,
            tag: 3,
            ts: 4,
            actor: "person".into(),
            mid: Uuid::nil(),
            ok: false,
            err: err(),
            ops: vec![],
        };
        assert_eq!(to_value(record).unwrap(), to_value(described).unwrap());
    }

    #[test]
    fn the_described_row_has_the_keys_of_a_real_one() {
        let row = qd_core::row::Row::Settings(qd_core::row::Settings::default());
        assert_eq!(keys(row), keys(Row { kind: "settings".into(), row: Value::Null }));
    }
}
