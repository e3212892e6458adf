//! Bars as inline SVG, in colours that a style sheet may change.

use maud::{Markup, html};

/// The width of a bar in its own coordinates; the browser stretches it.
pub(super) const WIDTH: f64 = 600.0;

/// The meaning of a colour. `class` is for the style sheet, `fallback` is the colour without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Good,
    Bad,
    Look,
    None,
}

impl Colour {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Look => "look",
            Self::None => "none",
        }
    }

    pub(super) fn fallback(self) -> &'static str {
        match self {
            Self::Good => "#1a7f37",
            Self::Bad => "#cf222e",
            Self::Look => "#9a6700",
            Self::None => "#8c959f",
        }
    }
}

/// A bar from the share `from` to the share `to` of the width, both between 0 and 1, on a light grey bar of the whole width.
pub(super) fn bar(from: f64, to: f64, colour: Colour) -> Markup {
    let from = from.clamp(0.0, 1.0) * WIDTH;
    let width = (to.clamp(0.0, 1.0) * WIDTH - from).max(2.0);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 14")) width="100%" height="14" preserveAspectRatio="none" role="img" {
            rect class="rest" x="0" y="1" width=(WIDTH) height="12" fill="#e6eaef" {}
            rect class=(colour.class()) x=(format!("{from:.1}")) y="1" width=(format!("{width:.1}")) height="12" fill=(colour.fallback()) {}
        }
    }
}

/// One bar inside another, for rows before and rows kept; both are shares of the width between 0 and 1.
pub(super) fn inner_bar(before: f64, kept: f64) -> Markup {
    let [before, kept] = [before, kept].map(|share| share.clamp(0.0, 1.0) * WIDTH);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 14")) width="100%" height="14" preserveAspectRatio="none" role="img" {
            rect class="rest" x="0" y="1" width=(format!("{before:.1}")) height="12" fill="#d0d7de" {}
            rect class="data" x="0" y="1" width=(format!("{kept:.1}")) height="12" fill="#0969da" {}
        }
    }
}

/// Two bars, one above the other, for rows before and rows now; both are shares of the width between 0 and 1.
pub(super) fn two_bars(before: f64, now: f64) -> Markup {
    let [before, now] = [before, now].map(|share| share.clamp(0.0, 1.0) * WIDTH);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 14")) width="100%" height="14" preserveAspectRatio="none" role="img" {
            rect class="rest" x="0" y="1" width=(format!("{before:.1}")) height="5" fill="#d0d7de" {}
            rect class="data" x="0" y="7" width=(format!("{now:.1}")) height="5" fill="#0969da" {}
        }
    }
}

/// A number as a share between 0 and 1 on a logarithmic scale: 0 for 0, 1 for `most`.
pub(super) fn log_share(number: u64, most: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a bar's length")]
    let [number, most] = [number, most].map(|count| (count as f64 + 1.0).ln());
    if most <= 0.0 { 0.0 } else { number / most }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_bar_is_empty_for_nothing_and_full_for_the_most() {
        for (number, most, share) in [(0, 0, 0.0), (0, 10, 0.0), (10, 10, 1.0), (9, 99, 0.5)] {
            assert!((log_share(number, most) - share).abs() < 0.001, "{number} of {most}");
        }
    }
}
