//! Databases that speak SQL.

use super::{Connector, Input, Is, Rule, TIMES};

const DOC_PG: &str = "One SQL statement on a PostgreSQL database. What JSON has no form for is text in both directions, as the server \
    writes and reads it: decimals, dates and times (ISO 8601; `timestamptz` in UTC with its zone), intervals, UUIDs. Arrays are lists, \
    `json` is itself, bytes are `{\"base64\": \"...\"}`. A column of a type that is not read, such as a range, is an error that says so.";
const DOC_MYSQL: &str = "One SQL statement on a MySQL or MariaDB database. What JSON has no form for is text in both directions: \
    decimals, dates and times (a `TIMESTAMP` in UTC). Booleans are numbers here, MySQL's `JSON` is itself and MariaDB's is text, bytes \
    are `{\"base64\": \"...\"}`.";
const ONE: &[Rule] = &[Rule::One(&["fetch", "fetchval", "fetchrow", "execute", "executemany"]), Rule::With("password", "user")];

const SERVER: &[Input] = &[
    Input::new("host", Is::Text, "The name or address of the server.").required(),
    Input::new("port", Is::Port, "The port; the database system's own unless given."),
    Input::new("user", Is::Text, "Of the login."),
    Input::new("password", Is::Text, "Of the login.").secret(),
    Input::new("database", Is::Text, "The database; the server's own choice unless given."),
    Input::new(
        "tls",
        Is::Word(&["verify", "require", "off"]),
        "Whether the connection is encrypted, and the certificate checked. Default `verify`.",
    )
    .default("\"verify\""),
    Input::new("cacert", Is::Text, "Certificates of authorities that are trusted beside those of the system, as PEM."),
];

const STATEMENT: &[Input] = &[
    Input::new("fetch", Is::Text, "A statement whose rows are the result, each an object. One that only reads is done again after a loss."),
    Input::new("fetchval", Is::Text, "A statement whose first value is the result; null without a row."),
    Input::new("fetchrow", Is::Text, "A statement whose first row is the result, an object; null without a row."),
    Input::new("execute", Is::Text, "A statement whose count of rows is the result. It is never done twice."),
    Input::new(
        "executemany",
        Is::Text,
        "A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result.",
    ),
    Input::new(
        "args",
        Is::List,
        "The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such lists.",
    ),
];

const RESULT: &[Input] = &[Input::new("result", Is::Any, "Rows, a row, a value or a count, as the statement was given.").required()];

pub(super) static SQLPG: Connector =
    Connector { name: "SQLPG", doc: DOC_PG, inputs: &[SERVER, STATEMENT, TIMES], rules: ONE, output: RESULT };

pub(super) static MYSQL: Connector =
    Connector { name: "MYSQL", doc: DOC_MYSQL, inputs: &[SERVER, STATEMENT, TIMES], rules: ONE, output: RESULT };

pub(super) static SQLMSSQL: Connector = Connector {
    name: "SQLMSSQL",
    doc: "One SQL statement on a Microsoft SQL Server.",
    inputs: &[SERVER, STATEMENT, TIMES],
    rules: ONE,
    output: RESULT,
};

pub(super) static SQLORACLE: Connector = Connector {
    name: "SQLORACLE",
    doc: "One SQL statement on an Oracle database.",
    inputs: &[
        SERVER,
        &[Input::new("service_name", Is::Text, "The service of the listener, where `database` does not name it.")],
        STATEMENT,
        TIMES,
    ],
    rules: ONE,
    output: RESULT,
};

pub(super) static SQLITE: Connector = Connector {
    name: "SQLITE",
    doc: "One SQL statement on a SQLite database that is the content of a FILE; no other file can be reached. Bytes are \
        `{\"base64\": \"...\"}`. ATTACH, transactions and settings (most PRAGMAs) are refused.",
    inputs: &[
        &[Input::new(
            "database",
            Is::Text,
            "The name of the FILE that is the database. A change is written back as its new content; the first makes the file.",
        )
        .required()],
        STATEMENT,
        &[Input::new("timeout", Is::Seconds, "Seconds that the statement may take. Default 300.").default("300")],
    ],
    rules: &[Rule::One(&["fetch", "fetchval", "fetchrow", "execute", "executemany"])],
    output: RESULT,
};
