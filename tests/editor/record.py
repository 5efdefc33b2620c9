"""One record of every resource type, with parts, so that there is something to export."""

import product

SCRIPT = "def handler(system, this, inputs):\n    return {'greeting': 'hello'}\n"
FORM = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "element": "string", "label": "Name", "order": 1, "example": "Anna", "description": "Who: is greeted"},
        "day": {"type": ["string", "null"], "format": "date", "element": "date", "default": None},
        "times": {"type": "integer", "minimum": 1, "default": 1},
    },
    "additionalProperties": False,
}
# Bodies by type, in the order in which they refer to each other: `@flow` stands for the id of the flow that was made.
BODIES: dict[str, dict] = {
    "project": {"name": "editor"},
    "bundle": {"name": "editor bundle"},
    "bundle_repository": {"name": "bundles", "url": "https://git.example.com/bundles"},
    "user": {"name": "editor user", "email": "editor@example.com"},
    "role": {"name": "editor role"},
    "flow": {"name": "greet", "script": SCRIPT, "project_id": "@project", "input_schema": FORM, "description": "Greets: politely\n\n- twice"},
    "setting": {"name": "editor setting", "value": {"list": [1, "two", None, 3.5, True], "text": "a: b # c"}, "project_id": "@project"},
    "secret": {"name": "editor secret", "value": "hush", "allowed_hosts": ["example.com"]},
    "schema": {"name": "editor schema", "value": {"type": "object", "properties": {"a": {"type": "integer"}}}},
    "file": {"name": "editor/file.txt", "content": "aGVsbG8="},
    "connector": {"name": "editor connector", "connector_type": "REST", "value": {"url": "https://example.com", "token": "secret(editor secret)", "connect_timeout": 5}},
    "schedule": {"name": "editor schedule", "flow_id": "@flow", "configuration": {"cron": "0 8 * * 1-5", "timezone": "Europe/Vienna"}},
    "scheduler": {"name": "editor scheduler", "script": SCRIPT},
    "webhook": {"name": "editor-webhook", "flow_id": "@flow"},
    "mcp_user_tool": {"name": "editor_tool", "flow_id": "@flow", "description": "Greets."},
    "wrapper": {"name": "editor wrapper", "flow_id": "@flow"},
    "object_template": {"name": "editor template"},
    "object_template_attribute": {"object_template_id": "@object_template", "name": "size", "datatype": "INTEGER"},
    "custom_object": {"name": "editor object", "object_template_id": "@object_template", "value": {"size": 3}},
    "plugin": {"name": "editor plugin"},
    "plugin_action": {"plugin_id": "@plugin", "name": "Greet", "action_record_type": "FLOW", "flow_id": "@flow"},
    "oauth": {"name": "editor oauth", "provider": "google", "client_id": "flows", "scopes": ["email"]},
    "vault_config": {"name": "editor vault", "url": "https://vault.example.com"},
    "ldap_config": {"name": "editor directory", "url": "ldaps://ldap.example.com", "base_dn": "dc=example,dc=com"},
    "devolutions_config": {"name": "editor devolutions", "url": "https://vault.example.com"},
    "sync_config": {"name": "editor sync", "remote_url": "https://git.example.com/flows.git"},
    "tag": {"name": "editor tag", "color": "#12ab34"},
    "role_permission": {"role_id": "@role", "operation": "READ", "permission_record_type": "FLOW", "project_id": "@project"},
    "identity_role": {"identity_id": "@user", "role_id": "@role"},
    "record_tag": {"record_id": "@flow", "tag_id": "@tag"},
    "record_metadata": {"record_id": "@flow", "key": "owner", "data": {"team": ["a", 1]}},
    "resource_wrapper": {"resource_id": "@connector", "wrapper_id": "@wrapper", "input_value": {"tries": 3}},
}
# Set when all are there: an object whose flow does not accept what it is told is refused.
LATER = {"object_template": {"on_create": "@flow"}}
# Made by the server itself.
GIVEN = ("workspace", "organization")


def seed(server: product.Product, mark: str = "") -> dict[str, str]:
    """Makes all of them, their names with a mark behind them; the id of each by its type."""
    ids: dict[str, str] = {}
    for of in GIVEN:
        ids[of] = server.send("GET", f"/{of}?plain=true")[0]["id"]

    def known_of(body: dict) -> dict:
        return {key: ids[value[1:]] if isinstance(value, str) and value[:1] == "@" else value for key, value in body.items()}

    for of, body in BODIES.items():
        known = known_of(body)
        # Attributes are looked up by name in the object below.
        if "name" in known and of != "object_template_attribute":
            known["name"] += mark
        ids[of] = server.send("POST", f"/{of}?plain=true", known)["id"]
    for of, body in LATER.items():
        server.send("PATCH", f"/{of}/{ids[of]}", known_of(body))
    return ids


def document(of: str) -> dict:
    """The record of this type as an export document of what was given for it."""
    columns: dict = {}
    given = BODIES.get(of, {"description": "as it is given"}) | LATER.get(of, {})
    for key, value in given.items():
        if isinstance(value, str) and value[:1] == "@":
            columns[key.removesuffix("_id")] = {"name": BODIES[value[1:]]["name"]}
        elif (of, key) != ("secret", "value"):
            columns[key] = value
    if of in GIVEN:
        columns["name"] = of
    return {of: columns}
