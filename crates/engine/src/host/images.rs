//! The images of a prompt as the agent gets them: what is a blob is read when it is handed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qd_core::blob::{AttachedImage, StoredImage};
use qd_core::event::Image;
use std::io;
use std::path::Path;

/// All of them with their bytes; a sentence for the person where one can't be read.
pub(super) fn load(blobs: &Path, images: &[AttachedImage]) -> Result<Vec<Image>, String> {
    images.iter().map(|image| one(blobs, image)).collect()
}

fn one(blobs: &Path, image: &AttachedImage) -> Result<Image, String> {
    match image {
        AttachedImage::Inline(image) => Ok(image.clone()),
        AttachedImage::Stored(StoredImage { mime, blob, .. }) => match std::fs::read(blobs.join(blob.as_str())) {
            Ok(bytes) => Ok(Image { mime: mime.clone(), data: STANDARD.encode(bytes) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err("Its image is not on the server's disk any more. Attach it again.".to_owned())
            }
            Err(error) => Err(format!("Its image can't be read: {error}.")),
        },
    }
}
