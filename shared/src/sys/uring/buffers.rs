//! Common buffers to receive into. A first reading may skip it.

use io_uring::{IoUring, types::BufRingEntry};
use std::sync::atomic::{AtomicU16, Ordering};
use std::{io, slice};

/// Buffers of which the kernel takes the next that is free when bytes have arrived: "provided buffers". The places of the
/// free ones are a ring, too, whose tail we move. They are in the first pages, and the memory is never freed.
pub(super) struct Buffers {
    pages: *mut Page,
    tail: u16,
}

// SAFETY: the pages have no other owner in this process, and no thread is bound to them.
unsafe impl Send for Buffers {}

#[derive(Clone)]
#[repr(align(4096))]
struct Page {
    _bytes: [u8; 4096],
}

impl Buffers {
    /// The number that receiving names them by.
    pub(super) const GROUP: u16 = 0;
    /// A power of two.
    const COUNT: u16 = 512;
    /// Pages that the ring of places takes.
    const RING: usize = Self::COUNT as usize * size_of::<BufRingEntry>() / size_of::<Page>();

    pub(super) fn register(ring: &IoUring) -> io::Result<Self> {
        let pages = vec![Page { _bytes: [0; 4096] }; Self::RING + usize::from(Self::COUNT)]
            .leak()
            .as_mut_ptr();
        // SAFETY: the ring has room for `COUNT` places, begins at a page, and is never freed.
        unsafe {
            let submitter = ring.submitter();
            submitter.register_buf_ring_with_flags(pages as u64, Self::COUNT, Self::GROUP, 0)?;
        }
        let mut buffers = Self { pages, tail: 0 };
        (0..Self::COUNT).for_each(|number| buffers.give_back(number));
        Ok(buffers)
    }

    fn buffer(&self, number: u16) -> *mut u8 {
        self.pages.wrapping_add(Self::RING + usize::from(number)).cast()
    }

    pub(super) fn bytes(&self, number: u16, length: usize) -> &[u8] {
        // SAFETY: the kernel has written `length` bytes, and writes no more before the buffer is given back.
        unsafe { slice::from_raw_parts(self.buffer(number), length) }
    }

    pub(super) fn give_back(&mut self, number: u16) {
        let (places, address) = (self.pages.cast::<BufRingEntry>(), self.buffer(number) as u64);
        // SAFETY: the place is one of `COUNT`, and not the kernel's before the tail has moved. The tail lies in a part of
        // the first place that is written by nothing else.
        unsafe {
            let place = &mut *places.add(usize::from(self.tail % Self::COUNT));
            place.set_addr(address);
            place.set_len(size_of::<Page>() as u32);
            place.set_bid(number);
            self.tail = self.tail.wrapping_add(1);
            let tail = BufRingEntry::tail(places).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }
}
