//! Landlock by the `landlock` crate; only asking for the version and putting a ready ruleset on are done here, the
//! latter because it happens in a forked child, where nothing may allocate.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, PathBeneath, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetError, Scope, make_bitflags,
};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set, set_no_new_privs};

use super::{ConfineError, LandlockSupport, Rights};

/// The last version whose rights over files are all used. Version 5 would add the control of devices, which is what
/// ordinary permissions are for.
const FILES: ABI = ABI::V3;
/// The version that brought connecting to a socket that has a path.
const SOCKETS: ABI = ABI::V9;
/// The version that brought the bounds for signals and abstract sockets.
const BOUNDS: ABI = ABI::V6;

/// The ruleset's descriptor.
#[derive(Debug, Clone)]
pub struct Restriction(Arc<OwnedFd>);

/// What Landlock can do here.
#[expect(unsafe_code, reason = "the `landlock` crate does not tell the version")]
pub fn landlock_support() -> LandlockSupport {
    /// `LANDLOCK_CREATE_RULESET_VERSION` of `landlock_create_ruleset(2)`.
    const ASK_VERSION: libc::c_long = 1;
    let none = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the call takes a null pointer and size 0, reads no memory and only answers a number.
    let answer = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, none, 0_usize, ASK_VERSION) };
    match u32::try_from(answer) {
        Ok(version) => LandlockSupport::Version(version),
        Err(_) if io::Error::last_os_error().raw_os_error() == Some(libc::EOPNOTSUPP) => LandlockSupport::SwitchedOff,
        Err(_) => LandlockSupport::Missing,
    }
}

/// Makes the ruleset. Rights that this kernel does not know are left out.
pub fn restrict(rights: &Rights) -> Result<Restriction, ConfineError> {
    let support = landlock_support();
    if !support.is_there() {
        return Err(ConfineError::Unsupported(support));
    }
    let descriptor = build(rights).map_err(|error| ConfineError::Kernel(io::Error::other(error)))?;
    let descriptor = descriptor.ok_or(ConfineError::Unsupported(support))?;
    Ok(Restriction(Arc::new(descriptor)))
}

fn build(rights: &Rights) -> Result<Option<OwnedFd>, RulesetError> {
    let all = AccessFs::from_all(FILES) | AccessFs::ResolveUnix;
    // Made by root in a folder of the agent's, a device file would be a way to the disk under the files.
    let write = all & !make_bitflags!(AccessFs::{MakeChar | MakeBlock});
    let read = make_bitflags!(AccessFs::{Execute | ReadFile | ResolveUnix});
    let device = make_bitflags!(AccessFs::{ReadFile | WriteFile | Truncate});
    let mut ruleset = Ruleset::default().handle_access(all)?.scope(Scope::from_all(BOUNDS))?.create()?;
    let everywhere = (Path::new("/"), AccessFs::ReadDir.into());
    let lists = [(&rights.read, read), (&rights.write, write), (&rights.devices, device)];
    let rules = lists.into_iter().flat_map(|(paths, access)| paths.iter().map(move |path| (path.as_path(), access)));
    for (path, access) in rules.chain([everywhere]) {
        if let Some(rule) = rule(path, access) {
            ruleset = ruleset.add_rule(rule)?;
        }
    }
    Ok(ruleset.into())
}

/// None for what has gone since it was listed.
fn rule(path: &Path, access: BitFlags<AccessFs>) -> Option<PathBeneath<File>> {
    // The path is a real one, so a link in its place was put there meanwhile and must not be followed.
    let flags = libc::O_PATH | libc::O_NOFOLLOW;
    let place = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let is_folder = place.metadata().ok()?.is_dir();
    let access = if is_folder { access } else { access & AccessFs::from_file(SOCKETS) };
    Some(PathBeneath::new(place, access))
}

/// What root has besides its files: each is a way around the rules, to the memory and environment of others or into the
/// kernel. What remains to root are the disks under the files.
const AROUND: [CapabilitySet; 5] = [
    CapabilitySet::SYS_ADMIN,
    CapabilitySet::PERFMON,
    CapabilitySet::BPF,
    CapabilitySet::SYS_MODULE,
    CapabilitySet::SYS_RAWIO,
];

impl Restriction {
    /// Puts it on the calling thread, for good. To be called in a forked child that has only this thread.
    #[expect(unsafe_code, reason = "the crate's own call may allocate, which a forked child must not")]
    pub fn put_on(&self) -> io::Result<()> {
        set_no_new_privs(true)?;
        for capability in AROUND {
            // Refused to whoever is not root, and so has none of them, and where the kernel does not know it.
            let _ = remove_capability_from_bounding_set(capability);
        }
        // SAFETY: the call takes a descriptor that is open as long as `self` is, and no flags; it touches no memory.
        let answer = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, self.0.as_raw_fd(), 0_u32) };
        if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
