//! Other machines: scripts and files over SSH, PowerShell over WinRM.

use super::{Connector, Input, Is, Rule, TIMES, TLS};

const LOGIN: &[Input] = &[
    Input::new("hostname", Is::Text, "The name or address of the machine.").required(),
    Input::new("port", Is::Port, "Default 22.").default("22"),
    Input::new(
        "hostkey",
        Is::Text,
        "The key that the machine must show, as in `known_hosts`, or its SHA256 fingerprint; needed unless `verify_hostkey` is false.",
    ),
    Input::new("verify_hostkey", Is::Boolean, "Whether the machine must show `hostkey`. Default true.").default("true"),
    Input::new("username", Is::Text, "Of the login.").required(),
    Input::new("password", Is::Text, "Of the login, if it has one.").secret(),
    Input::new("key", Is::Text, "The private key of the login, as PEM.").secret(),
    Input::new("passphrase", Is::Text, "What `key` is encrypted with, if it is.").secret(),
    Input::new("connect_timeout", Is::Seconds, "Seconds until a connection that does not come about is given up. Default 30.")
        .default("30"),
];

const HOSTKEY: Rule = Rule::Any(&["hostkey", "verify_hostkey"]);
const SHOWN: Rule = Rule::Any(&["password", "key"]);
const OPENED: Rule = Rule::With("passphrase", "key");

pub(super) static SSH: Connector = Connector {
    name: "SSH",
    doc: "A script on another machine, over SSH.",
    inputs: &[
        LOGIN,
        &[
            Input::new("script", Is::Text, "The script to run.").required(),
            Input::new("interpreter", Is::Text, "The program that runs it, with its arguments. Default `/usr/bin/env bash -e`.")
                .default("\"/usr/bin/env bash -e\""),
            Input::new("script_timeout", Is::Seconds, "Seconds that the script may take. Default 60.").default("60"),
            Input::new("env", Is::TextByName, "Variables of its environment."),
            Input::new("remove_cr", Is::Boolean, "Whether carriage returns are taken out of the report. Default true.").default("true"),
            Input::new("remove_ansi_escapes", Is::Boolean, "Whether colours are taken out of the report. Default true.").default("true"),
            Input::new(
                "output_vars",
                Is::Texts,
                "Shell variables whose values are wanted afterwards; for an `interpreter` that is a shell.",
            ),
            Input::new("output_files", Is::Texts, "Files whose content is wanted afterwards; each becomes a FILE of its last name."),
            Input::new("check", Is::Boolean, "Whether a script that does not end with 0 is an error. Default true.").default("true"),
        ],
    ],
    rules: &[HOSTKEY, SHOWN, OPENED],
    output: &[
        Input::new("retcode", Is::Integer, "What the script ended with.").required(),
        Input::new("report", Is::Text, "What it wrote; the end of it where that is more than 64 KiB.").required(),
        Input::new("report_file", Is::Text, "The name of the FILE that holds the whole report, if it is long."),
        Input::new("var", Is::TextByName, "The variables of `output_vars` that are set."),
        Input::new("files", Is::TextByName, "The names of the FILE records made of `output_files`, by path."),
    ],
};

const COPY: &[Input] = &[
    Input::new("src", Is::Text, "The file that is copied; `cloudomation:<path>` names a FILE.").required(),
    Input::new("dst", Is::Text, "Where to; `cloudomation:<path>` names a FILE. One of the two does.").required(),
    Input::new("timeout", Is::Seconds, "Seconds that the whole may take. Default 300.").default("300"),
];

const COPIED: &[Input] = &[
    Input::new("bytes", Is::Integer, "How many bytes were copied.").required(),
    Input::new("files", Is::Texts, "The names of what was copied.").required(),
];

pub(super) static SCP: Connector = Connector {
    name: "SCP",
    doc: "A copy of a file to or from another machine, over SSH (by SFTP, as `scp` does today).",
    inputs: &[LOGIN, COPY],
    rules: &[HOSTKEY, SHOWN, OPENED],
    output: COPIED,
};

pub(super) static SFTP: Connector = Connector {
    name: "SFTP",
    doc: "A copy of a file to or from a file server, over SSH.",
    inputs: &[LOGIN, COPY],
    rules: &[HOSTKEY, SHOWN, OPENED],
    output: COPIED,
};

pub(super) static PS: Connector = Connector {
    name: "PS",
    doc: "A PowerShell script on a Windows machine, over WinRM.",
    inputs: &[
        &[
            Input::new("hostname", Is::Text, "The name or address of the machine.").required(),
            Input::new("port", Is::Port, "Default 5986.").default("5986"),
            Input::new("username", Is::Text, "Of the login.").required(),
            Input::new("password", Is::Text, "Of the login.").required().secret(),
            Input::new("authentication_method", Is::Word(&["ntlm", "basic", "kerberos"]), "How the login is shown. Default `ntlm`.")
                .default("\"ntlm\""),
            Input::new("script", Is::Text, "The script to run.").required(),
            Input::new("check", Is::Boolean, "Whether a script that does not end with 0 is an error. Default true.").default("true"),
        ],
        TIMES,
        TLS,
    ],
    rules: &[],
    output: &[
        Input::new("retcode", Is::Integer, "What the script ended with.").required(),
        Input::new("report", Is::Text, "What it wrote.").required(),
        Input::new("error", Is::Text, "What it wrote as errors."),
    ],
};
