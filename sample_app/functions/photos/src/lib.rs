//! Photos, thumbnails and their keys. No AWS here, so its tests need none, nor the minutes that its SDK takes to build.

pub mod keys;
mod thumbnail;

pub use thumbnail::{Thumbnail, shrink};
