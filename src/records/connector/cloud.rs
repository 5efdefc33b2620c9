//! Services of cloud vendors, over their HTTP interfaces.

use super::{Connector, Input, Is, Rule, TIMES, TLS};

const RESULT: &[Input] = &[Input::new("result", Is::Any, "What the service answers.").required()];
const METHOD: Input =
    Input::new("method", Is::Word(&["get", "post", "put", "patch", "delete"]), "The HTTP method. Default `get`.").default("\"get\"");
const PATH: Input = Input::new("path", Is::Text, "The path of the request.").required();
const PARAMS: Input = Input::new("params", Is::ScalarByName, "Query parameters.");
const JSON: Input = Input::new("json", Is::Any, "The body, sent as JSON.");

pub(super) static AWS: Connector = Connector {
    name: "AWS",
    doc: "One call of a service of Amazon.",
    inputs: &[
        &[
            Input::new("region", Is::Text, "The region.").required(),
            Input::new("aws_access_key_id", Is::Text, "The id of the key.").required(),
            Input::new("aws_secret_access_key", Is::Text, "The key.").required().secret(),
            Input::new("aws_session_token", Is::Text, "With a temporary key: its token.").secret(),
            Input::new("endpoint_url", Is::Text, "The address of the service; Amazon's of the region unless given."),
            Input::new("client", Is::Text, "The service, such as `s3`.").required(),
            Input::new("service", Is::Text, "The call, such as `list_objects_v2`."),
            Input::new("waiter", Is::Text, "Or what to wait for, such as `instance_running`."),
            Input::new("parameters", Is::Object, "The parameters of the call. Default none.").default("{}"),
        ],
        TIMES,
    ],
    rules: &[Rule::One(&["service", "waiter"])],
    output: RESULT,
};

pub(super) static AZURE: Connector = Connector {
    name: "AZURE",
    doc: "One call of a service of Microsoft Azure.",
    inputs: &[
        &[
            Input::new("tenant_id", Is::Text, "The directory of the login.").required(),
            Input::new("client_id", Is::Text, "The application of the login.").required(),
            Input::new("client_secret", Is::Text, "Its secret.").required().secret(),
            Input::new("scope", Is::Text, "What the token is for. Default `https://management.azure.com/.default`.")
                .default("\"https://management.azure.com/.default\""),
            Input::new("base_url", Is::Text, "The address of the service. Default `https://management.azure.com`.")
                .default("\"https://management.azure.com\""),
            METHOD,
            PATH,
            PARAMS,
            JSON,
        ],
        TIMES,
    ],
    rules: &[],
    output: RESULT,
};

pub(super) static GOOGLE: Connector = Connector {
    name: "GOOGLE",
    doc: "One call of a service of Google.",
    inputs: &[
        &[
            Input::new("key", Is::Any, "The key of the service account: the JSON file as an object or as text.").required().secret(),
            Input::new("scopes", Is::Texts, "What the token is for.").required(),
            Input::new("api_name", Is::Text, "The service, such as `drive`.").required(),
            Input::new("api_version", Is::Text, "Its version, such as `v3`.").required(),
            Input::new("collection", Is::Text, "What the request is about, such as `files`.").required(),
            Input::new("request", Is::Text, "The request, such as `list`.").required(),
            Input::new("params", Is::Object, "The parameters of the request. Default none.").default("{}"),
        ],
        TIMES,
    ],
    rules: &[],
    output: RESULT,
};

pub(super) static K8S: Connector = Connector {
    name: "K8S",
    doc: "One call of a Kubernetes cluster.",
    inputs: &[
        &[
            Input::new("host", Is::Text, "The address of the cluster.").required(),
            Input::new("token", Is::Text, "The token of the service account.").secret(),
            METHOD,
            PATH,
            PARAMS,
            JSON,
        ],
        TIMES,
        TLS,
    ],
    rules: &[Rule::Any(&["token", "client_cert"])],
    output: RESULT,
};

pub(super) static MSTEAMS: Connector = Connector {
    name: "MSTEAMS",
    doc: "A message in a channel of Microsoft Teams.",
    inputs: &[
        &[
            Input::new("url", Is::Text, "The address of the channel's incoming webhook.").required().secret(),
            Input::new("title", Is::Text, "The title of the message."),
            Input::new("text", Is::Text, "The message, as Markdown."),
            Input::new("card", Is::Object, "Or an adaptive card."),
        ],
        TIMES,
    ],
    rules: &[Rule::One(&["text", "card"])],
    output: RESULT,
};
