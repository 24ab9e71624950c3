//! From the bytes of a photo to the bytes of its thumbnail: no AWS here.

use std::io::Cursor;

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation::{
    FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180, Rotate270, Rotate270FlipH,
};
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageReader, Limits, Rgb, RgbImage};

/// Decoded pixels may take this much: a photo of 64 megapixels. A file that claims more, small as it may be itself, is
/// refused before anything is allocated for it. A progressive JPEG takes three times as much while it is decoded, which
/// still fits the function's memory.
const MAX_DECODED: u64 = 192 << 20;

const JPEG_QUALITY: u8 = 85;

/// A thumbnail, upright, with what the index says about it.
#[derive(Debug)]
pub struct Thumbnail {
    pub jpeg: Vec<u8>,
    pub size: (u32, u32),
    pub photo_size: (u32, u32),
}

/// The thumbnail of a JPEG or PNG, turned upright and fitted into a square of `max_edge` pixels; never enlarged.
///
/// # Errors
/// If the bytes are no JPEG or PNG, damaged, or claim more pixels than fit the memory.
pub fn shrink(photo: &[u8], max_edge: u32) -> Result<Thumbnail> {
    let mut reader = ImageReader::new(Cursor::new(photo)).with_guessed_format()?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits.clone());

    let mut decoder = reader.into_decoder().context("not a photo in JPEG or PNG format")?;
    limits.reserve(decoder.total_bytes()).context("the photo has too many pixels")?;
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile()?;
    let photo = DynamicImage::from_decoder(decoder).context("the photo is damaged")?;

    let photo_size = match orientation {
        Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH => (photo.height(), photo.width()),
        NoTransforms | Rotate180 | FlipHorizontal | FlipVertical => (photo.width(), photo.height()),
    };
    let fits = photo.width().max(photo.height()) <= max_edge;
    let mut small = if fits { photo } else { photo.thumbnail(max_edge, max_edge) };
    // Turned after shrinking, which is the same in a square and moves a thousandth of the pixels.
    small.apply_orientation(orientation);
    let small = on_white(&small);

    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY);
    if let Some(profile) = profile.filter(|profile| describes_rgb(profile)) {
        encoder.set_icc_profile(profile)?;
    }
    encoder.encode_image(&small)?;

    Ok(Thumbnail { jpeg, size: small.dimensions(), photo_size })
}

/// JPEG has no transparency: what shines through becomes white, as on a page.
fn on_white(image: &DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let image = image.to_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u16::from);
        let blend = |colour: u16| u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        Rgb([blend(red), blend(green), blend(blue)])
    })
}

/// The thumbnail is RGB whatever the photo was, so only an RGB profile still describes it (ICC.1, 7.2: data colour space).
fn describes_rgb(profile: &[u8]) -> bool {
    profile.get(16..20) == Some(b"RGB ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageFormat, Rgba, RgbaImage};

    const RED: Rgb<u8> = Rgb([200, 30, 30]);
    const BLUE: Rgb<u8> = Rgb([30, 30, 200]);

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE })
    }

    fn png(image: &DynamicImage) -> Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png)?;
        Ok(bytes.into_inner())
    }

    /// A JPEG whose EXIF says that the camera was held so that `orientation` makes the photo upright.
    fn jpeg(image: &RgbImage, orientation: u8) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        let one_short = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        encoder.set_exif_metadata([b"II*\0\x08\0\0\0\x01\0".as_slice(), &one_short].concat())?;
        encoder.encode_image(image)?;
        Ok(bytes)
    }

    fn pixels(thumbnail: &Thumbnail) -> Result<RgbImage> {
        Ok(image::load_from_memory_with_format(&thumbnail.jpeg, ImageFormat::Jpeg)?.to_rgb8())
    }

    fn close(one: Rgb<u8>, other: Rgb<u8>) -> bool {
        one.0.iter().zip(other.0).all(|(a, b)| a.abs_diff(b) < 12)
    }

    fn refusal(photo: &[u8]) -> Option<String> {
        shrink(photo, 256).err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn a_photo_fits_into_the_square_and_keeps_its_shape() -> Result<()> {
        let thumbnail = shrink(&jpeg(&halves(1200, 800), 1)?, 256)?;
        assert_eq!((thumbnail.size, thumbnail.photo_size), ((256, 171), (1200, 800)));
        let pixels = pixels(&thumbnail)?;
        assert_eq!(pixels.dimensions(), (256, 171));
        assert!(close(*pixels.get_pixel(20, 80), RED) && close(*pixels.get_pixel(236, 80), BLUE));
        Ok(())
    }

    #[test]
    fn a_photo_is_turned_upright() -> Result<()> {
        // EXIF 6: the camera was turned, the photo needs a quarter turn clockwise, so its left side ends on top.
        let thumbnail = shrink(&jpeg(&halves(1200, 800), 6)?, 256)?;
        assert_eq!((thumbnail.size, thumbnail.photo_size), ((171, 256), (800, 1200)));
        let pixels = pixels(&thumbnail)?;
        assert!(close(*pixels.get_pixel(80, 20), RED) && close(*pixels.get_pixel(80, 236), BLUE));
        Ok(())
    }

    #[test]
    fn a_nearly_square_photo_keeps_its_measures() -> Result<()> {
        let thumbnail = shrink(&png(&halves(1000, 999).into())?, 256)?;
        assert_eq!((thumbnail.size, thumbnail.photo_size), ((256, 256), (1000, 999)));
        Ok(())
    }

    #[test]
    fn a_small_photo_is_not_enlarged() -> Result<()> {
        assert_eq!(shrink(&png(&halves(40, 20).into())?, 256)?.size, (40, 20));
        Ok(())
    }

    #[test]
    fn transparency_becomes_white() -> Result<()> {
        let clear = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0]));
        let pixels = pixels(&shrink(&png(&clear.into())?, 256)?)?;
        assert!(pixels.pixels().all(|pixel| close(*pixel, Rgb([255, 255, 255]))));
        Ok(())
    }

    #[test]
    fn a_text_is_no_photo() {
        let refused = "not a photo in JPEG or PNG format: The image format could not be determined";
        assert_eq!(refusal(b"dear diary"), Some(refused.to_owned()));
    }

    #[test]
    fn another_image_format_is_refused_by_name() {
        let refused = "not a photo in JPEG or PNG format: The image format Gif is not supported";
        assert_eq!(refusal(b"GIF89a\x01\0\x01\0"), Some(refused.to_owned()));
    }

    #[test]
    fn half_a_photo_is_refused() -> Result<()> {
        let photo = png(&halves(64, 64).into())?;
        assert!(refusal(&photo[..photo.len() / 2]).is_some_and(|why| why.starts_with("the photo is damaged: ")));
        Ok(())
    }

    #[test]
    fn a_small_file_that_claims_a_huge_photo_is_refused_before_it_is_decoded() -> Result<()> {
        let mut bomb = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bomb).write_image(&[0], 1, 1, ExtendedColorType::L8)?;
        bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]); // IHDR: width, height
        let checksum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert!(refusal(&bomb).is_some_and(|why| why.starts_with("the photo has too many pixels: ")));
        Ok(())
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }
}
