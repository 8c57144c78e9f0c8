//! The directory that files are served from. A first reading may skip it.
//!
//! A deployment may put another directory in its place: it switches a symbolic link, renames a directory, or deletes it
//! and builds another. So the server looks up the path again and again.

use super::missing::Missing;
use crate::sys::Directory;
use crate::sys::sync::lock;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{self, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A path, and the directory that it leads to.
pub(super) struct Root {
    path: PathBuf,
    /// `None`: the path leads to no directory now.
    directory: Mutex<Option<Arc<Directory>>>,
    /// Whether the last lookup found no directory.
    was_missing: AtomicBool,
}

impl Root {
    /// Opens the directory. A relative path counts from the present path of the working directory, even if that
    /// directory is renamed later.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let directory = Mutex::new(Some(Arc::new(Directory::open(path)?)));
        let path = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { path, directory, was_missing: AtomicBool::new(false) })
    }

    /// The directory that the last lookup found.
    pub(super) fn directory(&self) -> Option<Arc<Directory>> {
        lock(&self.directory).clone()
    }

    /// Looks up the path again. Returns whether it leads elsewhere: then nothing counts that was opened
    /// before. May wait for a disk.
    pub(super) fn look_up(&self) -> bool {
        let held = self.directory();
        let found = self.find(held.as_deref()).map_err(Missing::from);
        let is_missing = matches!(found, Err(Missing::Nothing));
        let was_missing = self.was_missing.swap(is_missing, Ordering::Relaxed);
        let found = match found {
            Ok(Some(found)) => Some(found),
            // Between two renames there is no directory for a moment, so only the second lookup in a row counts.
            Err(Missing::Nothing) if was_missing && held.is_some() => None,
            // It is the same; or there is a shortage, which is no reason to give up the directory that is open.
            _ => return false,
        };
        *lock(&self.directory) = found;
        true
    }

    /// The directory there, if it is another than `held`. While `held` is open, no other directory has its inode.
    fn find(&self, held: Option<&Directory>) -> io::Result<Option<Arc<Directory>>> {
        let inode = |metadata: Metadata| (metadata.dev(), metadata.ino());
        let there = inode(fs::metadata(&self.path)?);
        let is_there = |held: Metadata| inode(held) == there;
        if held.is_some_and(|held| held.metadata().is_ok_and(is_there)) {
            return Ok(None);
        }
        Directory::open(&self.path).map(|directory| Some(Arc::new(directory)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checks of the running server replace roots; here is what needs a number of lookups.
    #[test]
    fn a_root_is_gone_at_the_second_lookup_and_may_come_back() {
        let folder = std::env::temp_dir().join(format!("files-root-{}", std::process::id()));
        fs::create_dir_all(folder.join("www")).unwrap();
        let root = Root::open(&folder.join("www")).unwrap();
        for _ in 0..2 {
            fs::rename(folder.join("www"), folder.join("away")).unwrap();
            assert!(!root.look_up() && root.directory().is_some(), "a gap in a deployment");
            assert!(root.look_up() && !root.look_up() && root.directory().is_none(), "it is gone");
            fs::rename(folder.join("away"), folder.join("www")).unwrap();
            assert!(root.look_up() && !root.look_up() && root.directory().is_some());
        }
        fs::remove_dir(folder.join("www")).unwrap();
        fs::write(folder.join("www"), "a file in its place").unwrap();
        assert!(!root.look_up() && root.look_up());
        fs::remove_dir_all(folder).unwrap();
    }
}
