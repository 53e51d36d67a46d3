"""Tools of Rust, from crates.io. They want a newer Rust than Debian 12 has, and time."""

from record.installing import SLOWLY, needs, once


def install(folder, crate, version, features):
    needs("cargo", f"build {crate}")
    once(folder, [*SLOWLY, "cargo", "install", "--quiet", "--jobs", "1", "--locked", "--root", folder,
                  "--no-default-features", "--features", features, f"{crate}@{version}"])
