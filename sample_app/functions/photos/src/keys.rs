//! S3 keys: how events spell them, and which thumbnail belongs to which photo.

use std::path::Path;

use anyhow::{Context, Result};
use percent_encoding::percent_decode_str;

/// The key that an S3 event means: events spell keys as HTML forms do, `+` for a space and `%XX` for other bytes.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
///
/// # Errors
/// If the bytes are no UTF-8, as every S3 key is.
pub fn decode(spelled: &str) -> Result<String> {
    let spaced = spelled.replace('+', " ");
    let key = percent_decode_str(&spaced)
        .decode_utf8()
        .with_context(|| format!("the event's key `{spelled}` is not URL-encoded UTF-8"))?;
    Ok(key.into_owned())
}

/// S3 consoles make a folder by an empty object whose key ends in a slash.
#[must_use]
pub fn is_folder(key: &str) -> bool {
    key.ends_with('/')
}

/// Where the thumbnail of `photo` goes: `originals/2024/a.png` → `thumbnails/2024/a.png.jpg`.
///
/// Sub-folders stay. A thumbnail is always a JPEG, so `.jpg` is added to other names rather than put in place of their
/// ending: `a.png` and `a.jpg` keep thumbnails of their own.
///
/// # Errors
/// If the photo is not below `originals`.
pub fn of_thumbnail(photo: &str, originals: &str, thumbnails: &str) -> Result<String> {
    let name = photo.strip_prefix(originals).with_context(|| format!("`{photo}` is not below `{originals}`"))?;
    let is_jpeg = Path::new(name)
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("jpg") || ending.eq_ignore_ascii_case("jpeg"));
    let ending = if is_jpeg { "" } else { ".jpg" };
    Ok(format!("{thumbnails}{name}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_is_a_space_and_percent_a_byte() -> Result<()> {
        assert_eq!(decode("originals/my+caf%C3%A9%2B.jpg")?, "originals/my café+.jpg");
        Ok(())
    }

    #[test]
    fn a_key_that_is_no_utf8_is_refused() {
        let refused = decode("originals/%FF.jpg").map_err(|error| error.to_string());
        let message = "the event's key `originals/%FF.jpg` is not URL-encoded UTF-8";
        assert_eq!(refused, Err(message.to_owned()));
    }

    #[test]
    fn each_photo_has_a_thumbnail_of_its_own() -> Result<()> {
        for (photo, thumbnail) in [
            ("originals/a.jpg", "thumbnails/a.jpg"),
            ("originals/a.JPEG", "thumbnails/a.JPEG"),
            ("originals/a.png", "thumbnails/a.png.jpg"),
            ("originals/2024/summer/a.jpg", "thumbnails/2024/summer/a.jpg"),
            ("originals/originals/a", "thumbnails/originals/a.jpg"),
        ] {
            assert_eq!(of_thumbnail(photo, "originals/", "thumbnails/")?, thumbnail);
        }
        Ok(())
    }

    #[test]
    fn a_key_outside_the_originals_is_refused() {
        let refused = of_thumbnail("thumbnails/a.jpg", "originals/", "thumbnails/");
        let message = "`thumbnails/a.jpg` is not below `originals/`".to_owned();
        assert_eq!(refused.map_err(|error| error.to_string()), Err(message));
    }

    #[test]
    fn a_folder_is_no_photo() {
        assert!(is_folder("originals/2024/"));
        assert!(!is_folder("originals/2024"));
    }
}
