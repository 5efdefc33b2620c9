//! A page that a slot shares with the server: which of its threads the kernel need not tell about.

use std::sync::atomic::AtomicU32;

/// Threads that can be noted at once; what further ones do is told.
pub const THREADS: usize = 60;

/// As it lies in memory: the slot writes it, the server reads the file behind it.
#[repr(C)]
#[derive(Debug)]
pub struct Note {
    /// The slot's own process.
    pub pid: AtomicU32,
    /// Excuses that hold now.
    pub count: AtomicU32,
    /// Of these, such as hold for every thread.
    pub alone: AtomicU32,
    /// The threads they hold for; 0 is a free place.
    pub threads: [AtomicU32; THREADS],
}

/// What the server read of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excused {
    pub pid: u32,
    count: u32,
    alone: u32,
    threads: Vec<u32>,
}

impl Excused {
    /// Reads the page's bytes.
    pub fn read(bytes: &[u8; size_of::<Note>()]) -> Excused {
        let words: Vec<u32> = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]])).collect();
        Excused {
            pid: words[0],
            count: words[1],
            alone: words[2],
            threads: words[3..].iter().copied().filter(|thread| *thread != 0).collect(),
        }
    }

    /// Whether an act of thread `thread` of process `process` is none that must be told. Processes that the slot started
    /// are excused as long as anything is.
    pub fn covers(&self, thread: u32, process: u32) -> bool {
        self.alone > 0 || self.threads.contains(&thread) || (process != self.pid && self.count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excuse_holds_for_its_thread_and_for_processes_that_were_started_meanwhile() {
        let mut words = [0_u32; size_of::<Note>() / 4];
        words[0] = 10;
        let read = |words: &[u32]| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            Excused::read(bytes[..].try_into().expect("the page's size"))
        };
        assert!(!read(&words).covers(10, 10) && !read(&words).covers(99, 99));
        (words[1], words[4]) = (1, 11);
        assert!(read(&words).covers(11, 10) && read(&words).covers(99, 99) && !read(&words).covers(10, 10));
        words[2] = 1;
        assert!(read(&words).covers(10, 10));
    }
}
