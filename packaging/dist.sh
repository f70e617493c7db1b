#!/usr/bin/env bash
# What `make dist` makes, in target/dist: a tarball with the program, man pages, completions, shell files and licences, its
# checksum, the installer, and a package for Debian where cargo-deb is here. The program is static (musl) where that target is
# installed and links, else for this libc.
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
target=${1:-}
if [ -z "$target" ]; then
  target=$host
  musl=${host%-gnu}-musl
  if [[ $host == *-linux-gnu ]] && [ -d "$(rustc --print sysroot)/lib/rustlib/$musl" ] && command -v musl-gcc >/dev/null; then
    target=$musl
  elif [[ $host == *-linux-gnu ]]; then
    echo "dist: $musl is not here (rustup target add $musl, and musl-gcc); the program needs this machine's libc" >&2
  fi
fi

cargo build --release --locked --target "$target"
program=target/$target/release/why403
name=why403-$target
dist=target/dist
stage=$dist/$name
rm -rf "${stage:?}"
mkdir -p "$stage/completions" "$stage/shell"
install -m 755 "$program" "$stage/why403"
# The symbols are a third of it, and a panic names its line without them.
if [[ $target == "${host%%-*}"-*-linux-* ]] && command -v strip >/dev/null; then
  strip "$stage/why403"
fi
install -m 644 README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$stage"
install -m 644 completions/* "$stage/completions"
install -m 644 shell/* "$stage/shell"
if [[ $target == "$host" || $target == "${host%-gnu}-musl" ]]; then
  "$program" man "$stage/man/man1"
else
  # A program for another machine does not run here; the pages are the same.
  cargo run --quiet --release --locked -- man "$stage/man/man1"
fi

# The same input makes the same archive: sorted, owned by nobody, dated by the commit.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
tar=tar
command -v gtar >/dev/null && tar=gtar
"$tar" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C "$dist" -cf - "$name" | gzip -n9 >"$dist/$name.tar.gz"
install -m 644 ci/install.sh "$dist/install.sh"
rm -f "$dist"/*.deb
if [[ $target == *-linux-* ]] && command -v cargo-deb >/dev/null; then
  rm -rf "${dist:?}/man"
  cp -R "$stage/man/man1" "$dist/man"
  SOURCE_DATE_EPOCH=$epoch cargo deb --quiet --no-build --locked --target "$target" --output "$dist/"
fi
cd "$dist"
files=(./*.tar.gz install.sh)
for package in ./*.deb; do
  if [ -e "$package" ]; then files+=("$package"); fi
done
if command -v sha256sum >/dev/null; then sha256sum "${files[@]}"; else shasum -a 256 "${files[@]}"; fi |
  sed 's| \./| |' >SHA256SUMS
echo "dist: $dist/$name.tar.gz"
