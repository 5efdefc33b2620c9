//! The core of every record handle: a type and an id or a name. Nothing is read until asked, nothing is kept.

use std::sync::Mutex;

use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use uuid::Uuid;

use crate::error;
use crate::protocol::Op;
use crate::records::{self, RecordType, Storage, Write};
use crate::worker::convert::ObjectText;
use crate::worker::{escape, session};

use super::exception;

/// A handle of a record.
#[pyclass(subclass, module = "flow_api", frozen)]
pub struct Record {
    pub(super) kind: &'static RecordType,
    key: Mutex<Key>,
    /// What it was before the function of a step learned more of it: a replay does not run that function, so nothing that
    /// comes after the step may know it. With the number of the step.
    before: Mutex<Option<(u64, Key)>>,
    /// Columns of a clone that is not saved yet.
    draft: Mutex<Option<Py<PyDict>>>,
}

#[derive(Clone, Default)]
struct Key {
    id: Option<String>,
    name: Option<String>,
}

impl Record {
    /// A handle of the type that the class names in `_type`.
    pub(super) fn make(cls: &Bound<'_, PyType>, name_or_id: Option<&Bound<'_, PyAny>>, by: &str) -> PyResult<Record> {
        let py = cls.py();
        let singular: String = cls.getattr("_type").and_then(|t| t.extract()).map_err(|_| {
            PyTypeError::new_err(format!(
                "{} cannot be made by hand; use system.<type>(...)",
                cls.name().map_or_else(|_| String::new(), |n| n.to_string())
            ))
        })?;
        let Some(kind) = records::find(&singular) else {
            return Err(PyTypeError::new_err(format!("there is no record type '{singular}'")));
        };
        let key = match name_or_id {
            Some(value) if !value.is_none() => key_from(py, kind, value, by)?,
            _ => Key::default(),
        };
        Ok(Record { kind, key: Mutex::new(key), before: Mutex::new(None), draft: Mutex::new(None) })
    }

    fn key(&self) -> Key {
        let mut key = self.key.lock().expect("no panic happens under this lock");
        let mut before = self.before.lock().expect("no panic happens under this lock");
        if before.as_ref().is_some_and(|(step, _)| !escape::is_step(*step))
            && let Some((_, earlier)) = before.take()
        {
            *key = earlier;
        }
        key.clone()
    }

    /// Changes what is known of the record; within a step, until its end. A handle that meant no record yet keeps what it learns:
    /// without it, it would mean none again.
    fn learn(&self, change: impl FnOnce(&mut Key)) {
        let now = self.key();
        let meant_one = now.id.is_some() || now.name.is_some();
        if let Some(step) = escape::innermost_step().filter(|_| meant_one) {
            self.before.lock().expect("no panic happens under this lock").get_or_insert((step, now));
        }
        change(&mut self.key.lock().expect("no panic happens under this lock"));
    }

    pub(super) fn id(&self) -> Option<String> {
        self.key().id
    }

    /// The arguments that say which record is meant.
    pub(super) fn selector(&self) -> ObjectText {
        let mut text = ObjectText::new();
        match self.key() {
            Key { id: Some(id), .. } => drop(text.text("id", &id)),
            Key { name: Some(name), .. } => drop(text.text("name", &name)),
            Key { .. } => {}
        }
        text
    }

    fn existing(&self, py: Python<'_>) -> PyResult<ObjectText> {
        let Key { id: None, name: None } = self.key() else { return Ok(self.selector()) };
        let message = format!("This {} has neither a name nor an id yet; save it first.", self.kind.singular);
        Err(exception::new(py, "InvalidInputError", &message))
    }

    fn draft(&self, py: Python<'_>) -> Option<Py<PyDict>> {
        self.draft.lock().expect("no panic happens under this lock").as_ref().map(|d| d.clone_ref(py))
    }

    fn set_draft(&self, draft: Option<Py<PyDict>>) {
        let old = std::mem::replace(&mut *self.draft.lock().expect("no panic happens under this lock"), draft);
        drop(old);
    }

    /// Refuses names of fields that the type does not have.
    pub(super) fn check_field(&self, py: Python<'_>, name: &str, write: bool) -> PyResult<()> {
        let known = |f: &records::Field| if write { f.storage != Storage::Hidden } else { f.is_readable() };
        if self.kind.field(name).is_some_and(known) || (!write && self.kind.flags().any(|flag| flag == name)) {
            return Ok(());
        }
        let near = error::did_you_mean(name, self.kind.fields().filter(|f| known(f)).map(|f| f.name));
        let message = format!("{} has no field '{name}'.{near}", self.kind.class_name());
        Err(exception::with_field(py, "InvalidInputError", &message, &format!("/{name}")))
    }

    fn read<'py>(&self, py: Python<'py>, fields: &[String]) -> PyResult<Bound<'py, PyAny>> {
        session::guard(py)?;
        for field in fields {
            self.check_field(py, field, false)?;
        }
        if let Some(draft) = self.draft(py) {
            return Ok(draft.into_bound(py).into_any());
        }
        let mut args = self.existing(py)?;
        if !fields.is_empty() {
            args.raw("fields", &serde_json::to_string(fields).expect("strings are JSON"));
        }
        Ok(session::call_value(py, Op::RecordGet, self.kind.singular, &args.finish())?.into_bound(py))
    }

    fn simple(&self, py: Python<'_>, op: Op) -> PyResult<Py<PyAny>> {
        session::guard(py)?;
        let args = self.existing(py)?.finish();
        session::call_value(py, op, self.kind.singular, &args)
    }

    /// Takes over what an answer `{"id", "name"}` says.
    pub(super) fn adopt(&self, answer: &Bound<'_, PyAny>) -> PyResult<()> {
        let part = |name: &str| -> PyResult<Option<String>> {
            match answer.cast::<PyDict>().ok().and_then(|d| d.get_item(name).ok().flatten()) {
                Some(value) => value.extract(),
                None => Ok(None),
            }
        };
        let (id, name) = (part("id")?, part("name")?);
        self.learn(|key| {
            key.id = id.or(key.id.take());
            key.name = name.or(key.name.take());
        });
        Ok(())
    }
}

#[pymethods]
#[allow(clippy::needless_pass_by_value, reason = "arguments extracted from Python are owned")]
impl Record {
    #[new]
    #[classmethod]
    #[pyo3(signature = (name_or_id=None, by="name"))]
    fn new(cls: &Bound<'_, PyType>, name_or_id: Option<&Bound<'_, PyAny>>, by: &str) -> PyResult<Record> {
        Record::make(cls, name_or_id, by)
    }

    /// Points the handle at a record that is known already.
    #[pyo3(signature = (id, name))]
    fn _point(&self, id: Option<String>, name: Option<String>) {
        self.learn(|key| *key = Key { id, name });
    }

    #[getter]
    fn _id(&self) -> Option<String> {
        self.id()
    }

    #[getter]
    fn _name(&self) -> Option<String> {
        self.key().name
    }

    #[pyo3(signature = (*fields))]
    pub(super) fn get<'py>(&self, py: Python<'py>, fields: Vec<String>) -> PyResult<Bound<'py, PyAny>> {
        if fields.is_empty() {
            return Err(exception::new(py, "InvalidInputError", "Name the field to get, or use get_dict() for all."));
        }
        let row = self.read(py, &fields)?;
        let values = fields.iter().map(|f| row.call_method1("get", (f,))).collect::<PyResult<Vec<_>>>()?;
        match <[Bound<'py, PyAny>; 1]>::try_from(values) {
            Ok([only]) => Ok(only),
            Err(several) => Ok(PyTuple::new(py, several)?.into_any()),
        }
    }

    #[pyo3(signature = (*fields))]
    fn load<'py>(&self, py: Python<'py>, fields: Vec<String>) -> PyResult<Bound<'py, PyAny>> {
        self.get(py, fields)
    }

    #[pyo3(signature = (*fields))]
    fn get_dict<'py>(&self, py: Python<'py>, fields: Vec<String>) -> PyResult<Bound<'py, PyAny>> {
        let row = self.read(py, &fields)?;
        if fields.is_empty() || self.draft(py).is_none() {
            return Ok(row);
        }
        let chosen = PyDict::new(py);
        for field in fields {
            let value = row.call_method1("get", (&field,))?;
            chosen.set_item(field, value)?;
        }
        Ok(chosen.into_any())
    }

    #[pyo3(signature = (**fields))]
    pub(super) fn save<'py>(slf: &Bound<'py, Self>, fields: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, Self>> {
        let (py, this) = (slf.py(), slf.get());
        session::guard(py)?;
        let columns = match this.draft(py) {
            Some(draft) => draft.bind(py).copy()?,
            None => PyDict::new(py),
        };
        for (name, value) in fields.into_iter().flatten() {
            this.check_field(py, &name.extract::<String>()?, true)?;
            columns.set_item(name, value)?;
        }
        let mut args = this.selector();
        args.object("fields", &columns)?;
        let answer = session::call_value(py, Op::RecordSave, this.kind.singular, &args.finish())?;
        this.set_draft(None);
        this.adopt(answer.bind(py))?;
        Ok(slf.clone())
    }

    fn exists(&self, py: Python<'_>) -> PyResult<bool> {
        if matches!(self.key(), Key { id: None, name: None }) {
            return Ok(false);
        }
        self.simple(py, Op::RecordExists)?.extract(py)
    }

    #[pyo3(signature = (permanently=false))]
    fn delete(&self, py: Python<'_>, permanently: bool) -> PyResult<()> {
        session::guard(py)?;
        let args = self.existing(py)?.raw("permanently", if permanently { "true" } else { "false" }).finish();
        session::call(py, Op::RecordDelete, self.kind.singular, &args).map(drop)
    }

    fn archive(&self, py: Python<'_>) -> PyResult<()> {
        self.delete(py, false)
    }

    fn restore(&self, py: Python<'_>) -> PyResult<()> {
        self.simple(py, Op::RecordRestore).map(drop)
    }

    #[pyo3(signature = (**overrides))]
    fn clone<'py>(slf: &Bound<'py, Self>, overrides: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let copied: Vec<String> =
            this.kind.fields().filter(|f| f.write != Write::System && f.storage == Storage::Column).map(|f| f.name.to_owned()).collect();
        let row = this.read(py, &copied)?.cast_into::<PyDict>()?.copy()?;
        for (name, value) in overrides.into_iter().flatten() {
            this.check_field(py, &name.extract::<String>()?, true)?;
            row.set_item(name, value)?;
        }
        let made = slf.get_type().call0()?;
        let name = row.get_item("name")?.and_then(|n| n.extract::<String>().ok());
        made.cast::<Record>()?.get().set_draft(Some(row.unbind()));
        made.call_method1("_point", (py.None(), name))?;
        Ok(made)
    }

    fn export(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.simple(py, Op::RecordExport)
    }

    fn __repr__(&self) -> String {
        let class = self.kind.class_name();
        match self.key() {
            Key { name: Some(name), id: Some(id) } => format!("<{class} '{name}' {id}>"),
            Key { name: Some(name), id: None } => format!("<{class} '{name}'>"),
            Key { name: None, id: Some(id) } => format!("<{class} {id}>"),
            Key { name: None, id: None } => format!("<{class}, not saved>"),
        }
    }

    fn __getattr__(slf: &Bound<'_, Self>, name: &str) -> PyResult<Py<PyAny>> {
        Err(no_attribute(slf.as_any(), name))
    }
}

/// What a handle says about an attribute it does not have. Python itself asks for names with two underscores.
pub(super) fn no_attribute(object: &Bound<'_, PyAny>, name: &str) -> PyErr {
    let class = object.get_type();
    let known: Vec<String> = if name.starts_with("__") {
        Vec::new()
    } else {
        class.dir().ok().map(|d| d.iter().filter_map(|n| n.extract().ok()).collect()).unwrap_or_default()
    };
    let near = error::did_you_mean(name, known.iter().map(String::as_str).filter(|n| !n.starts_with('_')));
    let class = class.name().map_or_else(|_| String::new(), |n| n.to_string());
    PyAttributeError::new_err(format!("'{class}' has no attribute '{name}'.{near}"))
}

fn key_from(py: Python<'_>, kind: &RecordType, value: &Bound<'_, PyAny>, by: &str) -> PyResult<Key> {
    let invalid = |message: String| exception::new(py, "InvalidInputError", &message);
    let is_uuid_object = value.get_type().name()? == "UUID";
    let text = match value.cast::<PyString>() {
        Ok(text) => text.to_str()?.trim().to_owned(),
        Err(_) if is_uuid_object => value.to_string(),
        Err(_) => {
            return Err(invalid(format!("A {} is named by a string, not by a value of type {}.", kind.singular, value.get_type().name()?)));
        }
    };
    if !matches!(by, "name" | "id") {
        return Err(invalid(format!("by='{by}' is not known; it is 'name' or 'id'.")));
    }
    if let Ok(id) = Uuid::parse_str(&text) {
        return Ok(Key { id: Some(id.hyphenated().to_string()), name: None });
    }
    if by == "id" || !kind.is_named() {
        return Err(invalid(format!("A {} is looked up by its id, a UUID; '{text}' is none.", kind.singular)));
    }
    if text.is_empty() {
        return Err(invalid(format!("The name of a {} must not be empty.", kind.singular)));
    }
    Ok(Key { id: None, name: Some(text) })
}
