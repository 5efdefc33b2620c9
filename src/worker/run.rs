//! One execution in a slot: module, handler, end.
#![allow(unsafe_code)]

use std::ffi::CString;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCode, PyDict, PyModule};

use crate::folder::{self, Content};
use crate::protocol::{Code, Done, FrameKind, Limits, Outcome, Run};

use super::outcome::{self, Failure};
use super::process::{self, Resource, Usage};
use super::slot::Slot;
use super::{convert, escape, session, signal, travel, wire};

/// The name under which a flow's module is importable while it runs, for pickles and dataclasses.
const MODULE: &str = "__flow__";

/// Runs an execution and reports its end. `false` if the slot must not take another one.
pub(super) fn execute(py: Python<'_>, slot: &mut Slot, mut run: Run) -> bool {
    let before = process::usage();
    signal::reset(py);
    let result = match session::begin(&mut run) {
        Ok(()) => {
            tighten(&run.limits, before);
            escape::begin(&run);
            signal::renew();
            let result = set_up(py, slot, run.seed).map_err(Failure::Handler).and_then(|()| handle(py, slot, &run));
            signal::settle();
            loosen();
            result
        }
        Err(reason) => Err(Failure::Start(format!("The execution cannot be started: {reason}."))),
    };
    if !wire::is_owner() {
        // A child that the flow forked came back from the handler: it must not speak for the execution.
        outcome::leave_fork(py, result);
    }
    if result.is_err() {
        // A cancel that came while the exception was on its way out is what the end is for.
        let _ = py.check_signals();
    }
    if let Err(Failure::Handler(error) | Failure::Import(error)) = &result {
        travel::raised(py, error);
    }
    let _ = slot.stdout.get().finish(py);
    let _ = slot.stderr.get().finish(py);
    let was_cancelled = session::is_cancelled();
    let outcome = within_quota(outcome::conclude(py, result, &run), slot, &run.limits);
    let reached = escape::end();
    let unclean = forget(py, slot).or(reached).or_else(|| was_cancelled.then(|| "the execution was cancelled".to_owned()));
    let goes_on = unclean.is_none();
    let used = process::usage();
    let cpu_ms = used.cpu_ms - before.cpu_ms;
    report(py, &Done { outcome, unclean, cpu_ms, peak_memory_bytes: used.peak_memory_bytes });
    goes_on
}

/// The work directory is looked through while a flow runs, and once more before it is emptied: a short one was not seen at all.
fn within_quota(outcome: Outcome, slot: &Slot, limits: &Limits) -> Outcome {
    if !matches!(outcome, Outcome::Success { .. } | Outcome::Restart { .. }) {
        return outcome;
    }
    let most = Content { bytes: limits.work_bytes, entries: limits.work_files };
    let found = folder::content(slot.baseline.workdir(), most);
    if found.exceeds(most) {
        return Outcome::Error { message: folder::too_much(found, most), hint: None, data: None, after: None };
    }
    outcome
}

/// Reports an execution that cannot even begin. The slot is not to be used again.
pub(super) fn refuse(py: Python<'_>, reason: &str) -> bool {
    let message = format!("The execution cannot be started: its frame cannot be read ({reason}).");
    let outcome = Outcome::Error { message, hint: None, data: None, after: None };
    report(py, &Done { outcome, unclean: Some("it could not read RUN".to_owned()), cpu_ms: 0, peak_memory_bytes: 0 });
    false
}

fn report(py: Python<'_>, done: &Done) {
    if let Ok(text) = serde_json::to_vec(done) {
        // No execution is left whose signals could interrupt this.
        let _ = wire::send(py, FrameKind::Done, 0, &text);
    }
}

/// The execution's own limits. They are soft: what runs after the handler has room again.
fn tighten(limits: &Limits, before: Usage) {
    // A slot that cannot be limited still runs; the server watches memory and time as well.
    if limits.memory_bytes > 0 {
        let _ = Resource::Memory.tighten(limits.memory_bytes);
    }
    if limits.cpu_seconds > 0 {
        let _ = Resource::Cpu.tighten(before.cpu_ms.div_ceil(1000) + limits.cpu_seconds);
    }
    if limits.file_bytes > 0 {
        let _ = Resource::FileSize.tighten(limits.file_bytes);
    }
}

fn loosen() {
    for resource in [Resource::Memory, Resource::Cpu, Resource::FileSize] {
        let _ = resource.loosen();
    }
}

/// What every handler finds: our streams, a seeded `random`, logging that ends in log entries.
fn set_up(py: Python<'_>, slot: &Slot, seed: u64) -> PyResult<()> {
    let sys = py.import(pyo3::intern!(py, "sys"))?;
    for (names, stream) in [(["stdout", "__stdout__"], &slot.stdout), (["stderr", "__stderr__"], &slot.stderr)] {
        for name in names {
            sys.setattr(name, stream)?;
        }
    }
    let modules = sys.getattr(pyo3::intern!(py, "modules"))?.cast_into::<PyDict>()?;
    if let Some(random) = modules.get_item(pyo3::intern!(py, "random"))? {
        random.call_method1("seed", (seed,))?;
    }
    if modules.contains(pyo3::intern!(py, "logging"))? {
        py.import("flow_api._logging")?.call_method0("install")?;
    }
    Ok(())
}

/// Takes the module away again and says why the slot is not clean, if it is not.
fn forget(py: Python<'_>, slot: &Slot) -> Option<String> {
    let removed = || -> PyResult<()> {
        let modules = py.import("sys")?.getattr("modules")?;
        modules.call_method1("pop", (MODULE, py.None()))?;
        Ok(())
    };
    if removed().is_err() {
        return Some("sys.modules was replaced".to_owned());
    }
    slot.baseline.restore(py)
}

fn handle(py: Python<'_>, slot: &mut Slot, run: &Run) -> Result<Py<PyAny>, Failure> {
    let code = compiled(py, slot, run)?;
    let module = load(py, &code, run).map_err(Failure::Import)?;
    let handler = module.getattr("handler").map_err(|_| Failure::Start(outcome::no_handler(&module)))?;
    let count =
        py.import("flow_api._handler").and_then(|helper| helper.call_method1("parameters", (&handler,))).map_err(Failure::Handler)?;
    let Ok(count) = count.extract::<usize>() else { return Err(Failure::Start(count.to_string())) };
    call(py, &handler, count, run).and_then(|result| plain(&result)).map(Bound::unbind).map_err(Failure::Handler)
}

/// The handler's inputs; an instance where its hint is a dataclass. A handler without hints pays nothing for that.
fn inputs<'py>(py: Python<'py>, handler: &Bound<'py, PyAny>, run: &Run) -> PyResult<Bound<'py, PyAny>> {
    let inputs = convert::decode(py, run.inputs.get())?.into_bound(py);
    let is_function = handler.is_exact_instance_of::<pyo3::types::PyFunction>();
    if !is_function || handler.getattr(pyo3::intern!(py, "__annotations__"))?.is_empty()? {
        return Ok(inputs);
    }
    py.import("flow_api._shape")?.call_method1("inputs_of", (handler, inputs))
}

/// What the handler returned; a dataclass as a dict.
fn plain<'py>(result: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = result.py();
    if !result.get_type().hasattr(pyo3::intern!(py, "__dataclass_fields__"))? {
        return Ok(result.clone());
    }
    py.import("flow_api._shape")?.call_method1("plain", (result,))
}

fn call<'py>(py: Python<'py>, handler: &Bound<'py, PyAny>, count: usize, run: &Run) -> PyResult<Bound<'py, PyAny>> {
    let (system, this) = super::module::handles(py, &run.execution_id.to_string(), &run.name)?;
    let result = if count == 2 { handler.call1((system, this))? } else { handler.call1((system, this, inputs(py, handler, run)?))? };
    if result.get_type().name()? == "coroutine" {
        return py.import("flow_api._loop")?.call_method1("run", (result,));
    }
    Ok(result)
}

/// The script's code: kept by this slot, sent along, or compiled now and sent to the server for others.
fn compiled(py: Python<'_>, slot: &mut Slot, run: &Run) -> Result<Py<PyCode>, Failure> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(run.script_name.as_bytes()).update(&[0]).update(run.script.as_bytes());
    let hash = *hasher.finalize().as_bytes();
    if let Some(code) = slot.codes.get(&hash) {
        return Ok(code.clone_ref(py));
    }
    let code = if let Some(code) = run.code.as_deref().and_then(|sent| unmarshal(py, sent)) {
        code
    } else {
        let code = compile(py, &run.script, &run.script_name).map_err(Failure::Syntax)?;
        offer(py, &code).map_err(Failure::Handler)?;
        code
    };
    slot.codes.insert(hash, code.clone().unbind());
    Ok(code.unbind())
}

fn compile<'py>(py: Python<'py>, script: &str, name: &str) -> PyResult<Bound<'py, PyCode>> {
    let compile = py.import("builtins")?.getattr("compile")?;
    let code = compile.call1((script, name, "exec", 0, true))?;
    Ok(code.cast_into::<PyCode>()?)
}

fn unmarshal<'py>(py: Python<'py>, sent: &str) -> Option<Bound<'py, PyCode>> {
    let bytes = BASE64.decode(sent).ok()?;
    let code = py.import("marshal").ok()?.call_method1("loads", (PyBytes::new(py, &bytes),)).ok()?;
    code.cast_into::<PyCode>().ok()
}

fn offer(py: Python<'_>, code: &Bound<'_, PyCode>) -> PyResult<()> {
    let bytes = py.import("marshal")?.call_method1("dumps", (code,))?.cast_into::<PyBytes>()?;
    let code = Code { code: BASE64.encode(bytes.as_bytes()) };
    match serde_json::to_vec(&code) {
        Ok(text) => wire::send(py, FrameKind::Code, 0, &text),
        Err(_) => Ok(()),
    }
}

/// A new module for this execution, with its source where tracebacks look for it.
fn load<'py>(py: Python<'py>, code: &Py<PyCode>, run: &Run) -> PyResult<Bound<'py, PyModule>> {
    let name = CString::new(MODULE).expect("the name has no zero byte");
    let module = PyModule::new(py, name.to_str().unwrap_or(MODULE))?;
    module.setattr("__file__", &run.script_name)?;
    let scope = module.dict();
    scope.set_item("__builtins__", py.import("builtins")?)?;
    py.import("sys")?.getattr("modules")?.set_item(MODULE, &module)?;
    let lines: Vec<&str> = run.script.split_inclusive('\n').collect();
    // No modification time: an entry without one is never checked against a file.
    let entry = (run.script.len(), py.None(), lines, run.script_name.as_str());
    py.import("linecache")?.getattr("cache")?.set_item(&run.script_name, entry)?;
    py.import("builtins")?.getattr("exec")?.call1((code, &scope))?;
    Ok(module)
}
