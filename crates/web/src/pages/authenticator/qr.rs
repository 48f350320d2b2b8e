//! A QR code as a picture that stands in the page itself.

use base64::prelude::{BASE64_STANDARD, Engine};
use qrcode::{EcLevel, QrCode, render::svg};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// The text as a QR code (ISO/IEC 18004, level M) in a `data:` address.
///
/// # Errors
/// The text is longer than a QR code holds.
pub(super) fn picture(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| Error::Internal(Box::new(error)))?;
    // Dark on light in either theme: many cameras read nothing else.
    let svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(172, 172)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    Ok(format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(Zeroizing::new(svg).as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_is_an_image_without_script_or_outside_reference() {
        let address =
            picture("otpauth://totp/Example%20Care:a@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
                .unwrap();
        let svg =
            BASE64_STANDARD.decode(address.strip_prefix("data:image/svg+xml;base64,").unwrap()).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        assert!(svg.contains("<svg") && svg.contains("<path"));
        assert!(!svg.contains("script") && !svg.contains("href") && !svg.contains("otpauth"));
    }

    #[test]
    fn a_text_that_does_not_fit_is_an_error() {
        assert!(picture(&"x".repeat(4000)).is_err());
    }
}
