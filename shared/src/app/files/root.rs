//! The directory that files are served from. A deployment may put another in its place: a symbolic link is
//! switched, a folder renamed, or deleted and built anew. So its path is looked up again and again.

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
    /// `None`: there is none at present.
    directory: Mutex<Option<Arc<Directory>>>,
    /// Whether the last look found none.
    was_missing: AtomicBool,
}

impl Root {
    /// Opens the directory. A relative path counts from the working directory as it is called now, whatever is
    /// renamed later.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let directory = Mutex::new(Some(Arc::new(Directory::open(path)?)));
        let path = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { path, directory, was_missing: AtomicBool::new(false) })
    }

    /// The directory as it was found last.
    pub(super) fn directory(&self) -> Option<Arc<Directory>> {
        lock(&self.directory).clone()
    }

    /// Looks where the path leads to now. Tells whether that is elsewhere: then nothing counts that was opened
    /// before. May wait for a disk.
    pub(super) fn look_again(&self) -> bool {
        let held = self.directory();
        let found = match self.find(held.as_deref()).map_err(Missing::from) {
            Ok(None) => {
                self.was_missing.store(false, Ordering::Relaxed);
                return false;
            }
            Ok(found) => found,
            Err(Missing::Nothing) if self.was_missing.swap(true, Ordering::Relaxed) => None,
            // Between two renames there is none for a moment, so only the second look in a row is believed.
            // And want of something else is no reason to give up what is there.
            Err(_) => return false,
        };
        self.was_missing.store(found.is_none(), Ordering::Relaxed);
        let is_news = found.is_some() || held.is_some();
        *lock(&self.directory) = found;
        is_news
    }

    /// The directory there, if it is another than `held`. As long as that is open, no other has its inode.
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
    use std::os::unix::fs::symlink;

    /// A folder with two versions of a site, `v1` and `v2`.
    fn versions(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("files-root-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for version in ["v1", "v2"] {
            fs::create_dir_all(folder.join(version)).unwrap();
            fs::write(folder.join(version).join("file"), version).unwrap();
        }
        folder
    }

    fn served(root: &Root) -> Option<String> {
        let file = root.directory()?.open_file(b"file").ok()?;
        io::read_to_string(file).ok()
    }

    #[test]
    fn a_link_that_is_switched_and_a_folder_that_is_renamed_lead_elsewhere() {
        let folder = versions("switched");
        symlink("v1", folder.join("www")).unwrap();
        let root = Root::open(&folder.join("www")).unwrap();
        assert!(!root.look_again());
        symlink("v2", folder.join("new")).unwrap();
        fs::rename(folder.join("new"), folder.join("www")).unwrap();
        assert_eq!(served(&root).as_deref(), Some("v1"));
        assert!(root.look_again() && !root.look_again());
        assert_eq!(served(&root).as_deref(), Some("v2"));
        fs::rename(folder.join("v2"), folder.join("old")).unwrap();
        fs::rename(folder.join("v1"), folder.join("v2")).unwrap();
        assert!(root.look_again() && !root.look_again());
        assert_eq!(served(&root).as_deref(), Some("v1"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_root_is_gone_at_the_second_look_and_may_come_back() {
        let folder = versions("gone");
        let root = Root::open(&folder.join("v1")).unwrap();
        for _ in 0..2 {
            fs::rename(folder.join("v1"), folder.join("away")).unwrap();
            assert!(!root.look_again());
            assert_eq!(served(&root).as_deref(), Some("v1"), "a gap in a deployment");
            assert!(root.look_again() && !root.look_again());
            assert_eq!(served(&root), None, "gone for good");
            fs::rename(folder.join("away"), folder.join("v1")).unwrap();
            assert!(root.look_again() && !root.look_again());
            assert_eq!(served(&root).as_deref(), Some("v1"));
        }
        fs::remove_dir_all(folder.join("v1")).unwrap();
        fs::write(folder.join("v1"), "a file in its place").unwrap();
        assert!(!root.look_again() && root.look_again());
        fs::remove_dir_all(folder).unwrap();
    }
}
