//! Opening the panel in the person's browser. The address holds the token and must not stand in the arguments of a
//! process, where every user of the machine could read it; so a file that only its owner may read leads there.

use crate::environment::Environment;
use crate::server_file::write_private;
use qd_proc::{Spawn, spawn_detached};
use std::path::Path;

/// Opens `url`, where there is a screen. What goes wrong is no failure: the address was printed.
pub fn open(url: &str, data_dir: &Path, environment: &Environment) {
    let Some(opener) = environment.opener() else { return };
    let page = data_dir.join("open.html");
    let html =
        format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0; url={url}\"><title>Quarterdeck</title>\n");
    if let Err(e) = write_private(&page, html.as_bytes()) {
        tracing::warn!("the browser was not opened: {e}");
        return;
    }
    let spawn = Spawn::new(opener).arg(&page).envs(environment.all());
    if let Err(e) = spawn_detached(&spawn, &data_dir.join("browser.log")) {
        tracing::warn!("the browser was not opened: {e}");
    }
}
