//! The package's own module, and `System` with an accessor and a listing per record type.

use super::face;
use super::text::{docstring, fill, imports};
use crate::records::TYPES;

/// Written by hand; what it exports, the package exports.
const EXCEPTIONS: &str = include_str!("../../../typings/flow_api/exceptions.pyi");

/// The names that `exceptions.pyi` exports.
fn exceptions() -> impl Iterator<Item = &'static str> {
    EXCEPTIONS
        .lines()
        .skip_while(|line| !line.starts_with("__all__"))
        .skip(1)
        .map_while(|line| line.trim().strip_prefix('\'')?.strip_suffix("',"))
}

/// `__init__.pyi`.
pub(super) fn package() -> String {
    let mut modules: Vec<(String, String)> = TYPES
        .iter()
        .map(|ty| (ty.singular.to_owned(), ty.class_name()))
        .chain(
            [("record", "Record"), ("return_when", "ReturnWhen"), ("system", "System"), ("using", "Using")]
                .map(|(m, c)| (m.to_owned(), c.to_owned())),
        )
        .collect();
    modules.sort();
    let mut text = docstring(
        &[
            "What flows import: System, Execution, a class per record type, the exceptions.".to_owned(),
            ">>> import flow_api\n>>>\n>>> def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):\n>>>     \
             this.log('hello', name=inputs['name'])\n>>>     return this.success('done')"
                .to_owned(),
        ],
        0,
    );
    text.push_str("\nfrom typing import Final, final\n\n");
    for module in ["connectors", "content", "exceptions", "inputs"] {
        text.push_str(&format!("from . import {module} as {module}\n"));
    }
    let mut names: Vec<String> = exceptions().map(str::to_owned).collect();
    text.push_str("from .exceptions import (\n");
    for name in &names {
        text.push_str(&format!("    {name} as {name},\n"));
    }
    text.push_str(")\n");
    for (module, class) in &modules {
        text.push_str(&format!("from .{module} import {class} as {class}\n"));
    }
    names.extend(modules.into_iter().map(|(_, class)| class));
    names.extend(["NotSet", "connectors", "content", "exceptions", "inputs"].map(str::to_owned));
    names.sort();
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}',")).collect();
    text.push_str(&format!("\n__all__ = [\n{}\n]\n", fill(quoted.iter().map(String::as_str), 4)));
    text.push_str("\n@final\nclass _NotSetType:\n    def __bool__(self) -> bool: ...\n");
    text.push_str("\nNotSet: Final[_NotSetType]\n\"\"\"The value of what was not given, where None is a value.\"\"\"\n");
    text
}

/// `system.pyi`.
pub(super) fn system() -> String {
    let face = face("system");
    let mut body = String::new();
    for ty in TYPES {
        let class = ty.class_name();
        let has = |name: &str| face.contains(&format!("    def {name}("));
        if !has(ty.singular) {
            let key = if ty.is_named() { "name or id" } else { "id, a UUID" };
            let doc = [
                ty.doc.to_owned(),
                format!("A handle by {key}; without one, of a new record. `by='id'` refuses what is no id with `InvalidInputError`."),
            ];
            body.push_str(&format!(
                "    def {}(self, name_or_id: str | UUID | None = None, by: Literal['name', 'id'] = 'name') -> {class}:\n{}\n",
                ty.singular,
                docstring(&doc, 8)
            ));
        }
        if !has(ty.plural) {
            let doc = [
                format!("Handles of the {} that a filter chooses, as they are when the iteration starts.", ty.plural.replace('_', " ")),
                "Parameters and errors as `Listing` in the class says.".to_owned(),
            ];
            body.push_str(&format!(
                "    def {}(\n        self,\n        filter_: dict[str, Any] | None = None,\n        order: str | list[str] | None = None,\n        \
                 limit: int | None = None,\n        *,\n        filter: dict[str, Any] | None = None,\n    ) -> Iterator[{class}]:\n{}\n",
                ty.plural,
                docstring(&doc, 8)
            ));
        }
    }
    body.push_str(face);
    let mut head = docstring(&["System: an accessor and a listing for every record type.".to_owned()], 0);
    head.push('\n');
    let known: [(&str, &[&str]); 3] =
        [("collections.abc", &["Iterator"]), ("typing", &["Any", "Literal", "NoReturn"]), ("uuid", &["UUID"])];
    head.push_str(&imports(&body, &known));
    head.push_str("\nimport _flow_api\n\n");
    let mut modules: Vec<(&str, String)> = TYPES.iter().map(|ty| (ty.singular, ty.class_name())).collect();
    modules.push(("return_when", "ReturnWhen".to_owned()));
    modules.push(("using", "Using".to_owned()));
    modules.sort();
    for (module, class) in modules {
        head.push_str(&format!("from .{module} import {class}\n"));
    }
    let doc = docstring(
        &[
            "What a flow can reach: a handle or a listing per record type, who runs the flow and where.".to_owned(),
            "Listing: `filter_` is `{'field', 'op', 'value'}`, or `{'and': [...]}`, or `{'or': [...]}`, nested; the ops are eq, neq, like, \
             notlike, lt, gt, lte, gte, set, unset, in, notin. `order` is a field with `-` in front for descending, or a list of such. \
             `limit` is a number of records; None, the default, means all. `filter` is the older name of `filter_`. Unknown fields and ops \
             raise `InvalidInputError` when the iteration starts."
                .to_owned(),
            ">>> for flow in system.flows({'field': 'name', 'op': 'like', 'value': 'import%'}, order='-modified_at'):\n...     \
             this.log(flow.get('name'))"
                .to_owned(),
        ],
        4,
    );
    format!("{head}\n__all__ = ['System']\n\nclass System(_flow_api.System):\n{doc}\n{}\n", body.trim_end())
}
