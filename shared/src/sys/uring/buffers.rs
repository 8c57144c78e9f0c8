//! Common buffers to receive into. A first reading may skip it.

use io_uring::IoUring;
use io_uring::types::BufRingEntry;
use std::cell::UnsafeCell;
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

/// Buffers of which the kernel takes the next that is free when bytes have arrived: "provided buffers". The places of the
/// free ones are a ring, too, whose tail we move.
pub(super) struct Buffers {
    pages: Box<[Page]>,
    tail: u16,
}

/// The kernel writes to it.
#[repr(align(4096))]
struct Page(UnsafeCell<[u8; Buffers::SIZE]>);

impl Buffers {
    /// The number that receiving names them by.
    pub(super) const GROUP: u16 = 0;
    /// Bytes of a buffer.
    pub(super) const SIZE: usize = 4096;
    /// A power of two.
    const COUNT: u16 = 512;
    /// Pages that the ring of places takes, before those of the buffers.
    const RING: usize = Self::COUNT as usize * size_of::<BufRingEntry>() / Self::SIZE;

    pub(super) fn register(ring: &IoUring) -> io::Result<Self> {
        let pages = Self::RING + usize::from(Self::COUNT);
        let pages = (0..pages).map(|_| Page(UnsafeCell::new([0; Self::SIZE]))).collect();
        let mut buffers = Self { pages, tail: 0 };
        let (places, submitter) = (buffers.places() as u64, ring.submitter());
        // SAFETY: the ring has room for `COUNT` places, begins at a page, and lives until the kernel has done with it:
        // see the drop of `Ring`.
        unsafe { submitter.register_buf_ring_with_flags(places, Self::COUNT, Self::GROUP, 0) }?;
        (0..Self::COUNT).for_each(|number| buffers.give_back(number));
        Ok(buffers)
    }

    fn places(&self) -> *mut BufRingEntry {
        UnsafeCell::raw_get(self.pages.as_ptr().cast::<UnsafeCell<BufRingEntry>>())
    }

    fn buffer(&self, number: u16) -> *mut u8 {
        self.pages[Self::RING + usize::from(number)].0.get().cast()
    }

    pub(super) fn bytes(&self, number: u16, length: usize) -> &[u8] {
        // SAFETY: the kernel has written `length` bytes, and writes no more before the buffer is given back.
        unsafe { std::slice::from_raw_parts(self.buffer(number), length) }
    }

    pub(super) fn give_back(&mut self, number: u16) {
        let (places, address) = (self.places(), self.buffer(number) as u64);
        // SAFETY: the place is one of `COUNT`, and not the kernel's before the tail has moved. The tail lies in a part of
        // the first place that is written by nothing else.
        unsafe {
            let place = &mut *places.add(usize::from(self.tail % Self::COUNT));
            place.set_addr(address);
            place.set_len(Self::SIZE as u32);
            place.set_bid(number);
            self.tail = self.tail.wrapping_add(1);
            let tail = BufRingEntry::tail(places).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }
}
