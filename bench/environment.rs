//! The first slot of an environment that is stored, beside plain Python that imports the same packages.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::case;
use super::server::Server;
use super::table::{Table, ms, quantile, times};

const ROUNDS: usize = 7;
const IMPORTS: &str = "import yaml, pytz, pystache, dateutil.parser, Crypto.Cipher.AES";

/// The configuration of a server that takes packages from the files that set-up downloaded.
pub fn config() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(".uv");
    vec![
        "[environments]".to_owned(),
        format!("uv = '{}'", root.join("bin/uv").display()),
        "index_url = 'none'".to_owned(),
        "offline = true".to_owned(),
        format!("find_links = ['{}']", root.join("wheels").display()),
    ]
}

/// Measures and adds a line. The server is started anew for each figure, so that nothing is warm but the disk.
pub async fn measure(server: &mut Server, table: &mut Table) {
    let script = format!("{IMPORTS}\n\ndef handler(system, this, inputs):\n    return yaml.__file__\n");
    server.flow("packages", &script, &Value::Null).await;
    let (_, record) = case::timed(server, "packages", &Value::Null).await;
    let file = record["output_value"].as_str().unwrap_or_else(|| panic!("the packages are not there: {record}")).to_owned();
    let site = Path::new(&file).parent().and_then(Path::parent).expect("a package lies in a folder").to_owned();
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        server.stop().await;
        server.restart().await;
        ours.push(case::timed(server, "packages", &Value::Null).await.0);
        let begun = Instant::now();
        let done = Command::new(env!("FLOWSTEAD_PYTHON_EXECUTABLE")).args(["-c", IMPORTS]).env("PYTHONPATH", &site).status();
        assert!(done.expect("Python runs").success());
        plain.push(begun.elapsed().as_secs_f64());
    }
    let [ours, plain] = [&mut ours, &mut plain].map(|seconds| quantile(seconds, 0.5));
    let baseline = (format!("python -c \"import ...\" {}", ms(plain)), times(ours / plain));
    table.compare("first execution in a stored environment (the five default packages)", ms(ours), baseline, "within 2x");
}
