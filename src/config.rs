//! INI text to typed settings, every problem reported at once.
