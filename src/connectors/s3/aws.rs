//! AWS: calls of Amazon's services by the names that its own library has for them; those of `s3`.

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::super::http::wrong;
use super::super::{Connect, Failure, Job};
use super::{S3, input};
use crate::error::{Result, did_you_mean};

pub(in super::super) struct Aws;

/// A call: its name, the command of [`S3`] that it is, its parameters with the inputs that they are, those that it needs first.
struct Call {
    name: &'static str,
    command: &'static str,
    needs: usize,
    parameters: &'static [(&'static str, &'static str)],
}

const BUCKET: (&str, &str) = ("Bucket", "bucket");
const KEY: (&str, &str) = ("Key", "path");

static CALLS: [Call; 6] = [
    Call { name: "delete_object", command: "delete", needs: 2, parameters: &[BUCKET, KEY] },
    Call { name: "download_file", command: "get", needs: 3, parameters: &[BUCKET, KEY, ("Filename", "file")] },
    Call { name: "generate_presigned_url", command: "presign", needs: 2, parameters: &[BUCKET, KEY, ("ExpiresIn", "expires_in")] },
    Call { name: "head_object", command: "head", needs: 2, parameters: &[BUCKET, KEY] },
    Call {
        name: "list_objects_v2",
        command: "list",
        needs: 1,
        parameters: &[BUCKET, ("Prefix", "path"), ("MaxKeys", "limit"), ("StartAfter", "start_after")],
    },
    Call {
        name: "upload_file",
        command: "put",
        needs: 3,
        parameters: &[BUCKET, KEY, ("Filename", "file"), ("ContentType", "content_type")],
    },
];

impl Connect for Aws {
    fn name(&self) -> &'static str {
        "AWS"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        call(inputs)?;
        input::host(inputs)
    }

    /// As of S3.
    fn is_repeatable(&self, _: &Value) -> bool {
        true
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        call(inputs).and_then(|call| translated(call, inputs)).is_ok_and(|inputs| S3.only_reads(&inputs))
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let call = call(job.inputs)?;
            let inputs = translated(call, job.inputs)?;
            let inner = Job { inputs: &inputs, ..job.clone() };
            let output = S3.carry_out(&inner).await?;
            Ok(json!({ "result": answered(call, &output) }))
        })
    }
}

/// The call that is meant.
fn call(inputs: &Value) -> Result<&'static Call> {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str).unwrap_or_default();
    let known = || CALLS.iter().map(|call| call.name);
    let (client, service) = (text("client"), text("service"));
    if client != "s3" {
        let text = format!("Of Amazon's services this server knows 's3', not '{client}'; REST connections reach what takes another login.");
        return Err(wrong("client", text));
    }
    CALLS.iter().find(|call| call.name == service).ok_or_else(|| {
        let text = match service {
            "" => "This server waits for nothing at Amazon: give 'service'.".to_owned(),
            other => format!("This server knows no call '{other}' of 's3'.{}", did_you_mean(other, known())),
        };
        wrong("service", format!("{text} It knows {}.", known().collect::<Vec<_>>().join(", ")))
    })
}

/// The inputs of [`S3`] that a call's parameters are.
fn translated(call: &Call, inputs: &Value) -> Result<Value> {
    let mut given = inputs.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut to = Map::from_iter([("command".to_owned(), call.command.into()), ("path".to_owned(), "".into())]);
    if call.command == "presign" {
        let method = given.shift_remove("ClientMethod").unwrap_or_else(|| "get_object".into());
        let word = match method.as_str() {
            Some("get_object") => "get",
            Some("put_object") => "put",
            _ => return Err(wrong("parameters/ClientMethod", "'ClientMethod' is 'get_object' or 'put_object'.".to_owned())),
        };
        to.insert("presign_for".into(), word.into());
        if let Some(Value::Object(params)) = given.shift_remove("Params") {
            given.extend(params);
        }
    }
    if let Some((name, _)) = call.parameters[..call.needs].iter().find(|(name, _)| !given.contains_key(*name)) {
        return Err(wrong(&format!("parameters/{name}"), format!("The call '{}' needs the parameter '{name}'.", call.name)));
    }
    for (name, value) in given {
        let Some((_, input)) = call.parameters.iter().find(|(parameter, _)| *parameter == name) else {
            let near = did_you_mean(&name, call.parameters.iter().map(|(parameter, _)| *parameter));
            let text = format!("The call '{}' takes no parameter '{name}' here.{near}", call.name);
            return Err(wrong(&format!("parameters/{name}"), text));
        };
        to.insert((*input).to_owned(), value);
    }
    let same = [
        ("region", "region"),
        ("endpoint_url", "endpoint_url"),
        ("aws_access_key_id", "access_key_id"),
        ("aws_secret_access_key", "secret_access_key"),
        ("aws_session_token", "session_token"),
        ("connect_timeout", "connect_timeout"),
        ("timeout", "timeout"),
    ];
    for (from, name) in same {
        if let Some(value) = inputs.get(from) {
            to.insert(name.to_owned(), value.clone());
        }
    }
    Ok(Value::Object(to))
}

/// What a call answers, under the names that it has there.
fn answered(call: &Call, output: &Value) -> Value {
    if call.command == "presign" {
        return output["url"].clone();
    }
    let renamed = |from: &Value, names: &[(&str, &str)]| -> Map<String, Value> {
        names.iter().filter_map(|(name, to)| Some(((*to).to_owned(), from.get(name)?.clone()))).collect()
    };
    if call.command == "list" {
        let file = [("name", "Key"), ("size", "Size"), ("modified_at", "LastModified")];
        let contents: Vec<Value> = output["files"].as_array().into_iter().flatten().map(|each| renamed(each, &file).into()).collect();
        return json!({ "KeyCount": contents.len(), "IsTruncated": output["is_complete"] == false, "Contents": contents });
    }
    let names = [
        ("bytes", "ContentLength"),
        ("etag", "ETag"),
        ("content_type", "ContentType"),
        ("modified_at", "LastModified"),
        ("metadata", "Metadata"),
        ("file", "Filename"),
    ];
    renamed(output, &names).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(service: &str, parameters: &Value) -> std::result::Result<Value, String> {
        let inputs = json!({
            "region": "eu-west-1", "aws_access_key_id": "k", "aws_secret_access_key": "s", "client": "s3", "service": service,
            "parameters": parameters,
        });
        call(&inputs).and_then(|call| translated(call, &inputs)).map_err(|error| error.to_string())
    }

    #[test]
    fn calls_become_commands_and_what_they_do_not_know_is_named() {
        let list = of("list_objects_v2", &json!({ "Bucket": "b", "MaxKeys": 3 }));
        let all = json!({
            "command": "list", "path": "", "bucket": "b", "limit": 3, "region": "eu-west-1", "access_key_id": "k", "secret_access_key": "s",
        });
        assert_eq!(list, Ok(all));
        let url = of("generate_presigned_url", &json!({ "ClientMethod": "put_object", "Params": { "Bucket": "b", "Key": "k" } }));
        assert_eq!(url.map(|url| url["presign_for"].clone()), Ok(json!("put")));
        assert!(of("get_objekt", &json!({})).is_err_and(|text| text.contains("download_file")));
        assert!(of("head_object", &json!({ "Bucket": "b" })).is_err_and(|text| text.contains("'Key'")));
        assert!(of("head_object", &json!({ "Bucket": "b", "Key": "k", "Buckett": 1 })).is_err_and(|text| text.contains("'Bucket'")));
    }
}
