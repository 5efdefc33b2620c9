//! Finds the Python to embed, refuses one without a shared library, and bakes its home into the binary.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let config = pyo3_build_config::get();
    assert!(
        config.shared(),
        "the chosen Python has no shared libpython; set PYO3_PYTHON to one built with --enable-shared (3.11 or newer)"
    );
    pyo3_build_config::use_pyo3_cfgs();
    pyo3_build_config::add_libpython_rpath_link_args();

    let python = config.executable().expect("an interpreter was found, not only a configuration file");
    let ask = |expression: &str| {
        let script = format!("import sys; print({expression})");
        let output = Command::new(python).args(["-I", "-c", &script]).output().expect("the chosen Python runs");
        String::from_utf8(output.stdout).expect("Python answers in UTF-8").trim().to_owned()
    };
    println!("cargo:rustc-env=FLOWSTEAD_PYTHON_HOME={}", ask("sys.base_prefix"));
    println!("cargo:rustc-env=FLOWSTEAD_PYTHON_VERSION={}", ask("'.'.join(map(str, sys.version_info[:3]))"));
    println!("cargo:rustc-env=FLOWSTEAD_PYTHON_EXECUTABLE={}", ask("sys._base_executable or sys.executable"));
}
