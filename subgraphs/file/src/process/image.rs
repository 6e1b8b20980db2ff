//! Pictures: decoded within bounds, turned upright, made small, written anew as WebP without anything else in them.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use super::WIDTHS;
use crate::config::ContentLimits;
use crate::model::Reason;

/// WebP quality: hardly to be told from the original at these sizes, a tenth of its bytes.
const QUALITY: f32 = 80.0;
/// Bytes that one pixel takes while it is decoded, at most: four channels of 16 bits.
const PIXEL_BYTES: u64 = 8;

/// The sizes of a picture as WebP, the smallest first: 160, 320 and 640 pixels wide, none wider than the picture is; a picture
/// that is narrower than the smallest keeps its own width.
///
/// # Errors
/// The reason to reject it. Its pixels are counted before any is decoded.
pub fn sizes(bytes: &[u8], limits: &ContentLimits) -> Result<Vec<(u32, Vec<u8>)>, Reason> {
    let picture = decode(bytes, limits)?;
    let mut widths: Vec<u32> = WIDTHS
        .into_iter()
        .filter(|width| *width <= picture.width())
        .collect();
    if widths.is_empty() {
        widths.push(picture.width());
    }
    // Each size is made of the next larger one, which costs a fraction of beginning with the original.
    let mut sizes = Vec::with_capacity(widths.len());
    let mut current = picture;
    for width in widths.into_iter().rev() {
        if width < current.width() {
            let height = scaled(current.height(), current.width(), width);
            current = current.resize_exact(width, height, FilterType::CatmullRom);
        }
        sizes.push((width, encode(&current)?));
    }
    sizes.reverse();
    Ok(sizes)
}

fn scaled(height: u32, from: u32, to: u32) -> u32 {
    let height = u64::from(height) * u64::from(to) / u64::from(from.max(1));
    // WebP takes no side beyond 16,383 pixels.
    u32::try_from(height).unwrap_or(u32::MAX).clamp(1, 16_383)
}

fn decode(bytes: &[u8], limits: &ContentLimits) -> Result<DynamicImage, Reason> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| Reason::ImageDamaged)?;
    if !matches!(
        reader.format(),
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)
    ) {
        return Err(Reason::TypeMismatch);
    }
    let mut bounds = Limits::default();
    bounds.max_alloc = Some(limits.pixels() * PIXEL_BYTES + (16 << 20));
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => Reason::TooManyPixels,
        _ => Reason::ImageDamaged,
    })?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.pixels() {
        return Err(Reason::TooManyPixels);
    }
    if width == 0 || height == 0 {
        return Err(Reason::ImageDamaged);
    }
    // What EXIF says of the camera's position is the only thing of it that stays, in the pixels themselves.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        image::ImageError::Limits(_) => Reason::TooManyPixels,
        _ => Reason::ImageDamaged,
    })?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

fn encode(picture: &DynamicImage) -> Result<Vec<u8>, Reason> {
    let (width, height) = (picture.width(), picture.height());
    let encoded = if picture.color().has_alpha() {
        let pixels = picture.to_rgba8();
        webp::Encoder::from_rgba(&pixels, width, height).encode_simple(false, QUALITY)
    } else {
        let pixels = picture.to_rgb8();
        webp::Encoder::from_rgb(&pixels, width, height).encode_simple(false, QUALITY)
    };
    encoded
        .map(|bytes| bytes.to_vec())
        .map_err(|_| Reason::ImageDamaged)
}
