//! The statement of a connection: what it is to give, with which arguments, and whether it only reads.

use serde_json::Value;

use super::Fault;

/// The inputs that hold a statement, and what each wants.
const ASKED: [(&str, Want); 5] =
    [("fetch", Want::Rows), ("fetchval", Want::Value), ("fetchrow", Want::Row), ("execute", Want::Count), ("executemany", Want::Many)];

/// Words that statements begin with that can read alone.
const READS: [&str; 8] = ["select", "values", "table", "show", "with", "explain", "describe", "desc"];
/// Words that stand in what does more than to read. Where one is only a name, a text or a comment, no more is lost than a repetition.
const CHANGES: [&str; 16] = [
    "insert", "update", "delete", "merge", "into", "call", "copy", "do", "execute", "lock", "share", "create", "drop", "alter", "nextval",
    "setval",
];
/// Words that statements begin with that are undone whole when the database gives them up.
const UNDONE: [&str; 8] = ["select", "values", "with", "insert", "update", "delete", "merge", "replace"];

/// What a statement gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    Rows,
    Row,
    Value,
    Count,
    /// The count over all lists of arguments.
    Many,
}

pub(super) struct Statement {
    pub text: String,
    pub want: Want,
    /// One list of arguments for each time that it is run.
    pub lists: Vec<Vec<Value>>,
}

impl Statement {
    /// The statement that inputs hold.
    pub fn read(inputs: &Value) -> Result<Statement, Fault> {
        let (text, want) = asked(inputs).ok_or_else(|| Fault::lasting("The inputs hold no statement."))?;
        let args = match &inputs["args"] {
            Value::Array(args) => args.clone(),
            _ => Vec::new(),
        };
        let lists = if want == Want::Many { many(args)? } else { vec![args] };
        Ok(Statement { text: text.to_owned(), want, lists })
    }

    /// Whether the database undoes all of it when it gives it up, so that it may be tried again.
    pub fn is_undone_whole(&self) -> bool {
        UNDONE.contains(&first_word(&self.text).as_str())
    }

    /// Where the list of this number stands: `in 'args'`.
    pub fn place(&self, number: usize) -> String {
        if self.want == Want::Many { format!("in the item {number} of 'args'") } else { "in 'args'".to_owned() }
    }

    /// Whether the statement of these inputs only reads, as far as its words tell: what a function does that it calls is not known.
    pub fn only_reads(inputs: &Value) -> bool {
        let Some((text, Want::Rows | Want::Row | Want::Value)) = asked(inputs) else { return false };
        let is_change = |word: &str| CHANGES.contains(&word.to_ascii_lowercase().as_str());
        READS.contains(&first_word(text).as_str()) && !text.split(is_between).any(is_change)
    }
}

fn asked(inputs: &Value) -> Option<(&str, Want)> {
    ASKED.into_iter().find_map(|(name, want)| Some((inputs.get(name)?.as_str()?, want)))
}

fn many(args: Vec<Value>) -> Result<Vec<Vec<Value>>, Fault> {
    let mut lists = Vec::with_capacity(args.len());
    for (number, list) in args.into_iter().enumerate() {
        let Value::Array(list) = list else {
            let text = format!("'executemany' takes a list of lists in 'args', one for each time; the item {number} is no list.");
            return Err(Fault::lasting(text));
        };
        lists.push(list);
    }
    Ok(lists)
}

/// The word that a statement begins with, in lower case; comments and brackets may stand before it.
fn first_word(text: &str) -> String {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*").filter(|comment| !comment.starts_with('!')) {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest.split(is_between).next().unwrap_or_default().to_ascii_lowercase();
        };
    }
}

fn is_between(c: char) -> bool {
    !c.is_alphanumeric() && c != '_' && c != '$'
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_reads_may_be_done_again() {
        for text in [
            "select 1",
            "  -- a comment\n /* another */ (SELECT a FROM b) UNION SELECT 2",
            "with x as (select 1) select * from x",
            "show tables",
            "values (1), (2)",
            "select updated_at, inserted from t",
        ] {
            assert!(Statement::only_reads(&json!({ "fetch": text })), "{text}");
        }
        for text in [
            "insert into t values (1) returning id",
            "with gone as (delete from t returning *) select * from gone",
            "select * from t for update",
            "select nextval('s')",
            "select a into b from c",
            "SELECT 1 INTO OUTFILE 'x'",
            "/*! delete from t */",
            "call it()",
            "explain analyze insert into t values (1)",
            "",
            "-- nothing",
            "begin",
        ] {
            assert!(!Statement::only_reads(&json!({ "fetchval": text })), "{text}");
        }
        assert!(!Statement::only_reads(&json!({ "execute": "select 1" })), "what is executed is not fetched");
    }

    #[test]
    fn arguments_are_one_list_or_one_for_each_time() {
        let lists = |inputs: Value| Statement::read(&inputs).map(|statement| statement.lists).map_err(|fault| format!("{fault:?}"));
        assert_eq!(lists(json!({ "execute": "x", "args": [1, [2]] })), Ok(vec![vec![json!(1), json!([2])]]));
        assert_eq!(lists(json!({ "fetch": "x" })), Ok(vec![vec![]]));
        assert_eq!(lists(json!({ "executemany": "x", "args": [[1], [2]] })), Ok(vec![vec![json!(1)], vec![json!(2)]]));
        assert_eq!(lists(json!({ "executemany": "x" })), Ok(vec![]));
        assert!(lists(json!({ "executemany": "x", "args": [[1], 2] })).is_err_and(|text| text.contains("the item 1")));
    }
}
